using FlowForge.Contracts;

namespace FlowForge.Acceptance.Tests;

/// <summary>The runtime dies while a run executes a notebook, and while the notebook's rows become a table.</summary>
public sealed class NotebookKillTests(ITestOutputHelper output)
{
    // Each run adds its rows: an attempt that counted twice would be seen.
    private const string Pipeline =
        """
        pipeline: reports
        retry: { delay: 1s }
        gold:
          report: { notebook: report, result: rows, mode: append }
        notebooks:
          note: { notebook: note }
        """;

    [Fact]
    public async Task NotebookJob_RuntimeKilledInACellAndWhileItsRowsArePublished_IsRunAgain_AndEachRowIsThereOnce()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new DataFolder();
        await using (var environment = await RunningEnvironment.StartAsync(folder.Path, cancel))
        {
            // The first cell tells that it runs and waits until it may go on; the last one tells that the rows are made.
            await environment.Client.CreateNotebookAsync(new CreateNotebook("report",
            [
                new("a", NotebookCellKind.Csharp, "System.IO.File.AppendAllText(\"begun\", $\"{System.Environment.ProcessId}\\n\");\nwhile (!System.IO.File.Exists(\"go\")) System.Threading.Thread.Sleep(20);\nDisplay(\"gone on\");"),
                new("b", NotebookCellKind.Sql, "SELECT range AS id FROM range(50000)", "rows"),
                new("c", NotebookCellKind.Csharp, "System.IO.File.WriteAllText(\"made\", \"\");"),
            ]), cancel);
            await environment.Client.CreateNotebookAsync(new CreateNotebook("note", [new("a", NotebookCellKind.Csharp, "Display(6 * 7);")]), cancel);
            await environment.Client.PutPipelineAsync("reports", new PutPipeline(Pipeline), cancel);

            // In the middle of a cell.
            var first = (await environment.Client.StartRunAsync(new StartRun("reports"), cancel)).Run!;
            await Wait.UntilAsync(() => Task.FromResult(folder.Kernels() is [_]), () => "the first cell\n" + environment.Output, TimeSpan.FromSeconds(90), cancel);
            environment.Kill("FlowForge.Api");
            await Wait.UntilAsync(() => Task.FromResult(folder.Kernels() is [_, _]), () => "the first cell of the second attempt\n" + environment.Output, TimeSpan.FromSeconds(120), cancel);
            await Wait.UntilAsync(() => Task.FromResult(!Directory.Exists($"/proc/{folder.Kernels()[0]}")), () => "the end of the first attempt's kernel", TimeSpan.FromSeconds(60), cancel);
            var copy = await environment.Client.ExecutedNotebookAsync(first, "gold.report", cancel);
            Assert.Equal(("running", "report"), (copy.State, copy.Source));
            folder.Write("go");
            var detail = await environment.EndOfAsync(first, cancel);
            Assert.True(detail.State == RunState.Succeeded, $"{detail.State} {detail.Error}\n{environment.Output}");
            Assert.Equal("gold.report 2 succeeded", Told(detail.Jobs.Single(j => j.Id == "gold.report")));
            copy = await environment.Client.ExecutedNotebookAsync(first, "gold.report", cancel);
            Assert.Equal(("succeeded", 2), (copy.State, copy.Attempt));
            await AssertRowsAsync(environment, 1, cancel);

            // While the rows become a version of the table, sooner and later.
            var runs = 1;
            foreach (var moment in new[] { 0, 250 })
            {
                folder.Remove("made");
                var run = (await environment.Client.StartRunAsync(new StartRun("reports"), cancel)).Run!;
                await Wait.UntilAsync(() => Task.FromResult(folder.Has("made")), () => "the last cell\n" + environment.Output, TimeSpan.FromSeconds(90), cancel);
                await Task.Delay(moment, cancel); // the moment of death is the test's input, not a wait for a condition
                environment.Kill("FlowForge.Api");
                detail = await environment.EndOfAsync(run, cancel);
                output.WriteLine($"killed {moment} ms after the last cell: {string.Join(", ", detail.Jobs.Select(Told))}");
                Assert.True(detail.State == RunState.Succeeded, $"{detail.State} {detail.Error}\n{environment.Output}");
                await AssertRowsAsync(environment, ++runs, cancel);
                Assert.Equal("succeeded", (await environment.Client.ExecutedNotebookAsync(run, "gold.report", cancel)).State);
            }
        }
        Assert.Empty(AppHostProcess.ProcessesOf(folder.Path));
    }

    private static string Told(JobRun job) => $"{job.Id} {job.Attempt} {job.State.ToString().ToLowerInvariant()}";

    private static async Task AssertRowsAsync(RunningEnvironment environment, int runs, CancellationToken cancel)
    {
        Assert.Equal(runs * 50_000L, (await environment.Client.TableAsync(TableLayer.Gold, "report", ct: cancel)).Rows);
        var one = await environment.Client.RowsAsync(TableLayer.Gold, "report", new RowsQuery { Filter = "id = 49999" }, cancel);
        Assert.Equal(runs, one.Rows.Count);
    }

    /// <summary>A data folder, and in its workspace the files by which cells and the test speak.</summary>
    private sealed class DataFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("ff-notebook-kill-").FullName;

        /// <summary>Processes that began the first cell.</summary>
        public string[] Kernels() => Has("begun") ? System.IO.File.ReadAllLines(Named("begun")) : [];

        public bool Has(string name) => System.IO.File.Exists(Named(name));

        public void Write(string name) => System.IO.File.WriteAllText(Named(name), "");

        public void Remove(string name) => System.IO.File.Delete(Named(name));

        public void Dispose() => Directory.Delete(Path, recursive: true);

        private string Named(string name) => System.IO.Path.Combine(Path, "workspace", name);
    }
}
