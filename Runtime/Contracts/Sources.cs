namespace FlowForge.Contracts;

/// <summary>Kind of a source, for its card.</summary>
public enum SourceKind { File, Database, Api, Stream }

/// <summary>What an ingest job reads, and how it has been going. What nobody has measured is null.</summary>
public sealed record SourceCard
{
    public required string Pipeline { get; init; }
    /// <summary>Without <c>ingest.</c>.</summary>
    public required string Job { get; init; }
    public required SourceKind Kind { get; init; }
    public required string Connector { get; init; }
    /// <summary>Null when the connector is not installed.</summary>
    public string? ConnectorTitle { get; init; }
    public string? Connection { get; init; }
    /// <summary>Host or address of the connection, without user, password and query.</summary>
    public string? Host { get; init; }
    /// <summary>What is read: path, table, endpoint, topic; a query cut to a line.</summary>
    public string? Reads { get; init; }
    /// <summary>Null for a job that only lands, or has many tables.</summary>
    public string? Table { get; init; }
    public ConnectionTestResult? LastTest { get; init; }
    public Ingestion? LastSync { get; init; }
    /// <summary>By the pipeline's schedule; null when it has none.</summary>
    public DateTimeOffset? NextSync { get; init; }
    /// <summary>Runs of the job that failed in the last 24 hours.</summary>
    public long Errors24h { get; init; }
    /// <summary>For files: how many the table has read, and the newest of them.</summary>
    public long? FilesRead { get; init; }
    public IReadOnlyList<SourceFileEntry> NewestFiles { get; init; } = [];
    /// <summary>How far an incremental job has got.</summary>
    public string? Watermark { get; init; }
    /// <summary>Changes of the source's schema that wait for somebody's word.</summary>
    public int HeldChanges { get; init; }
    /// <summary>When the table's schema changed last, after it was made.</summary>
    public DateTimeOffset? SchemaChangedAt { get; init; }
    /// <summary>What the connector reports of its connection: lag, requests left, expiry of the login.</summary>
    public IReadOnlyList<ConnectionHealthFact> Health { get; init; } = [];
}

/// <summary>A file that a table has read.</summary>
public sealed record SourceFileEntry(string Path, long Bytes, long Rows, DateTimeOffset SeenAt, DateTimeOffset? Modified, bool Duplicate);

/// <summary>What lies at a source of files now, against what its table has read.</summary>
/// <param name="Listed">Files at the source.</param>
/// <param name="New">Files that a run would read: never read under this path, or changed since. At most 100 of them.</param>
public sealed record SourceLook(int Listed, int NewCount, IReadOnlyList<NewSourceFile> New, DateTimeOffset At);

/// <param name="Bytes">Null where the source does not tell.</param>
/// <param name="Changed">It was read before with another content.</param>
public sealed record NewSourceFile(string Path, long? Bytes, DateTimeOffset? Modified, bool Changed);

/// <summary>One ingest job of one run.</summary>
public sealed record Ingestion
{
    public required string Run { get; init; }
    public required string Pipeline { get; init; }
    /// <summary><c>ingest.orders</c>.</summary>
    public required string Job { get; init; }
    public string? Table { get; init; }
    /// <summary>As the pipeline said it then; null when nothing can be made of its text any more.</summary>
    public string? Connector { get; init; }
    public string? Connection { get; init; }
    public required string Trigger { get; init; }
    public required RunState State { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public double? Seconds { get; init; }
    public long Fetched { get; init; }
    /// <summary>Null where nobody counted: what the loaded rows did to the table.</summary>
    public RowChanges? Changes { get; init; }
    public long Loaded { get; init; }
    /// <summary>Deduplicated and filtered.</summary>
    public long Skipped { get; init; }
    public long Rejected { get; init; }
    public long Bytes { get; init; }
    public string? Note { get; init; }
    public JobError? Error { get; init; }
}

/// <summary>Filter of <c>GET /ingestions</c>; newest first. Null means any.</summary>
public sealed record IngestionQuery
{
    public string? Pipeline { get; init; }
    public RunState? State { get; init; }
    /// <summary>Started at or after.</summary>
    public DateTimeOffset? From { get; init; }
    /// <summary>Started before.</summary>
    public DateTimeOffset? To { get; init; }
    /// <summary>That fetched at least so many rows.</summary>
    public long? MinRows { get; init; }
    /// <summary>Only those with rejects.</summary>
    public bool Rejects { get; init; }
    /// <summary>Part of the name of pipeline, job or table.</summary>
    public string? Search { get; init; }
    public int Page { get; init; } = 1;
    public int Size { get; init; } = 50;
}

/// <summary>What a run and the runtime's process were like at a moment.</summary>
/// <param name="Rows">So far, of all jobs.</param>
/// <param name="Cpu">Cores at work since the sample before: of the runtime's process, so also of what else it did then; jobs of worker pools are not in it.</param>
/// <param name="Memory">Bytes that the runtime's process held.</param>
public sealed record RunSampleEntry(DateTimeOffset At, long Rows, long Bytes, double Cpu, long Memory);
