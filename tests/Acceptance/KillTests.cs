using FlowForge.Contracts;

namespace FlowForge.Acceptance.Tests;

/// <summary>Promise 2: kill anything at any moment, and each table holds each row exactly once.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly string[][] Victims = [["FlowForge.Api"], ["FlowForge.Temporal.DevServer"], ["FlowForge.Api", "FlowForge.Temporal.DevServer"]];

    [Fact]
    public async Task Runs_RuntimeAndServerKilledAtRandomMoments_EndWithEveryRowOnce()
    {
        var cancel = TestContext.Current.CancellationToken;
        var seed = int.Parse(System.Environment.GetEnvironmentVariable("FLOWFORGE_SEED") ?? Random.Shared.Next().ToString());
        output.WriteLine($"seed {seed} (set FLOWFORGE_SEED to repeat the moments)");
        var random = new Random(seed);
        // Whoever is killed is killed in each quarter of the time that a run takes: at a random moment of it, in a random order.
        var places = (from victims in Victims from quarter in Enumerable.Range(0, 4) select (victims, quarter)).ToArray();
        random.Shuffle(places);
        var rounds = System.Environment.GetEnvironmentVariable("FLOWFORGE_LONG") is "1" ? 100 : places.Length;

        using var workspace = new Workspace(rowsPerFile: 5000);
        await using (var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel))
        {
            await environment.Client.PutPipelineAsync("orders", new PutPipeline(Workspace.Pipeline, BaseDirectory: workspace.Base), cancel);
            for (var round = 0; round < rounds; round++)
            {
                workspace.AddFiles();
                var run = await StartAsync(environment, cancel);
                var (victims, quarter) = places[round % places.Length];
                var moment = TimeSpan.FromMilliseconds(quarter * 450 + random.Next(450));
                await Task.Delay(moment, cancel); // the moment of death is the test's input, not a wait for a condition
                foreach (var victim in victims) environment.Kill(victim);

                var detail = await environment.EndOfAsync(run, cancel);
                output.WriteLine($"round {round}: killed {string.Join(" and ", victims)} after {moment.TotalMilliseconds:0} ms; {detail.State} in {detail.Seconds:0.0} s, attempts {string.Join(" ", detail.Jobs.Select(j => j.Attempt))}");
                Assert.True(detail.State == RunState.Succeeded, $"round {round} (seed {seed}): {detail.State} {detail.Error}\n{environment.Output}");
                await AssertTablesAsync(environment, workspace, round, cancel);
            }
        }
        Assert.Empty(AppHostProcess.ProcessesOf(workspace.Folder));
    }

    [Fact]
    public async Task AppHost_KilledInTheMiddleOfARun_LeavesNoProcess_AndTheNextStartEndsTheRun()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var workspace = new Workspace(rowsPerFile: 20_000);
        workspace.AddFiles();
        string run;
        await using (var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel))
        {
            await environment.Client.PutPipelineAsync("orders", new PutPipeline(Workspace.Pipeline, BaseDirectory: workspace.Base), cancel);
            run = await StartAsync(environment, cancel);
            await Wait.UntilAsync(async () => (await environment.Client.RunAsync(run, cancel)).Jobs.Any(j => j.State == RunState.Running), () => "a running job", TimeSpan.FromSeconds(30), cancel);
            using var host = System.Diagnostics.Process.GetProcessById(environment.ProcessId);
            host.Kill(); // kill -9 of this process alone
            await Wait.UntilAsync(() => Task.FromResult(AppHostProcess.ProcessesOf(workspace.Folder).Count == 0), () => "the end of all children", TimeSpan.FromSeconds(20), cancel);
        }
        await using (var environment = await RunningEnvironment.StartAsync(workspace.Folder, cancel))
        {
            var detail = await environment.EndOfAsync(run, cancel);
            Assert.True(detail.State == RunState.Succeeded, $"{detail.State} {detail.Error}\n{environment.Output}");
            await AssertTablesAsync(environment, workspace, 0, cancel);
        }
    }

    internal static async Task<string> StartAsync(RunningEnvironment environment, CancellationToken cancel)
    {
        string? run = null;
        await Wait.UntilAsync(async () => (run = (await environment.Client.StartRunAsync(new StartRun("orders"), cancel)).Run) is not null, () => "the start of a run\n" + environment.Output, TimeSpan.FromSeconds(60), cancel);
        return run!;
    }

    internal static async Task AssertTablesAsync(RunningEnvironment environment, Workspace workspace, int round, CancellationToken cancel)
    {
        var orders = await environment.Client.TableAsync(TableLayer.Bronze, "orders", ct: cancel);
        var payments = await environment.Client.TableAsync(TableLayer.Bronze, "payments", ct: cancel);
        var totals = await environment.Client.RowsAsync(TableLayer.Gold, "totals", new RowsQuery(), cancel);
        long Total(string column) => totals.Rows.Single()[totals.Columns.Select((c, i) => (c.Name, i)).First(c => c.Name == column).i] is var cell
            && cell.ValueKind == System.Text.Json.JsonValueKind.String ? long.Parse(cell.GetString()!) : cell.GetInt64();
        Assert.Equal(
            (round, workspace.Orders, workspace.Orders, workspace.Orders, workspace.OrderIdSum, workspace.Orders, workspace.Cents),
            (round, orders.Rows, payments.Rows, Total("orders"), Total("order_ids"), Total("payments"), Total("cents")));
    }
}
