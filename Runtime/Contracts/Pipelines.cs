namespace FlowForge.Contracts;

/// <summary>A pipeline as a list shows it.</summary>
public sealed record PipelineSummary
{
    public required string Name { get; init; }
    public string? Description { get; init; }
    /// <summary>Latest version, from 1.</summary>
    public required int Version { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public PipelineSchedule? Schedule { get; init; }
    public int IngestJobs { get; init; }
    public int SilverTables { get; init; }
    public int GoldTables { get; init; }
    public RunSummary? LastRun { get; init; }
    /// <summary>States of the last runs (at most 20), oldest first: for the little bar in a list.</summary>
    public IReadOnlyList<RunState> RecentStates { get; init; } = [];
}

/// <summary>When a pipeline starts by itself.</summary>
/// <param name="Cron">Five fields.</param>
/// <param name="Timezone">IANA name.</param>
/// <param name="NextRun">Null when it never comes due again.</param>
public sealed record PipelineSchedule(string Cron, string Timezone, DateTimeOffset? NextRun)
{
    /// <summary>No run before this moment; null for no bound.</summary>
    public DateTimeOffset? Start { get; init; }
    /// <summary>No run after this moment; null for no bound.</summary>
    public DateTimeOffset? End { get; init; }
    /// <summary>The next fire times, at most five; empty in lists.</summary>
    public IReadOnlyList<DateTimeOffset> NextRuns { get; init; } = [];
}

/// <summary>Something beside the schedule that starts a pipeline.</summary>
public sealed record PipelineTrigger
{
    /// <summary><c>arrival</c> or <c>after</c>.</summary>
    public required string Kind { get; init; }
    /// <summary>The ingest job whose source is watched, or the other pipeline.</summary>
    public required string Of { get; init; }
    /// <summary>In words: <c>when something arrives at ingest.orders</c>.</summary>
    public required string Text { get; init; }
    /// <summary>It is at work: what comes from now on counts.</summary>
    public bool Known { get; init; }
    public DateTimeOffset? FiredAt { get; init; }
    /// <summary>When it last looked, or handled an end.</summary>
    public DateTimeOffset? CheckedAt { get; init; }
    /// <summary>The run that it started last.</summary>
    public string? LastRun { get; init; }
    /// <summary>Why it does not work at the moment, waits, or left out the last start; null when all is well.</summary>
    public string? Problem { get; init; }
}

/// <summary>One pipeline with its text, plan and findings.</summary>
public sealed record PipelineDetail
{
    public required string Name { get; init; }
    public string? Description { get; init; }
    /// <summary>The version shown, from 1.</summary>
    public required int Version { get; init; }
    public required int LatestVersion { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required string Text { get; init; }
    public required PipelineTextFormat Format { get; init; }
    /// <summary>Absolute folder that relative paths in the definition start from.</summary>
    public required string BaseDirectory { get; init; }
    public PipelineSchedule? Schedule { get; init; }
    /// <summary>What starts it beside the schedule.</summary>
    public IReadOnlyList<PipelineTrigger> Triggers { get; init; } = [];
    /// <summary>Null when the definition has errors that hide it.</summary>
    public PipelinePlan? Plan { get; init; }
    public IReadOnlyList<DiagnosticEntry> Diagnostics { get; init; } = [];
    public RunSummary? LastRun { get; init; }
    /// <summary>Parameters that a run may set, with their default values, in the order of the text.</summary>
    public IReadOnlyList<PipelineParameter> Parameters { get; init; } = [];
}

/// <summary>A parameter of a pipeline.</summary>
/// <param name="Default">Its value when a run does not set it.</param>
public sealed record PipelineParameter(string Name, string Default);

/// <summary>One stored version of a pipeline's text.</summary>
public sealed record PipelineVersionEntry(int Version, DateTimeOffset CreatedAt, PipelineTextFormat Format, string Text);

/// <summary>What a run of the pipeline would do, in an order that respects all dependencies.</summary>
public sealed record PipelinePlan(IReadOnlyList<PlannedJob> Jobs);

/// <summary>One node of the plan graph.</summary>
public sealed record PlannedJob
{
    /// <summary><c>ingest.flights</c>, <c>silver.flights_clean</c>, <c>gold.delays</c>.</summary>
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required JobKind Kind { get; init; }
    /// <summary>Ids of the jobs that must succeed before: the edges of the graph.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];
    /// <summary>Tables that it reads, also those that no job of this plan makes.</summary>
    public IReadOnlyList<string> Reads { get; init; } = [];
    /// <summary>The table it makes; null for an ingest that only lands files.</summary>
    public string? Writes { get; init; }
    /// <summary>For a job with many tables: those that are known before it runs.</summary>
    public IReadOnlyList<string> WritesMany { get; init; } = [];
    /// <summary>The worker pool that executes it; null for the runtime itself.</summary>
    public string? Pool { get; init; }
    /// <summary>Why it runs at this place, one sentence.</summary>
    public string Reason { get; init; } = "";
    public bool IsReference { get; init; }
    /// <summary>1-based line of its definition.</summary>
    public int? Line { get; init; }
    /// <summary>Whether a run would build it; null where only the run can tell (ingest jobs) and where nobody asked (only <c>GET /pipelines/{name}/plan</c> does).</summary>
    public PlannedChange? Change { get; init; }
    /// <summary>Why it would be built, for people: <c>bronze.flights is at version 5 (was 3)</c>.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];
}

/// <summary>Whether a run would build a dataset: it is new, something has changed, nothing has, it is built in each run, or an input may change in the run.</summary>
public enum PlannedChange { New, Changed, Unchanged, Always, Depends }

/// <summary>Body of <c>PUT /pipelines/{name}</c>.</summary>
/// <param name="Format">Found out from the text when null.</param>
/// <param name="BaseDirectory">Absolute; null keeps the stored one, or the workspace for a new pipeline. Must lie under an allowed root.</param>
/// <param name="BaseVersion">The version that the text was made from, 0 for a new pipeline: 409 when another one is there by now. Null stores whatever there is.</param>
public sealed record PutPipeline(string Text, PipelineTextFormat? Format = null, string? BaseDirectory = null, int? BaseVersion = null);

/// <summary>Body of <c>POST /pipelines/validate</c>.</summary>
public sealed record ValidatePipeline(string Text, PipelineTextFormat? Format = null, string? BaseDirectory = null);

/// <summary>Answer of <c>POST /pipelines/validate</c>: always 200, the verdict is inside.</summary>
/// <param name="Valid">No diagnostic is an error.</param>
/// <param name="Name">The pipeline's own name as far as it could be read.</param>
public sealed record PipelineValidation(bool Valid, string? Name, IReadOnlyList<DiagnosticEntry> Diagnostics, PipelinePlan? Plan);

/// <summary>Body of <c>POST /pipelines/test</c>.</summary>
/// <param name="Test">The name of one test; null runs all.</param>
public sealed record TestPipeline(string Text, PipelineTextFormat? Format = null, string? BaseDirectory = null, string? Test = null);

/// <summary>What the tests of a pipeline's datasets found.</summary>
/// <param name="Passed">The text has no errors and every test passed.</param>
public sealed record PipelineTestReport(bool Passed, IReadOnlyList<DiagnosticEntry> Diagnostics, IReadOnlyList<DatasetTest> Tests);

/// <summary>One test of a dataset.</summary>
/// <param name="Message">Why it failed; null when it passed.</param>
/// <param name="Missing">Rows that were expected and did not come, as text; at most 10.</param>
/// <param name="Unexpected">Rows that came and were not expected; at most 10.</param>
public sealed record DatasetTest(string Name, string Dataset, bool Passed, string? Message, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, double Seconds);
