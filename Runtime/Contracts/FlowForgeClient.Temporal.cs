namespace FlowForge.Contracts;

/// <summary>Temporal's workflows and schedules, whatever server the runtime works with. Calls end with 503 while that server is away.</summary>
public sealed partial class FlowForgeClient
{
    public Task<TemporalNamespaces> NamespacesAsync(CancellationToken ct = default) => GetAsync<TemporalNamespaces>("temporal/namespaces", ct);

    /// <summary>Runs that match a query of Temporal's language, newest first unless the query orders them. 400 says what is wrong with a query and where.</summary>
    /// <param name="ns">Null for the runtime's own namespace.</param>
    /// <param name="state">Only runs of the query that are in this state.</param>
    public Task<TokenPage<WorkflowEntry>> WorkflowsAsync(string? query = null, int size = 50, string? token = null, string? ns = null, WorkflowState? state = null, CancellationToken ct = default) =>
        GetAsync<TokenPage<WorkflowEntry>>(new QueryText("temporal/workflows").Add("query", query).AddWord("state", state).Add("size", size).Add("token", token).Add("namespace", ns), ct);

    public Task<WorkflowCounts> CountWorkflowsAsync(string? query = null, string? ns = null, CancellationToken ct = default) =>
        GetAsync<WorkflowCounts>(new QueryText("temporal/workflows/counts").Add("query", query).Add("namespace", ns), ct);

    public Task<WorkflowDetail> WorkflowAsync(WorkflowKey key, CancellationToken ct = default) => GetAsync<WorkflowDetail>(Of("temporal/workflow", key), ct);

    /// <summary>One page of a history, oldest or newest first.</summary>
    public Task<TokenPage<WorkflowEvent>> HistoryAsync(WorkflowKey key, bool newestFirst = false, int size = 100, string? token = null, CancellationToken ct = default) =>
        GetAsync<TokenPage<WorkflowEvent>>(Of("temporal/workflow/history", key).Add("newest", newestFirst).Add("size", size).Add("token", token), ct);

    /// <summary>The whole history in the JSON form of Temporal's own tools, for replay tests.</summary>
    public Task<System.Text.Json.JsonElement> HistoryFileAsync(WorkflowKey key, CancellationToken ct = default) =>
        GetAsync<System.Text.Json.JsonElement>(Of("temporal/workflow/history.json", key), ct);

    public Task<PendingTimers> TimersAsync(WorkflowKey key, CancellationToken ct = default) => GetAsync<PendingTimers>(Of("temporal/workflow/timers", key), ct);

    /// <summary>Asks it to end; it decides how.</summary>
    public Task CancelWorkflowAsync(EndWorkflow body, CancellationToken ct = default) => SendAsync(HttpMethod.Post, "temporal/workflow/cancel", body, ct);

    /// <summary>Ends it at once, without asking it.</summary>
    public Task TerminateWorkflowAsync(EndWorkflow body, CancellationToken ct = default) => SendAsync(HttpMethod.Post, "temporal/workflow/terminate", body, ct);

    public Task SignalWorkflowAsync(CallWorkflow body, CancellationToken ct = default) => SendAsync(HttpMethod.Post, "temporal/workflow/signal", body, ct);

    /// <summary>Asks a worker; 409 when none answers in time.</summary>
    public Task<QueryAnswer> QueryWorkflowAsync(CallWorkflow body, CancellationToken ct = default) =>
        SendAsync<QueryAnswer>(HttpMethod.Post, "temporal/workflow/query", body, ct);

    /// <summary>Ends the run, if open, and starts a new one that shares its history up to the event.</summary>
    public Task<WorkflowReset> ResetWorkflowAsync(ResetWorkflow body, CancellationToken ct = default) =>
        SendAsync<WorkflowReset>(HttpMethod.Post, "temporal/workflow/reset", body, ct);

    public Task<TokenPage<ScheduleEntry>> SchedulesAsync(int size = 100, string? token = null, string? ns = null, CancellationToken ct = default) =>
        GetAsync<TokenPage<ScheduleEntry>>(new QueryText("temporal/schedules").Add("size", size).Add("token", token).Add("namespace", ns), ct);

    public Task<ScheduleDetail> ScheduleAsync(ScheduleKey key, CancellationToken ct = default) => GetAsync<ScheduleDetail>(Of("temporal/schedule", key), ct);

    public Task PauseScheduleAsync(PauseSchedule body, CancellationToken ct = default) => SendAsync(HttpMethod.Post, "temporal/schedule/pause", body, ct);

    public Task UnpauseScheduleAsync(PauseSchedule body, CancellationToken ct = default) => SendAsync(HttpMethod.Post, "temporal/schedule/unpause", body, ct);

    public Task TriggerScheduleAsync(TriggerSchedule body, CancellationToken ct = default) => SendAsync(HttpMethod.Post, "temporal/schedule/trigger", body, ct);

    public Task BackfillScheduleAsync(BackfillSchedule body, CancellationToken ct = default) => SendAsync(HttpMethod.Post, "temporal/schedule/backfill", body, ct);

    /// <summary>Workflows that it started go on.</summary>
    public Task DeleteScheduleAsync(ScheduleKey key, CancellationToken ct = default) => SendAsync(HttpMethod.Delete, Of("temporal/schedule", key), null, ct);

    private static QueryText Of(string path, WorkflowKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new QueryText(path).Add("id", key.Id).Add("run", key.Run).Add("namespace", key.Namespace);
    }

    private static QueryText Of(string path, ScheduleKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new QueryText(path).Add("id", key.Id).Add("namespace", key.Namespace);
    }
}
