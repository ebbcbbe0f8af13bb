using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>An ingest job: what to read and the bronze table it makes. Defaults and aliases are already resolved.</summary>
public sealed record IngestDefinition
{
    public required string Name { get; init; }

    /// <summary>As written: a connector's name or one of the seeds' aliases (<c>file_local</c>, <c>db_query</c> …).</summary>
    public required string SourceType { get; init; }

    /// <summary>The connector behind <see cref="SourceType"/>; null for <c>db_query</c>, where the connection says which.</summary>
    public string? Connector { get; init; }

    /// <summary>Name of a saved connection (<c>connection</c>, or <c>config.connection_id</c>).</summary>
    public string? Connection { get; init; }

    /// <summary>Lower case: <c>csv json ndjson parquet</c> or a reader plugin's; null for sources that hand over rows.</summary>
    public string? Format { get; init; }

    /// <summary>Reference tables are read before all else.</summary>
    public bool IsReference { get; init; }

    /// <summary>False: the files are landed only and no bronze table is made.</summary>
    public bool ForceToParquet { get; init; } = true;

    public PartitionMode PartitionMode { get; init; } = PartitionMode.Date;

    /// <summary>For <see cref="PartitionMode.Date"/>: a pattern of <c>yyyy MM dd HH</c> and slashes.</summary>
    public string PartitionPattern { get; init; } = "yyyy/MM/dd";

    /// <summary>Set for <see cref="PartitionMode.Column"/>; for <see cref="PartitionMode.Date"/> the column that holds the date, null for the run's time.</summary>
    public string? PartitionColumn { get; init; }

    /// <summary>Name of a landed file; knows <c>{timestamp}</c> (fixed for all attempts of a run) and <c>{filename}</c>.</summary>
    public string FilenamePattern { get; init; } = "{timestamp}_{filename}";

    public Compression Compression { get; init; } = Compression.Snappy;

    public LandingMode Landing { get; init; } = LandingMode.Copy;

    /// <summary>Landed files older than this are removed after a run, unless something needs them; null keeps them.</summary>
    public int? LandingRetentionDays { get; init; }

    public SchemaMode SchemaMode { get; init; } = SchemaMode.Infer;

    /// <summary>Empty unless <see cref="SchemaMode"/> is <see cref="SchemaMode.User"/>.</summary>
    public IReadOnlyList<ColumnDefinition> UserSchema { get; init; } = [];

    public ErrorHandling ErrorHandling { get; init; } = ErrorHandling.Fail;

    /// <summary>Set when <see cref="ErrorHandling"/> is <see cref="ErrorHandling.Quarantine"/>: relative to the lake's folder, or absolute.</summary>
    public string? QuarantinePath { get; init; }

    /// <summary>Columns (after renaming) that say which rows are the same.</summary>
    public IReadOnlyList<string> DedupeKeys { get; init; } = [];

    public IncrementalMode IncrementalMode { get; init; } = IncrementalMode.Full;

    /// <summary>Set when <see cref="IncrementalMode"/> is <see cref="IncrementalMode.Incremental"/>.</summary>
    public string? WatermarkColumn { get; init; }

    /// <summary>Where the first run starts; afterwards the truth is in the table's commit.</summary>
    public string? LastWatermarkValue { get; init; }

    /// <summary>How far before the watermark each run begins, so that late rows are seen: a duration as <see cref="Durations"/> reads it, or a number; null for none.</summary>
    public string? LagWindow { get; init; }

    /// <summary>What becomes of rows without a value in the watermark column.</summary>
    public NullCursor NullCursor { get; init; } = NullCursor.Include;

    /// <summary>Rows of the table whose key the source lacks go: deleted, with scd2 closed.</summary>
    public bool DetectDeletes { get; init; }

    /// <summary>Source column name to table column name.</summary>
    public IReadOnlyDictionary<string, string> RenameMap { get; init; } = new Dictionary<string, string>();

    /// <summary>What a source that differs from the table may do; <see cref="DriftColumns"/> says otherwise for single columns.</summary>
    public DriftPolicy Drift { get; init; } = DriftPolicy.Evolve;

    /// <summary>By table column, after renaming; upper and lower case are the same.</summary>
    public IReadOnlyDictionary<string, DriftPolicy> DriftColumns { get; init; } = new Dictionary<string, DriftPolicy>();

    public WriteMode WriteMode { get; init; } = WriteMode.Append;

    /// <summary>More rejects than this fail the run before publishing; null for no limit.</summary>
    public RejectLimit? MaxRejects { get; init; }

    /// <summary>Column name to SQL expression over the renamed columns of the same row.</summary>
    public IReadOnlyDictionary<string, string> Computed { get; init; } = new Dictionary<string, string>();

    /// <summary>SQL condition over the renamed and computed columns; rows for which it is not true are counted as filtered.</summary>
    public string? Filter { get; init; }

    /// <summary>Names or patterns of the source's tables, each read into a bronze table of its own; empty for a job with one table.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>Put before the names of the bronze tables of <see cref="Tables"/>.</summary>
    public string TablePrefix { get; init; } = "";

    /// <summary>The one of <see cref="Tables"/> that this definition was made for, while it runs; null otherwise.</summary>
    public string? SourceTable { get; init; }

    /// <summary>Name of the bronze table, without the layer.</summary>
    public required string Table { get; init; }

    public IReadOnlyList<CheckDefinition> Checks { get; init; } = [];

    /// <summary>The connector's settings as written, numbers and booleans typed. Treat as read-only.</summary>
    public JsonObject Config { get; init; } = [];

    /// <summary>Worker pool; null for the pipeline's.</summary>
    public string? Pool { get; init; }

    /// <summary>1-based line of the job's name in the file.</summary>
    public int Line { get; init; }
}

/// <summary>One column of <c>user_schema</c>.</summary>
/// <param name="Name">Column name in the source.</param>
/// <param name="Type">A DuckDB type in its usual form (<c>BIGINT</c>, <c>DECIMAL(10,2)</c>); aliases such as <c>string</c> are resolved.</param>
/// <param name="Nullable">False: an empty value is a reject.</param>
/// <param name="Format">strptime format for dates and times, null for ISO.</param>
public sealed record ColumnDefinition(string Name, string Type, bool Nullable = true, string? Format = null);

/// <summary>A limit for rejects: exactly one of the two is set.</summary>
/// <param name="Rows">Highest allowed number of rejected rows.</param>
/// <param name="Share">Highest allowed share of the rows read, 0 to 1.</param>
public sealed record RejectLimit(long? Rows, double? Share)
{
    /// <summary>True when <paramref name="rejected"/> of <paramref name="read"/> rows are too many.</summary>
    public bool IsExceeded(long rejected, long read) => Rows is { } rows ? rejected > rows : rejected > Share.GetValueOrDefault(1) * read;
}
