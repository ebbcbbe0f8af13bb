using FlowForge.Temporal.DevServer.Engine;

namespace FlowForge.Temporal.DevServer.Hosting;

/// <summary>Now and then: runs closed longer than their namespace's retention are deleted, idle queues forgotten.</summary>
internal static class Sweeper
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);
    private const int AtOnce = 200;

    public static void Start(ServerState server) => server.Executor.Timers.At(server.Executor.Now + Interval, () => Sweep(server));

    private static void Sweep(ServerState server)
    {
        var now = server.Executor.Now;
        server.TaskQueues.Sweep(now);
        var again = false;
        foreach (var ns in server.Namespaces.All)
        {
            var old = server.Executions.ClosedBefore(ns.Id, now - ns.Retention, AtOnce);
            again |= old.Count == AtOnce;
            foreach (var execution in old)
            {
                server.Executions.Delete(execution);
            }
        }
        server.Executor.Timers.At(now + (again ? TimeSpan.FromSeconds(1) : Interval), () => Sweep(server));
    }
}
