using System.Diagnostics;

namespace FlowForge.AppHost.Hosting;

/// <summary>
/// Keeps one service alive: when its process ends unasked it is started again, a little later each time it happens in a row.
/// <paramref name="onRestarted"/> may come from several supervisors at once.
/// </summary>
internal sealed class ResourceSupervisor(ProjectResource resource, IServiceLog log, Action onRestarted) : IDisposable
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>A service that lived this long has recovered: the pauses begin anew.</summary>
    private static readonly TimeSpan Recovered = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource stopping = new();
    private ServiceProcess? process;
    private Task watching = Task.CompletedTask;

    /// <summary>Null while it is down.</summary>
    public int? ProcessId => process?.Id;

    /// <summary>Starts it and waits for its health; then watches over it. When it ends before that, throws.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        process = ServiceProcess.Start(resource, line => log.Line(resource.Name, line));
        var ended = process.WaitAsync();
        using var probing = CancellationTokenSource.CreateLinkedTokenSource(ct, stopping.Token);
        var healthy = HealthProbe.WaitUntilHealthyAsync(resource, probing.Token);
        if (await Task.WhenAny(healthy, ended) == ended)
        {
            await probing.CancelAsync();
            throw new AppHostException($"{resource.Name} ended before it was ready: {Ending(await ended)}.",
                "Its last lines above may say why; logs/environment.log in the data folder has them all.");
        }
        await healthy;
        watching = WatchAsync(ended);
    }

    public async Task StopAsync(TimeSpan grace, CancellationToken hurry)
    {
        await stopping.CancelAsync();
        try
        {
            await watching;
        }
        catch (OperationCanceledException)
        {
            // It was between two lives.
        }
        if (process is not { } last)
            return;
        if (!await last.StopAsync(grace, hurry))
            log.Notice($"{resource.Name} (process {last.Id}) did not stop within {grace.TotalSeconds:0} s and was killed.", warning: true);
        last.Dispose();
        process = null;
    }

    public void Dispose()
    {
        process?.Dispose();
        stopping.Dispose();
    }

    private async Task WatchAsync(Task<int> ended)
    {
        var pause = ShortestPause;
        while (true)
        {
            var born = Stopwatch.GetTimestamp();
            if (await Task.WhenAny(ended, Task.Delay(Timeout.Infinite, stopping.Token)) != ended || stopping.IsCancellationRequested)
                return;
            if (Stopwatch.GetElapsedTime(born) > Recovered)
                pause = ShortestPause;
            var dead = process!;
            process = null;
            log.Notice($"{resource.Name} (process {dead.Id}) ended unasked: {Ending(await ended)}. Starting it again in {pause.TotalSeconds:0.#} s.", warning: true);
            dead.Dispose();
            await Task.Delay(pause, stopping.Token);
            pause = pause * 2 > LongestPause ? LongestPause : pause * 2;

            ended = await StartAgainAsync(pause);
        }
    }

    /// <summary>Whatever goes wrong here (a full disk, no more processes) is said and tried again: a service without a watch would stay dead for ever.</summary>
    private async Task<Task<int>> StartAgainAsync(TimeSpan pause)
    {
        while (true)
        {
            try
            {
                process = ServiceProcess.Start(resource, line => log.Line(resource.Name, line));
                break;
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or InvalidOperationException)
            {
                log.Notice($"{resource.Name} could not be started: {e.Message} Trying again in {pause.TotalSeconds:0.#} s.", warning: true);
                await Task.Delay(pause, stopping.Token);
            }
        }
        log.Notice($"{resource.Name} is started again as process {process.Id}.");
        try
        {
            onRestarted();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Notice($"The new process of {resource.Name} could not be made known: {e.Message}", warning: true);
        }
        return process.WaitAsync();
    }

    private static string Ending(int code) => code > 128 && !OperatingSystem.IsWindows() ? $"killed by signal {code - 128}" : $"exit code {code}";
}
