using FlowForge.AppHost.Hosting;

namespace FlowForge.AppHost.Tests;

/// <summary>A supervisor never stops watching, whatever happens around a restart.</summary>
public sealed class SupervisorTests
{
    [Fact]
    public async Task Restart_WhoseNewsCannotBeWritten_IsSaidAndTheServiceIsStillWatched()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var log = new Lines();
        var port = FreePort.Take();
        var resource = new ProjectResource("temporal", ArtifactsLayout.Current.AssemblyOf("Temporal.DevServer")).WithGrpcEndpoint(port).WithArgs("--port", port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        using var supervisor = new ResourceSupervisor(resource, log, () => throw new IOException("No space left on device"));
        await supervisor.StartAsync(patience.Token);
        for (var life = 1; life <= 2; life++)
        {
            var before = supervisor.ProcessId!.Value;
            AppHostProcess.Signal("KILL", before);
            await log.UntilAsync(() => log.Notices.Count(n => n.StartsWith("temporal is started again as process ", StringComparison.Ordinal)) == life, patience.Token);
        }
        await log.UntilAsync(() => log.Notices.Count(n => n == "The new process of temporal could not be made known: No space left on device") == 2, patience.Token);
        await supervisor.StopAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        Assert.Null(supervisor.ProcessId);
    }

    /// <summary>Wakes whoever waits at each notice.</summary>
    private sealed class Lines : IServiceLog
    {
        private readonly Lock gate = new();
        private readonly List<string> notices = [];
        private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<string> Notices
        {
            get
            {
                lock (gate)
                    return [.. notices];
            }
        }

        public void Line(string service, string line)
        {
        }

        public void Notice(string message, bool warning = false)
        {
            lock (gate)
            {
                notices.Add(message);
                changed.TrySetResult();
                changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        public async Task UntilAsync(Func<bool> condition, CancellationToken patience)
        {
            while (true)
            {
                Task next;
                lock (gate)
                    next = changed.Task;
                if (condition())
                    return;
                await next.WaitAsync(patience);
            }
        }
    }
}
