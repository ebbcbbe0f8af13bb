namespace FlowForge.Lake;

/// <summary>One entry of a table's history.</summary>
public sealed record TableVersion
{
    /// <summary>The version, from 0.</summary>
    public required long Version { get; init; }

    /// <summary>When it was committed, UTC.</summary>
    public required DateTimeOffset Committed { get; init; }

    /// <summary>What was done, in Delta's words: WRITE, MERGE, DELETE, OPTIMIZE, RESTORE.</summary>
    public string? Operation { get; init; }

    /// <summary>The run that committed it, when FlowForge did.</summary>
    public string? RunId { get; init; }

    /// <summary>What the writer noted beside the commit (pipeline, job, row equation, cursor). For display only: the truth is the table's state.</summary>
    public IReadOnlyDictionary<string, string> Info { get; init; } = new Dictionary<string, string>();

    /// <summary>Files that became part of the table.</summary>
    public int FilesAdded { get; init; }

    /// <summary>Files that ceased to be part of it.</summary>
    public int FilesRemoved { get; init; }

    /// <summary>Rows in the added files, as far as statistics tell.</summary>
    public long RowsAdded { get; init; }

    /// <summary>Bytes of the added files.</summary>
    public long BytesAdded { get; init; }

    /// <summary>True when this entry set the schema or the table's settings.</summary>
    public bool SchemaChanged { get; init; }
}
