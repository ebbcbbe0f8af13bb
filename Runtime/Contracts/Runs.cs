namespace FlowForge.Contracts;

/// <summary>Body of <c>POST /runs</c>.</summary>
/// <param name="Jobs">Job ids to run; null or empty means all.</param>
/// <param name="Version">Pipeline version; null means the latest.</param>
/// <param name="Trigger">Who asks: <c>manual</c> (default), <c>api</c>, <c>cli</c>.</param>
/// <param name="Interval">Null takes the last whole interval of the pipeline's schedule, if it has one.</param>
/// <param name="FullRefresh">Datasets are built from scratch, although nothing may have changed; histories (scd2) are kept.</param>
public sealed record StartRun(string Pipeline, IReadOnlyList<string>? Jobs = null, IReadOnlyDictionary<string, string>? Parameters = null,
    int? Version = null, string? Trigger = null, DataInterval? Interval = null, bool FullRefresh = false);

/// <summary>The time that a run's data is about, UTC: <c>${interval.start}</c> and <c>${interval.end}</c> of the pipeline's text.</summary>
/// <param name="Start">Included.</param>
/// <param name="End">Not included.</param>
public sealed record DataInterval(DateTimeOffset Start, DateTimeOffset End);

/// <summary>Answer to starting or retrying: the run to watch.</summary>
public sealed record RunStarted(string Run);

/// <summary>Filter of <c>GET /runs</c>; newest first. Null means any.</summary>
public sealed record RunQuery
{
    public string? Pipeline { get; init; }
    public RunState? State { get; init; }
    /// <summary>Queued at or after.</summary>
    public DateTimeOffset? From { get; init; }
    /// <summary>Queued before.</summary>
    public DateTimeOffset? To { get; init; }
    /// <summary>Only runs of this backfill.</summary>
    public string? Backfill { get; init; }
    /// <summary>Part of run id, pipeline name or error text.</summary>
    public string? Search { get; init; }
    public int Page { get; init; } = 1;
    public int Size { get; init; } = 50;
}

/// <summary>A run as a list shows it.</summary>
public record RunSummary
{
    public required string Run { get; init; }
    public required string Pipeline { get; init; }
    public required int PipelineVersion { get; init; }
    public required string Trigger { get; init; }
    public required RunState State { get; init; }
    public required DateTimeOffset QueuedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    /// <summary>From start to finish, or to now while it runs; null before it starts.</summary>
    public double? Seconds { get; init; }
    /// <summary>Rows of all ingest jobs together.</summary>
    public RowCounts Rows { get; init; }
    /// <summary>Bytes read by all ingest jobs together.</summary>
    public long Bytes { get; init; }
    public int JobsDone { get; init; }
    public int JobsTotal { get; init; }
    /// <summary>0–1 over all jobs; 1 only when it succeeded.</summary>
    public double Progress { get; init; }
    /// <summary>Why it failed, in one line.</summary>
    public string? Error { get; init; }
    /// <summary>A person holds it: running jobs end, nothing new starts. Only ever true for a run that is not final.</summary>
    public bool Paused { get; init; }
    /// <summary>Why an open run does nothing at the moment; null while it works.</summary>
    public string? Waiting { get; init; }
    /// <summary>The time that its data is about; null when it has none.</summary>
    public DataInterval? Interval { get; init; }
    /// <summary>The backfill that it belongs to.</summary>
    public string? Backfill { get; init; }
    /// <summary>The run that this one repeats.</summary>
    public string? RetryOf { get; init; }
}

/// <summary>A run with everything its page shows.</summary>
public sealed record RunDetail : RunSummary
{
    /// <summary>In plan order.</summary>
    public IReadOnlyList<JobRun> Jobs { get; init; } = [];
    /// <summary>Tables that this run committed, silver and gold last.</summary>
    public IReadOnlyList<WrittenTable> Tables { get; init; } = [];
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();
    /// <summary>Id of the Temporal workflow that drives it.</summary>
    public string? WorkflowId { get; init; }
    /// <summary>How often it was measured so far: what <see cref="FlowForgeClient.RunSamplesAsync"/> would bring.</summary>
    public int Samples { get; init; }
    /// <summary>When retention removed its log; null while it is there, or when there never was one.</summary>
    public DateTimeOffset? LogRemovedAt { get; init; }
}

/// <summary>A table version that a run committed.</summary>
/// <param name="Rows">Rows of the whole table at that version.</param>
public sealed record WrittenTable(string Table, long Version, long Rows);

/// <summary>One job inside a run.</summary>
public sealed record JobRun
{
    /// <summary><c>ingest.flights</c>.</summary>
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required JobKind Kind { get; init; }
    public required RunState State { get; init; }
    /// <summary>Ids of jobs it waits for: the edges of the graph.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];
    public bool IsReference { get; init; }
    /// <summary>1 for the first try; 0 before it.</summary>
    public int Attempt { get; init; }
    public RowCounts Rows { get; init; }
    public long Bytes { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    /// <summary>From start to finish, or to now while it runs.</summary>
    public double? Seconds { get; init; }
    /// <summary>0–1; null when the size of the work is not known.</summary>
    public double? Progress { get; init; }
    /// <summary>What it is doing: <c>land</c>, <c>read</c>, <c>publish</c> …</summary>
    public string? Phase { get; init; }
    /// <summary>The worker pool that executes it; null for the runtime itself.</summary>
    public string? Pool { get; init; }
    /// <summary>While it runs the present rate, afterwards the mean.</summary>
    public double? RowsPerSecond { get; init; }
    /// <summary>Table it makes: <c>bronze.flights</c>.</summary>
    public string? Table { get; init; }
    /// <summary>Version it committed; null when it committed nothing.</summary>
    public long? TableVersion { get; init; }
    /// <summary>Rejects table, when rows were rejected.</summary>
    public string? RejectsTable { get; init; }
    public JobError? Error { get; init; }
    /// <summary>Something worth knowing about a job that did not fail: <c>no new files</c>.</summary>
    public string? Note { get; init; }
    /// <summary>What the loaded rows did to the table; null where nobody counted.</summary>
    public RowChanges? Changes { get; init; }
    /// <summary>For a job with many tables: what became of each.</summary>
    public IReadOnlyList<JobTableResult> Tables { get; init; } = [];
    public IReadOnlyList<CheckOutcome> Checks { get; init; } = [];
    /// <summary>The notebook that it runs; null for none.</summary>
    public string? Notebook { get; init; }
    /// <summary>Oldest first.</summary>
    public IReadOnlyList<JobAttempt> Attempts { get; init; } = [];
}

/// <summary>What the rows of a job did to a table.</summary>
/// <param name="Deleted">Rows of the table that went; with scd2 they were closed.</param>
public readonly record struct RowChanges(long Inserted, long Updated, long Deleted, long Unchanged);

/// <summary>One table of a job with many.</summary>
/// <param name="Source">The table at the source.</param>
/// <param name="Table">With layer.</param>
/// <param name="Version">The version that holds its rows.</param>
public sealed record JobTableResult(string Source, string Table, long? Version, RowCounts Rows, RowChanges? Changes, string? Note, JobError? Error);

/// <summary>Why a job failed and what to do about it.</summary>
public sealed record JobError(string Code, string Message, string? Suggestion);

/// <summary>One try of a job.</summary>
public sealed record JobAttempt(int Number, RunState State, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, JobError? Error);

/// <summary>One check that was run on a table before its commit.</summary>
/// <param name="Name">As a person reads it: <c>not_null(origin, date)</c>.</param>
/// <param name="Failing">Rows that break the rule; for table checks 1 or 0.</param>
public sealed record CheckOutcome(string Name, bool Passed, CheckAction OnFail, long Failing, string? Message)
{
    /// <summary>What <c>row_count</c> and <c>anomaly</c> measured; for <c>freshness</c> the age in seconds.</summary>
    public double? Value { get; init; }
    /// <summary>The run and job that checked.</summary>
    public string? Run { get; init; }
    public string? Job { get; init; }
    /// <summary>The table that was checked: a job with many tables checks each.</summary>
    public string? Table { get; init; }
}

/// <summary>Rows that failed a check.</summary>
/// <param name="Failing">How many failed.</param>
/// <param name="Rows">The first of them (at most 100), each a JSON object by column; very long ones as cut text.</param>
public sealed record CheckRows(string Check, long Failing, IReadOnlyList<System.Text.Json.JsonElement> Rows);

/// <summary>One line of a run's log.</summary>
/// <param name="Id">Grows with time within a run; pass it as <c>after</c> to go on from there.</param>
/// <param name="Job">Null for lines of the run itself.</param>
public sealed record LogEntry(long Id, DateTimeOffset Time, RunLogLevel Level, string? Job, string Message);

/// <summary>Filter of <c>GET /runs/{id}/logs</c>; oldest first.</summary>
public sealed record LogQuery
{
    /// <summary>Only lines with a higher id.</summary>
    public long After { get; init; }
    /// <summary>This level and heavier.</summary>
    public RunLogLevel Level { get; init; } = RunLogLevel.Debug;
    public string? Job { get; init; }
    public string? Search { get; init; }
    public int Limit { get; init; } = 500;
}
