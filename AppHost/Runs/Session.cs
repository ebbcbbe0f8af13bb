using FlowForge.AppHost.Commands;
using FlowForge.AppHost.Output;
using FlowForge.AppHost.Workspace;
using FlowForge.Contracts;

namespace FlowForge.AppHost.Runs;

/// <summary>
/// A runtime to talk to for the length of one command: the environment that runs on the data folder already, or one of our own that stops with
/// the command.
/// </summary>
internal sealed class Session : IAsyncDisposable
{
    private static readonly TimeSpan AttachTime = TimeSpan.FromSeconds(60);

    private readonly DataFolder data;
    private readonly FlowForgeEnvironment? own;
    private readonly EnvironmentLog? log;
    private readonly StopSignals signals;

    private Session(DataFolder data, FlowForgeClient client, StopSignals signals, FlowForgeEnvironment? own, EnvironmentLog? log)
    {
        (this.data, Client, this.signals, this.own, this.log) = (data, client, signals, own, log);
    }

    public FlowForgeClient Client { get; }

    /// <summary>The environment was started by this command and ends with it.</summary>
    public bool IsOwn => own is not null;

    /// <param name="from">Service lines from this level on go to standard error.</param>
    public static async Task<Session> OpenAsync(string folder, EnvironmentOptions options, LineLevel from, StopSignals signals)
    {
        var data = new DataFolder(folder);
        EnvironmentLog? log = null;
        try
        {
            if (await LockOrAttachAsync(data, signals.Stop) is { } running)
                return new Session(data, running, signals, null, null);
            log = new EnvironmentLog(data.Logs, Terminal.Error, from);
            var own = await FlowForgeEnvironment.StartAsync(data, options.WithSettingsOfProcess(), log, signals.Stop);
            return new Session(data, own.Client, signals, own, log);
        }
        catch
        {
            log?.Dispose();
            data.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (own is not null)
            await own.StopAsync(signals.Hurry);
        log?.Dispose();
        data.Dispose();
    }

    /// <summary>Null when the folder is ours now. An environment for one run is not attached to, since it leaves when its run is over: its end is awaited.</summary>
    private static async Task<FlowForgeClient?> LockOrAttachAsync(DataFolder data, CancellationToken ct)
    {
        var told = false;
        var deadline = DateTime.UtcNow + AttachTime;
        while (!data.TryLock())
        {
            if (data.Running is { ForOneRun: false } running && await AnswersAsync(running, ct) is { } client)
                return client;
            if (data.Running is { ForOneRun: true } other)
            {
                deadline = DateTime.UtcNow + AttachTime;
                if (!told)
                    Terminal.Error.Profile.Out.Writer.WriteLine($"Waiting for the run of process {other.ProcessId} on {data.Root} to end …");
                told = true;
            }
            else if (DateTime.UtcNow > deadline)
                throw new AppHostException($"The data folder {data.Root} is in use, but its runtime does not answer.",
                    "Stop the process that uses it, or choose another folder with --data DIR.");
            await Task.Delay(200, ct);
        }
        return null;
    }

    private static async Task<FlowForgeClient?> AnswersAsync(RunningEnvironment running, CancellationToken ct)
    {
        try
        {
            var client = running.Connect();
            await client.SystemAsync(ct);
            return client;
        }
        catch (Exception e) when (e is FlowForgeApiException or IOException)
        {
            return null;
        }
    }
}
