using System.Collections.Immutable;
using System.Text.Json;
using FlowForge.Lake.Log;

namespace FlowForge.Lake;

/// <summary>A Parquet file of a table. Immutable.</summary>
public sealed class DataFile
{
    private long? rows;

    internal DataFile(
        string uri,
        ImmutableSortedDictionary<string, string?> partitionValues,
        long bytes,
        long modified,
        string? statistics,
        ImmutableSortedDictionary<string, string>? tags = null,
        DeletionVector? deletionVector = null)
    {
        Uri = uri;
        PartitionValues = partitionValues;
        Bytes = bytes;
        ModifiedMilliseconds = modified;
        StatisticsJson = statistics;
        Tags = tags;
        DeletionVector = deletionVector;
    }

    /// <summary>The path relative to the table's folder, decoded; absolute for files that other tools placed elsewhere.</summary>
    public string Path => FilePaths.Decode(Uri);

    /// <summary>Value of each partition column as Delta writes it; null is NULL.</summary>
    public IReadOnlyDictionary<string, string?> PartitionValues { get; }

    /// <summary>Size of the file.</summary>
    public long Bytes { get; }

    /// <summary>When the file was made, UTC.</summary>
    public DateTimeOffset Modified => DateTimeOffset.FromUnixTimeMilliseconds(ModifiedMilliseconds);

    /// <summary>Rows of the table in the file (those that a deletion vector takes away do not count), or null when its writer gave no statistics.</summary>
    public long? Rows => rows ??= ReadRows();

    /// <summary>The statistics of the log, JSON, or null.</summary>
    public string? StatisticsJson { get; }

    /// <summary>The path as the log has it: the file's key.</summary>
    internal string Uri { get; }

    internal long ModifiedMilliseconds { get; }

    internal ImmutableSortedDictionary<string, string>? Tags { get; }

    /// <summary>The rows that no longer count, where another tool deleted some without writing the file anew.</summary>
    internal DeletionVector? DeletionVector { get; }

    /// <summary>Position in the order in which files came to the table.</summary>
    internal long Order { get; init; }

    internal DataFile At(long order) =>
        new(Uri, (ImmutableSortedDictionary<string, string?>)PartitionValues, Bytes, ModifiedMilliseconds, StatisticsJson, Tags, DeletionVector) { Order = order, rows = rows };

    private long? ReadRows()
    {
        if (StatisticsJson is null) return null;
        using var document = JsonDocument.Parse(StatisticsJson);
        return document.RootElement.TryGetProperty("numRecords", out var number) && number.TryGetInt64(out var count) ? count - (DeletionVector?.Cardinality ?? 0) : null;
    }
}
