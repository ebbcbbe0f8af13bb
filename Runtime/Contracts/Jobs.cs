namespace FlowForge.Contracts;

/// <summary>Body of <c>POST /pipelines/{name}/jobs/{job}/dry-run</c>.</summary>
/// <param name="Rows">Rows that are read from a source of rows: 1 to 100,000, 1,000 when left out. Files are cut after some megabytes.</param>
public sealed record StartDryRun(long? Rows = null);

/// <summary>Body of <c>POST /jobs/dry-run</c>: a job of a text that is stored nowhere yet.</summary>
/// <param name="BaseDirectory">Null takes the workspace.</param>
public sealed record DryRunDraft(string Text, string Job, PipelineTextFormat? Format = null, string? BaseDirectory = null, long? Rows = null);

/// <summary>An ingest job as its pipeline's text says it, for a form.</summary>
/// <param name="Version">The pipeline's version that it was read from.</param>
/// <param name="Settings">The job's fields; aliases are resolved, unknown fields kept.</param>
/// <param name="Schedule">The pipeline's, null when it has none; the short form is spelled out.</param>
/// <param name="Triggers">The pipeline's, as a list.</param>
public sealed record JobSettings(string Pipeline, int Version, string Job, System.Text.Json.JsonElement Settings, System.Text.Json.JsonElement? Schedule, System.Text.Json.JsonElement? Triggers);

/// <summary>What starts a pipeline by itself, as its text says it, for a form.</summary>
/// <param name="Schedule">Null when it has none; the short form is spelled out.</param>
/// <param name="Triggers">A list; null when it has none.</param>
public sealed record PipelineStartTexts(string Pipeline, int Version, System.Text.Json.JsonElement? Schedule, System.Text.Json.JsonElement? Triggers);

/// <summary>Body of <c>POST /jobs/draft</c>: an ingest job as a form has it.</summary>
public sealed record JobDraft
{
    /// <summary>An existing pipeline, or the name of a new one.</summary>
    public required string Pipeline { get; init; }
    /// <summary>The description of a new pipeline.</summary>
    public string? Description { get; init; }
    public required string Job { get; init; }
    /// <summary>True changes a job that is there; false makes one, and refuses a name that is taken.</summary>
    public bool Existing { get; init; }
    /// <summary>All fields of the job: what is not here goes.</summary>
    public required System.Text.Json.JsonElement Settings { get; init; }
    /// <summary>Schedule and triggers are the pipeline's; false leaves them as they are.</summary>
    public bool ChangeStarts { get; init; }
    /// <summary>Null takes it away.</summary>
    public System.Text.Json.JsonElement? Schedule { get; init; }
    /// <summary>A list; null or an empty one takes them away.</summary>
    public System.Text.Json.JsonElement? Triggers { get; init; }
}

/// <summary>What storing a draft would do to the pipeline's text; nothing was stored.</summary>
/// <param name="Before">Empty for a new pipeline.</param>
/// <param name="BaseVersion">The version that the text was made from; 0 for a new pipeline. Give it to <c>PUT /pipelines/{name}</c>.</param>
/// <param name="Folder">Where relative paths start.</param>
public sealed record JobDraftPreview(string Pipeline, string Job, string Before, string After, int BaseVersion, PipelineTextFormat Format, string Folder, PipelineValidation Validation);

/// <summary>What a run of an ingest job would do, from the beginning of its source; nothing was published.</summary>
/// <param name="Rows">The row equation of the part that was read.</param>
/// <param name="Sample">Some of the rows as they would stand in the table, each a JSON object by column.</param>
/// <param name="Rejects">Some of the rows that would be rejected.</param>
/// <param name="Read">What was read, and whether only its beginning was.</param>
/// <param name="Effect">What would be written, in one sentence.</param>
/// <param name="Problem">Why a run would publish nothing; null when it would.</param>
public sealed record DryRunReport(RowCounts Rows, RowChanges Changes, IReadOnlyList<DryRunColumn> Columns, IReadOnlyList<System.Text.Json.JsonElement> Sample, IReadOnlyList<DryRunReject> Rejects,
    IReadOnlyList<RejectReason> Reasons, IReadOnlyList<string> Read, string Effect, JobError? Problem);

/// <param name="Change"><c>new</c>, <c>same</c>, or the type that the table has now.</param>
public sealed record DryRunColumn(string Name, string Type, string Source, string Change);

/// <summary>A row that would be rejected.</summary>
public sealed record DryRunReject(string File, long? Record, string Reason, string Message, string? Column, string? Raw);

/// <summary>Where a row of a bronze table comes from.</summary>
/// <param name="Version">Table version that the run committed; null when the history no longer tells.</param>
/// <param name="File">The source file, or the part of a read of rows.</param>
/// <param name="Record">Number of the record in it, from 1.</param>
/// <param name="LandedFile">The copy in the landing layer; null when there is none.</param>
/// <param name="Raw">The record as it was received; rows of a database as JSON.</param>
/// <param name="Note">Why something is missing.</param>
public sealed record RowOrigin(string Pipeline, string Job, string Run, long? Version, string File, long Record, string? LandedFile, string? Raw, string? Note);

/// <summary>Body of <c>POST /tables/bronze/{name}/watermark</c>.</summary>
/// <param name="Value">In the column's text form; null: the next run reads all again.</param>
/// <param name="DryRun">Only say what it means.</param>
public sealed record SetWatermark(string? Value, bool DryRun = false);

/// <summary>What setting a watermark means.</summary>
/// <param name="From">Where it stood.</param>
/// <param name="To">Where it stands then; null for the beginning.</param>
/// <param name="RowsThere">Rows of the table that the next run reads again.</param>
/// <param name="Version">The table version that keeps it; null after a dry run.</param>
public sealed record WatermarkSet(string Column, string? From, string? To, long RowsThere, string Effect, long? Version);
