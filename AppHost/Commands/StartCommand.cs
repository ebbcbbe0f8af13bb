using System.CommandLine;
using FlowForge.AppHost.Hosting;
using FlowForge.AppHost.Output;
using FlowForge.AppHost.Workspace;

namespace FlowForge.AppHost.Commands;

/// <summary>The command without a name: the whole environment, until it is stopped.</summary>
internal static class StartCommand
{
    public static void AddTo(RootCommand root)
    {
        var offset = new Option<int>("--port-offset") { Description = "Moves the ports 7233, 5080 and 5000 by N.", HelpName = "N" };
        offset.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 50000)
                result.AddError("--port-offset must be between 0 and 50000.");
        });
        var noDemo = new Option<bool>("--no-demo") { Description = "Do not register the demo's pipelines in a new data folder." };
        foreach (var option in new Option[] { SharedOptions.Data, offset, noDemo, SharedOptions.FileRoots, SharedOptions.Verbose })
            root.Options.Add(option);
        foreach (var command in root.Subcommands)
            command.Validators.Add(result =>
            {
                foreach (var own in new Option[] { offset, noDemo })
                    if (result.GetResult(own) is { Implicit: false })
                        result.AddError($"{own.Name} is for starting the whole environment; '{command.Name}' has no use for it.");
            });
        root.SetAction(parsed => Terminal.GuardAsync(signals => RunAsync(
            new DataFolder(parsed.GetValue(SharedOptions.Data)!),
            new EnvironmentOptions
            {
                PortOffset = parsed.GetValue(offset),
                Demo = !parsed.GetValue(noDemo),
                FileRoots = [.. SharedOptions.Folders(parsed.GetValue(SharedOptions.FileRoots)), ArtifactsLayout.Current.Demo]
            }.WithSettingsOfProcess(),
            parsed.GetValue(SharedOptions.Verbose) ? LineLevel.Debug : LineLevel.Info, signals)));
    }

    private static async Task<int> RunAsync(DataFolder data, EnvironmentOptions options, LineLevel from, StopSignals signals)
    {
        using (data)
        {
            if (!data.TryLock())
                throw Held(data);
            using var log = new EnvironmentLog(data.Logs, Terminal.Out, from);
            log.Notice($"Starting on {data.Root} …");
            var environment = await FlowForgeEnvironment.StartAsync(data, options, log, signals.Stop);
            try
            {
                if (options.Demo)
                    await DemoWorkspace.RegisterAsync(data, environment.Client, log, signals.Stop);
                log.Between(() => Banner.Write(Terminal.Out, environment, data));
                await signals.WaitAsync();
                log.Notice("Stopping … (once more to kill)");
            }
            finally
            {
                await environment.StopAsync(signals.Hurry);
            }
            log.Notice("Stopped.");
            return 0;
        }
    }

    private static AppHostException Held(DataFolder data)
    {
        var who = data.Running is { } r ? $"process {r.ProcessId}{(r.Workbench is { } w ? $", {w}" : "")}" : "it is just starting or stopping";
        return new AppHostException($"The data folder {data.Root} is in use by another environment ({who}).",
            "Use that one, stop it, or choose another folder with --data DIR (and --port-offset N, if it stays).");
    }
}
