using FlowForge.Lake.Schema;
using FlowForge.Lake.Writing;

namespace FlowForge.Lake;

/// <summary>What a commit does to the rows that are there.</summary>
public enum CommitMode
{
    /// <summary>New rows beside the old ones.</summary>
    Append,

    /// <summary>New rows instead of all old ones; the schema may change freely.</summary>
    Overwrite,

    /// <summary>Some files give way to others: <see cref="CommitOptions.Remove"/>.</summary>
    Replace,
}

/// <summary>How rows become Parquet files.</summary>
public sealed record WriteOptions
{
    /// <summary>Decides which schema the rows must fit: the table's for append and replace, none for overwrite.</summary>
    public CommitMode Mode { get; init; } = CommitMode.Append;

    /// <summary>Partition columns of a new or overwritten table. Null takes the table's own.</summary>
    public IReadOnlyList<string>? PartitionBy { get; init; }

    /// <summary><c>zstd</c>, <c>snappy</c>, <c>gzip</c> or <c>none</c>.</summary>
    public string Compression { get; init; } = "zstd";

    /// <summary>A file is closed when it has about so many bytes; unpartitioned tables only.</summary>
    public long TargetFileBytes { get; init; } = 512L << 20;

    /// <summary>Tags that the new files get in the log.</summary>
    internal IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>The most values of a dictionary in the files; null: DuckDB's own limit. See <see cref="DictionarySize"/>.</summary>
    internal long? DictionaryEntries { get; init; }

    /// <summary>Types and metadata for columns of these names, which win over what the query gives: the rows are cast.</summary>
    public TableSchema? Schema { get; init; }
}

/// <summary>What to do when rows have columns that the table has not.</summary>
public enum SchemaEvolution
{
    /// <summary>New columns are added to the table; older rows have NULL there.</summary>
    AddColumns,

    /// <summary>The commit is refused.</summary>
    Refuse,
}

/// <summary>What a commit says.</summary>
public sealed record CommitOptions
{
    /// <summary>What happens to the rows that are there.</summary>
    public CommitMode Mode { get; init; } = CommitMode.Append;

    /// <summary>New columns: added or refused.</summary>
    public SchemaEvolution Evolution { get; init; } = SchemaEvolution.AddColumns;

    /// <summary>The schema of a table that is made or overwritten without any write in this transaction; and metadata (original names) for columns by name.</summary>
    public TableSchema? Schema { get; init; }

    /// <summary>Partition columns for the same case.</summary>
    public IReadOnlyList<string>? PartitionBy { get; init; }

    /// <summary>Makes the commit happen at most once: an application's versions must rise.</summary>
    public (string ApplicationId, long Version)? Transaction { get; init; }

    /// <summary>Where the job stands after this commit. Needs <see cref="Transaction"/>.</summary>
    public JobState? State { get; init; }

    /// <summary>Files that cease to be part of the table; for <see cref="CommitMode.Replace"/>.</summary>
    public IReadOnlyList<DataFile> Remove { get; init; } = [];

    /// <summary>False when the commit only arranges the same rows anew.</summary>
    public bool DataChange { get; init; } = true;

    /// <summary>Delta's word for what is done.</summary>
    public string Operation { get; init; } = "WRITE";

    /// <summary>Shown in the history: run, row equation, cursor and so on.</summary>
    public IReadOnlyDictionary<string, string> Info { get; init; } = new Dictionary<string, string>();

    /// <summary>Sets the table's description.</summary>
    public string? Description { get; init; }
}

/// <summary>A commit that is done.</summary>
/// <param name="Version">The version that holds it (when it was committed by an earlier attempt: the table's newest version).</param>
/// <param name="AlreadyCommitted">True when an earlier attempt had committed the transaction: nothing was published now.</param>
/// <param name="RowsAdded">Rows in the added files.</param>
/// <param name="BytesAdded">Bytes of the added files.</param>
/// <param name="FilesAdded">Number of added files.</param>
/// <param name="FilesRemoved">Number of removed files.</param>
public sealed record CommitResult(long Version, bool AlreadyCommitted, long RowsAdded, long BytesAdded, int FilesAdded, int FilesRemoved);
