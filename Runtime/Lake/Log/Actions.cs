using System.Collections.Immutable;
using System.Text.Json;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Log;

/// <summary>One action of a Delta log entry.</summary>
internal abstract record LogAction;

/// <summary>What a client must be able to do to read or write the table.</summary>
internal sealed record ProtocolAction(int MinReaderVersion, int MinWriterVersion, ImmutableArray<string>? ReaderFeatures, ImmutableArray<string>? WriterFeatures) : LogAction;

/// <summary>The table's identity, schema and settings.</summary>
internal sealed record MetadataAction(
    string Id,
    string? Name,
    string? Description,
    TableSchema Schema,
    ImmutableArray<string> PartitionColumns,
    ImmutableSortedDictionary<string, string> Configuration,
    long? CreatedTime) : LogAction;

/// <summary>A file becomes part of the table.</summary>
internal sealed record AddAction(DataFile File, bool DataChange) : LogAction;

/// <summary>A file is no longer part of the table; it stays on disk until vacuum takes it.</summary>
internal sealed record RemoveAction(
    string Path,
    long DeletionTimestamp,
    bool DataChange,
    ImmutableSortedDictionary<string, string?>? PartitionValues,
    long? Size,
    DeletionVector? DeletionVector = null) : LogAction
{
    /// <summary>Takes a file of a snapshot out of the table.</summary>
    public static RemoveAction Of(DataFile file, long milliseconds, bool dataChange) =>
        new(file.Uri, milliseconds, dataChange, (ImmutableSortedDictionary<string, string?>)file.PartitionValues, file.Bytes, file.DeletionVector);
}

/// <summary>How far an application has got with this table.</summary>
internal sealed record TransactionAction(string ApplicationId, long Version, long? LastUpdated) : LogAction;

/// <summary>A named piece of configuration.</summary>
internal sealed record DomainAction(string Domain, string Configuration, bool Removed) : LogAction;

/// <summary>Who did what; not part of the table's state.</summary>
internal sealed record CommitInfoAction(JsonElement Content) : LogAction;

/// <summary>A file beside a V2 checkpoint that holds a part of its actions.</summary>
internal sealed record SidecarAction(string Path) : LogAction;

/// <summary>Change data of a commit: nothing that a snapshot needs.</summary>
internal sealed record IgnoredAction(string Kind) : LogAction;
