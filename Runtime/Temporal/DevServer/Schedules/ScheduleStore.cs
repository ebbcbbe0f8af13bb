using FlowForge.Temporal.DevServer.History;

namespace FlowForge.Temporal.DevServer.Schedules;

/// <summary>The schedules of all namespaces. Touched by the executor only.</summary>
internal sealed class ScheduleStore(ServerState server)
{
    public void Load() => _ = server;

    public void DeleteAll(string namespaceId) => _ = (namespaceId, server);

    /// <summary>A run has closed (or goes on as <paramref name="successorRunId"/>): a schedule may have waited for it.</summary>
    public void RunClosed(Execution e, string? successorRunId) => _ = (e, successorRunId, server);
}
