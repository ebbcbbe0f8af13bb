using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using FlowForge.Lake.Log;
using FlowForge.Lake.Schema;
using FlowForge.Lake.State;

namespace FlowForge.Lake.Writing;

/// <summary>The actions of one commit on top of one state.</summary>
internal sealed class CommitPlan(string table, LogState latest, CommitOptions options, DateTimeOffset now)
{
    private readonly long milliseconds = now.ToUnixTimeMilliseconds();

    /// <summary>What the transaction's writes brought, null when there were none.</summary>
    public required TableSchema? WrittenSchema { get; init; }

    /// <summary>The table's columns when the commit rewrites them with other types.</summary>
    public TableSchema? ChangedTypes { get; init; }

    public required IReadOnlyList<string>? WrittenPartitions { get; init; }

    public required IReadOnlyList<DataFile> Added { get; init; }

    public required string TransactionId { get; init; }

    /// <summary>The configuration of the state's domain, when the commit carries one.</summary>
    public required string? StateConfiguration { get; init; }

    public List<LogAction> Actions()
    {
        TableFeatures.CheckWritable(latest, table, removesRows: options.Mode != CommitMode.Append && options.DataChange);
        var metadata = Metadata();
        var protocol = TableFeatures.Needed(metadata.Schema, StateConfiguration is not null, latest.Metadata is null ? null : latest.Protocol);
        var removed = Removed();
        var actions = new List<LogAction> { new CommitInfoAction(CommitInfo(metadata, removed.Count)) };
        if (latest.Metadata is null || !ReferenceEquals(protocol, latest.Protocol)) actions.Add(protocol);
        if (!ReferenceEquals(metadata, latest.Metadata)) actions.Add(metadata);
        if (options.Transaction is { } transaction) actions.Add(new TransactionAction(transaction.ApplicationId, transaction.Version, milliseconds));
        if (StateConfiguration is not null) actions.Add(new DomainAction(StateFiles.Domain(options.Transaction!.Value.ApplicationId), StateConfiguration, false));
        actions.AddRange(removed);
        actions.AddRange(Added.Select(f => new AddAction(f, options.DataChange)));
        return actions;
    }

    private List<RemoveAction> Removed()
    {
        var files = options.Mode switch
        {
            CommitMode.Append => [],
            CommitMode.Overwrite => latest.Files.Values.OrderBy(f => f.Order),
            _ => options.Remove.AsEnumerable(),
        };
        return [.. files.Select(f => RemoveAction.Of(f, milliseconds, options.DataChange))];
    }

    private MetadataAction Metadata()
    {
        if (latest.Metadata is not { } old) return New(Guid.NewGuid().ToString(), milliseconds, ImmutableSortedDictionary<string, string>.Empty);
        if (options.Mode == CommitMode.Overwrite && (WrittenSchema ?? options.Schema) is not null)
        {
            var made = New(old.Id, old.CreatedTime, old.Configuration);
            // A column that stays keeps what was noted about it; what this commit says wins.
            var schema = SchemaPlan.WithMetadata(SchemaPlan.WithMetadata(made.Schema, old.Schema), made.Schema);
            var same = SameWithMetadata(schema, old.Schema) && made.PartitionColumns.SequenceEqual(old.PartitionColumns) && (options.Description ?? old.Description) == old.Description;
            return same ? old : WithGreatestId(made with { Schema = schema, Name = old.Name, Description = options.Description ?? old.Description });
        }
        if (WrittenPartitions is { } partitions && !partitions.SequenceEqual(old.PartitionColumns, StringComparer.OrdinalIgnoreCase))
            throw new SchemaMismatchException($"Table {table} is partitioned by ({string.Join(", ", old.PartitionColumns)}), the new rows by ({string.Join(", ", partitions)}). Write them as the table is, or overwrite the table.");
        var before = ChangedTypes ?? old.Schema;
        var merged = WrittenSchema is null ? before : SchemaPlan.Merge(table, before, WrittenSchema, options.Evolution);
        merged = SchemaPlan.WithMetadata(merged, options.Schema);
        if (SameWithMetadata(merged, old.Schema) && (options.Description ?? old.Description) == old.Description) return old;
        return WithGreatestId(old with { Schema = merged, Description = options.Description ?? old.Description });
    }

    private MetadataAction WithGreatestId(MetadataAction metadata) => !ColumnMapping.Of(latest.Protocol, metadata).IsOn ? metadata
        : metadata with { Configuration = metadata.Configuration.SetItem(ColumnMapping.MaxIdKey, new ColumnIds(metadata).Greatest.ToString(CultureInfo.InvariantCulture)) };

    private MetadataAction New(string id, long? created, ImmutableSortedDictionary<string, string> configuration)
    {
        var schema = WrittenSchema ?? options.Schema ?? throw new LakeException($"Table {table} does not exist, and this commit has neither rows nor a schema to make it with.");
        schema = SchemaPlan.WithMetadata(schema, options.Schema);
        var partitions = (WrittenSchema is null ? options.PartitionBy : WrittenPartitions) ?? [];
        var named = partitions.Select(p => schema.Find(p)?.Name ?? throw new LakeException($"Partition column '{p}' is not among the columns of {table}: {schema}.")).ToImmutableArray();
        if (named.Length == schema.Columns.Count) throw new LakeException($"Table {table} would be partitioned by all its columns; at least one must remain in the files.");
        return new MetadataAction(id, table, options.Description, schema, named, configuration, created);
    }

    private static bool SameWithMetadata(TableSchema a, TableSchema b) => a.Equals(b) && SchemaJson.Write(a) == SchemaJson.Write(b);

    private JsonElement CommitInfo(MetadataAction metadata, int removed)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, SchemaJson.Compact))
        {
            json.WriteStartObject();
            json.WriteNumber("timestamp", milliseconds);
            json.WriteString("operation", options.Operation);
            json.WriteStartObject("operationParameters");
            json.WriteString("mode", options.Mode == CommitMode.Append ? "Append" : "Overwrite");
            json.WriteString("partitionBy", JsonSerializer.Serialize([.. metadata.PartitionColumns], PlanJson.Default.StringArray));
            json.WriteEndObject();
            if (latest.Version >= 0) json.WriteNumber("readVersion", latest.Version);
            json.WriteBoolean("isBlindAppend", options.Mode == CommitMode.Append);
            json.WriteStartObject("operationMetrics");
            json.WriteString("numFiles", Added.Count.ToString(CultureInfo.InvariantCulture));
            json.WriteString("numRemovedFiles", removed.ToString(CultureInfo.InvariantCulture));
            json.WriteString("numOutputRows", Added.Sum(f => f.Rows ?? 0).ToString(CultureInfo.InvariantCulture));
            json.WriteString("numOutputBytes", Added.Sum(f => f.Bytes).ToString(CultureInfo.InvariantCulture));
            json.WriteEndObject();
            json.WriteString("engineInfo", "FlowForge");
            json.WriteString("txnId", TransactionId);
            json.WriteStartObject("flowforge");
            foreach (var (key, value) in OwnInfo()) json.WriteString(key, value);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        using var document = JsonDocument.Parse(buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
        return document.RootElement.Clone();
    }

    // For people who read the history; the state file is the truth.
    private SortedDictionary<string, string> OwnInfo()
    {
        var info = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (options.State is { } state)
        {
            info["run"] = state.RunId;
            info["pipeline"] = state.Pipeline;
            info["job"] = state.Job;
            if (state.Cursor is not null) info["cursor"] = state.Cursor;
            var (read, loaded, rejected, deduplicated, filtered) = state.Rows;
            info["rows"] = string.Create(CultureInfo.InvariantCulture, $"read={read} loaded={loaded} rejected={rejected} deduplicated={deduplicated} filtered={filtered}");
        }
        foreach (var (key, value) in options.Info) info[key] = value;
        return info;
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class PlanJson : System.Text.Json.Serialization.JsonSerializerContext;
