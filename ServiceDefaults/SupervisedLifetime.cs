using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowForge.ServiceDefaults;

/// <summary>
/// The host's life. Alone, Ctrl+C and SIGTERM stop the service. Under a supervisor Ctrl+C is ignored, since the terminal sends it to the
/// whole process group and the supervisor decides the order of stopping; the service leaves when told to, or when the supervisor is gone.
/// </summary>
internal sealed class SupervisedLifetime(IConfiguration settings, IHostApplicationLifetime application, ILogger<SupervisedLifetime> log)
    : IHostLifetime, IDisposable
{
    /// <summary>How long an orphan may take over its graceful stop before it is ended the hard way.</summary>
    private static readonly TimeSpan OrphanGrace = TimeSpan.FromSeconds(10);

    private readonly List<IDisposable> registrations = [];

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        var parent = int.TryParse(settings["parent-pid"], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : (int?)null;
        var lifeline = settings["FLOWFORGE_LIFELINE"] == "stdin";

        On(PosixSignal.SIGTERM, stop: true);
        On(PosixSignal.SIGQUIT, stop: true);
        On(PosixSignal.SIGINT, stop: parent is null && !lifeline);
        if (parent is { } watched)
            registrations.Add(ParentWatch.Process(watched, () => Leave($"process {watched} that started this service is gone")));
        if (lifeline)
            registrations.Add(ParentWatch.StandardInput(() => Leave(null)));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => registrations.ForEach(r => r.Dispose());

    private void On(PosixSignal signal, bool stop) => registrations.Add(PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (stop)
            application.StopApplication();
    }));

    private void Leave(string? why)
    {
        if (why is not null)
            log.LogWarning("Stopping: {Why}", why);
        application.StopApplication();
        new Thread(() =>
        {
            Thread.Sleep(OrphanGrace);
            Environment.Exit(70);
        }) { IsBackground = true, Name = "orphan-grace" }.Start();
    }
}
