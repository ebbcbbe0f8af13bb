using System.CommandLine;
using System.Text.Json;
using FlowForge.AppHost.Output;
using FlowForge.AppHost.Runs;
using FlowForge.AppHost.Workspace;
using FlowForge.Contracts;

namespace FlowForge.AppHost.Commands;

/// <summary><c>validate pipeline.yaml</c>: what is wrong with it, without storing or running anything.</summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        var file = SharedOptions.Pipeline();
        var json = new Option<bool>("--json") { Description = "Print the findings and the plan as one JSON object." };
        var command = new Command("validate", "Checks a pipeline file and prints what is wrong with it.") { file, json };
        command.SetAction(parsed => Terminal.GuardAsync(signals =>
            RunAsync(
            PipelineFile.Read(parsed.GetValue(file)!), parsed.GetValue(SharedOptions.Data)!, SharedOptions.Folders(parsed.GetValue(SharedOptions.FileRoots)),
            parsed.GetValue(json), parsed.GetValue(SharedOptions.Verbose), signals)));
        return command;
    }

    private static async Task<int> RunAsync(PipelineFile file, string folder, IReadOnlyList<string> roots, bool json, bool verbose, StopSignals signals)
    {
        var options = new EnvironmentOptions { Workbench = false, Temporal = false, AnyPorts = true, Demo = false, FileRoots = [file.Folder, .. roots] };
        await using var session = await Session.OpenAsync(folder, options, verbose ? LineLevel.Debug : LineLevel.Error, signals);
        var outcome = await session.Client.ValidateAsync(file.ToValidate(), signals.Stop);
        if (json)
            Console.Out.WriteLine(JsonSerializer.Serialize(outcome, ContractsJson.Options));
        else
            Print(file, outcome);
        return outcome.Valid ? 0 : 1;
    }

    private static void Print(PipelineFile file, PipelineValidation outcome)
    {
        DiagnosticLines.Write(Terminal.Out, file.Shown, outcome.Diagnostics);
        if (outcome.Valid)
            Console.Out.WriteLine($"{file.Shown}: pipeline {outcome.Name} is valid, {outcome.Plan?.Jobs.Count ?? 0} jobs.");
    }
}
