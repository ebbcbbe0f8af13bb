using System.CommandLine;
using System.Net;
using FlowForge.AppHost.Output;
using FlowForge.AppHost.Runs;
using FlowForge.AppHost.Workspace;
using FlowForge.Contracts;
using Spectre.Console;

namespace FlowForge.AppHost.Commands;

/// <summary><c>run pipeline.yaml</c>: stores the pipeline, runs it to its end and shows it live.</summary>
internal static class RunCommand
{
    private static readonly TimeSpan CancelTime = TimeSpan.FromSeconds(20);

    public static Command Create()
    {
        var file = SharedOptions.Pipeline();
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output, and everything else on standard error." };
        var command = new Command("run", "Runs a pipeline file to its end: exit code 0 when it succeeded, else 1.") { file, json };
        command.SetAction(parsed => Terminal.GuardAsync(signals => RunAsync(
            PipelineFile.Read(parsed.GetValue(file)!), parsed.GetValue(SharedOptions.Data)!, SharedOptions.Folders(parsed.GetValue(SharedOptions.FileRoots)),
            parsed.GetValue(json), parsed.GetValue(SharedOptions.Verbose), signals)));
        return command;
    }

    private static async Task<int> RunAsync(PipelineFile file, string folder, IReadOnlyList<string> roots, bool json, bool verbose, StopSignals signals)
    {
        var options = new EnvironmentOptions { Workbench = false, AnyPorts = true, Demo = false, FileRoots = [file.Folder, .. roots] };
        await using var session = await Session.OpenAsync(folder, options, verbose ? LineLevel.Debug : LineLevel.Warning, signals);
        if (await StoreAsync(session.Client, file, signals.Stop) is not { } pipeline)
            return 1;

        var console = json ? Terminal.Error : Terminal.Out;
        var id = await StartAsync(session, pipeline, signals.Stop);
        var board = new RunBoard(pipeline, id);
        using (var display = RunDisplay.For(console, board))
            await FollowAsync(session.Client, id, board, display, signals);
        var run = await session.Client.RunAsync(id, signals.Hurry);
        if (json)
            Console.Out.WriteLine(RunReport.Of(run).ToJson());
        else
            RunSummaryTable.Write(console, run);
        RunSummaryTable.WriteErrors(Terminal.Error, run);
        return run.State == RunState.Succeeded ? 0 : 1;
    }

    /// <summary>The stored pipeline's name, or null after printing what is wrong with it.</summary>
    private static async Task<string?> StoreAsync(FlowForgeClient client, PipelineFile file, CancellationToken ct)
    {
        var outcome = await client.ValidateAsync(file.ToValidate(), ct);
        DiagnosticLines.Write(Terminal.Error, file.Shown, outcome.Diagnostics);
        if (!outcome.Valid || outcome.Name is null)
            return null;
        await client.PutPipelineAsync(outcome.Name, file.ToPut(), ct);
        return outcome.Name;
    }

    /// <summary>A new run. In an environment of our own, a run that is open already is one that a crash left: it has gone on by itself, and we follow it.</summary>
    private static async Task<string> StartAsync(Session session, string pipeline, CancellationToken ct)
    {
        try
        {
            return (await session.Client.StartRunAsync(new StartRun(pipeline, Trigger: "cli"), ct)).Run;
        }
        catch (FlowForgeApiException e) when (session.IsOwn && e.Status == HttpStatusCode.Conflict)
        {
            var newest = await session.Client.RunsAsync(new RunQuery { Pipeline = pipeline, Size = 1 }, ct);
            if (newest.Items is not [var open] || open.State.IsFinal())
                throw;
            Terminal.Error.Profile.Out.Writer.WriteLine($"{open.Run} was interrupted and goes on; following it.");
            return open.Run;
        }
    }

    /// <summary>Watches to the end. At the first Ctrl+C the run is cancelled and its end awaited for a while, at the second we leave.</summary>
    private static async Task FollowAsync(FlowForgeClient client, string run, RunBoard board, RunDisplay display, StopSignals signals)
    {
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(signals.Hurry);
        await using var onStop = signals.Stop.Register(() =>
        {
            display.Say("Cancelling the run … (once more to leave at once)");
            leave.CancelAfter(CancelTime);
            _ = Task.Run(() => client.CancelRunAsync(run, leave.Token), leave.Token);
        });
        try
        {
            await foreach (var e in client.WatchRunAsync(run, ct: leave.Token))
            {
                board.Take(e);
                display.Refresh(e);
            }
        }
        catch (OperationCanceledException) when (leave.IsCancellationRequested)
        {
            display.Say("Leaving before the run has ended; it goes on when the environment is started again.");
        }
    }
}
