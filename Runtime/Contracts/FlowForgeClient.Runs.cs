namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>Starts a run, or a part of the pipeline's jobs. 422 with diagnostics when the pipeline cannot be planned.</summary>
    public Task<RunStarted> StartRunAsync(StartRun body, CancellationToken ct = default) =>
        SendAsync<RunStarted>(HttpMethod.Post, "runs", body, ct);

    /// <summary>Newest first.</summary>
    public Task<Page<RunSummary>> RunsAsync(RunQuery query, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return GetAsync<Page<RunSummary>>(new QueryText("runs").Add("pipeline", query.Pipeline).AddWord("state", query.State)
            .Add("from", query.From).Add("to", query.To).Add("search", query.Search).Add("backfill", query.Backfill).Add("page", query.Page).Add("size", query.Size), ct);
    }

    public Task<RunDetail> RunAsync(string run, CancellationToken ct = default) => GetAsync<RunDetail>($"runs/{Escape(run)}", ct);

    /// <summary>Asks for the end of a run; it is over when its state says so. No effect on a final run.</summary>
    public Task CancelRunAsync(string run, CancellationToken ct = default) =>
        SendAsync(HttpMethod.Post, $"runs/{Escape(run)}/cancel", null, ct);

    /// <summary>Holds an open run: what runs goes on, nothing new starts. 409 when it has ended.</summary>
    public Task PauseRunAsync(string run, CancellationToken ct = default) => SendAsync(HttpMethod.Post, $"runs/{Escape(run)}/pause", null, ct);

    /// <summary>Lets a held run go on. 409 when it has ended.</summary>
    public Task ResumeRunAsync(string run, CancellationToken ct = default) => SendAsync(HttpMethod.Post, $"runs/{Escape(run)}/resume", null, ct);

    /// <summary>Runs what failed or was cancelled again; the answer may name a new run.</summary>
    public Task<RunStarted> RetryRunAsync(string run, CancellationToken ct = default) =>
        SendAsync<RunStarted>(HttpMethod.Post, $"runs/{Escape(run)}/retry", null, ct);

    /// <summary>Rows that failed a check of a job; 404 when the job has no result of it.</summary>
    public Task<CheckRows> CheckRowsAsync(string run, string job, string check, string? table = null, CancellationToken ct = default) =>
        GetAsync<CheckRows>(new QueryText($"runs/{Escape(run)}/jobs/{Escape(job)}/checks/rows").Add("check", check).Add("table", table), ct);

    /// <summary>Oldest first.</summary>
    public Task<IReadOnlyList<LogEntry>> LogsAsync(string run, LogQuery query, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return GetAsync<IReadOnlyList<LogEntry>>(new QueryText($"runs/{Escape(run)}/logs").Add("after", query.After)
            .AddWord<RunLogLevel>("level", query.Level).Add("job", query.Job).Add("search", query.Search).Add("limit", query.Limit), ct);
    }

    /// <param name="window"><c>24h</c>, <c>7d</c> or <c>30d</c>.</param>
    public Task<Overview> OverviewAsync(string window = "24h", CancellationToken ct = default) =>
        GetAsync<Overview>(new QueryText("overview").Add("window", window), ct);
}
