using System.Text.Json;
using FlowForge.Duck;
using FlowForge.Lake.Files;
using FlowForge.Lake.Schema;
using FlowForge.Lake.Writing;

namespace FlowForge.Lake.Log;

/// <summary>Classic (V1) checkpoints: one Parquet row an action, one struct column a kind of action.</summary>
internal static class CheckpointFile
{
    /// <summary>A checkpoint is written after every so many commits.</summary>
    public const int Interval = 10;

    private static readonly (string Kind, string Type)[] Columns =
    [
        ("txn", "STRUCT(appId VARCHAR, \"version\" BIGINT, lastUpdated BIGINT)"),
        ("add", "STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, dataChange BOOLEAN, stats VARCHAR, tags MAP(VARCHAR, VARCHAR))"),
        ("remove", "STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, extendedFileMetadata BOOLEAN, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT)"),
        ("metaData", "STRUCT(id VARCHAR, name VARCHAR, description VARCHAR, \"format\" STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR, " +
            "partitionColumns VARCHAR[], configuration MAP(VARCHAR, VARCHAR), createdTime BIGINT)"),
        ("protocol", "STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[], writerFeatures VARCHAR[])"),
        ("domainMetadata", "STRUCT(\"domain\" VARCHAR, configuration VARCHAR, removed BOOLEAN)"),
    ];

    private const string VectorField = ", deletionVector STRUCT(storageType VARCHAR, pathOrInlineDv VARCHAR, \"offset\" INTEGER, sizeInBytes INTEGER, cardinality BIGINT))";

    /// <summary>The actions of a checkpoint of any form: classic, in parts, or V2 with sidecar files.</summary>
    public static List<LogAction> Read(IFileStore files, CheckpointSet checkpoint)
    {
        using var session = LogEngine.Connect();
        var actions = new List<LogAction>();
        var sidecars = new List<string>();
        foreach (var path in checkpoint.Paths)
        {
            if (path.EndsWith(".json", StringComparison.Ordinal)) ReadJson(files, path, actions, sidecars);
            else ReadParquet(files, session, path, actions, sidecars);
        }
        // The log gives the name only; a path would have to lie in the same folder.
        foreach (var sidecar in sidecars) ReadParquet(files, session, $"{LogPaths.Sidecars}/{FilePaths.Decode(sidecar[(sidecar.LastIndexOf('/') + 1)..])}", actions, []);
        if (!actions.OfType<MetadataAction>().Any()) throw new LakeException($"Checkpoint {checkpoint.Paths[0]} of {files.Root} has no metaData action.");
        return actions;
    }

    private static void ReadParquet(IFileStore files, DuckSession session, string path, List<LogAction> actions, List<string> sidecars)
    {
        using var file = files.Borrow(path);
        var source = $"read_parquet({SqlText.File(file.Path)}, hive_partitioning=false, binary_as_string=true)";
        var present = session.Describe($"SELECT * FROM {source}").Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (kind, _) in Columns.Where(c => present.Contains(c.Kind)))
        {
            var name = SqlText.Identifier(kind);
            foreach (var row in DuckRows.Read(session, $"SELECT CAST(to_json({name}) AS VARCHAR) FROM {source} WHERE {name} IS NOT NULL"))
            {
                using var document = JsonDocument.Parse((string)row[0]!);
                actions.Add(ActionReader.Read(kind, document.RootElement));
            }
        }
        if (present.Contains("sidecar")) sidecars.AddRange(DuckRows.Read(session, $"SELECT sidecar.path FROM {source} WHERE sidecar IS NOT NULL").Select(r => (string)r[0]!));
    }

    private static void ReadJson(IFileStore files, string path, List<LogAction> actions, List<string> sidecars)
    {
        var content = files.Read(path) ?? throw new LakeException($"Checkpoint {path} of {files.Root} is gone.");
        foreach (var action in ActionReader.Read(content, path))
        {
            if (action is SidecarAction sidecar) sidecars.Add(sidecar.Path);
            else actions.Add(action);
        }
    }

    /// <summary>Writes the checkpoint of a state and points <c>_last_checkpoint</c> to it. One that is there already stays.</summary>
    public static void Write(IFileStore files, LogState state, DateTimeOffset now)
    {
        var target = LogPaths.Checkpoint(state.Version);
        if (files.Exists(target)) return;
        using var lease = new WriterLease(files);
        var rows = Path.Combine(lease.Folder, "actions.json");
        var parquet = Path.Combine(lease.Folder, "checkpoint.parquet");
        var vectors = state.Files.Values.Any(f => f.DeletionVector is not null) || state.Tombstones.Values.Any(t => t.DeletionVector is not null);
        var (actions, adds, longest) = WriteRows(rows, state, now);
        using (var session = LogEngine.Connect())
        {
            var columns = string.Join(", ", Columns.Select(c => $"{SqlText.Literal(c.Kind)}: {SqlText.Literal(vectors && c.Kind is ("add" or "remove") ? c.Type[..^1] + VectorField : c.Type)}"));
            session.Execute($"COPY (SELECT * FROM read_json({SqlText.Literal(rows)}, format='newline_delimited', maximum_object_size={longest + 1024}, columns={{{columns}}})) " +
                $"TO {SqlText.Literal(parquet)} (FORMAT parquet, COMPRESSION snappy)");
        }
        var bytes = new FileInfo(parquet).Length;
        try
        {
            files.Publish(parquet, target);
        }
        catch (IOException) when (files.Exists(target))
        {
            return; // Another writer made the same one.
        }
        files.Settle(LogPaths.Folder);
        files.Put(LogPaths.LastCheckpoint, LastCheckpoint(state.Version, actions, adds, bytes));
    }

    private static (long Actions, long Adds, long LongestRow) WriteRows(string path, LogState state, DateTimeOffset now)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16);
        using var json = new Utf8JsonWriter(file, SchemaJson.Compact);
        // DuckDB sets a buffer of twice the longest object aside: no more than needed, and not less than a sensible read.
        long count = 0, longest = 1 << 20;
        foreach (var action in Actions(state, now))
        {
            ActionJson.Write(json, action, checkpoint: true);
            json.Flush();
            longest = Math.Max(longest, json.BytesCommitted);
            json.Reset();
            file.WriteByte((byte)'\n');
            count++;
        }
        return (count, state.Files.Count, longest);
    }

    private static IEnumerable<LogAction> Actions(LogState state, DateTimeOffset now)
    {
        yield return state.Protocol;
        if (state.Metadata is not null) yield return state.Metadata;
        foreach (var transaction in state.Transactions.Values.OrderBy(t => t.ApplicationId, StringComparer.Ordinal)) yield return transaction;
        foreach (var domain in state.Domains.Values.OrderBy(d => d.Domain, StringComparer.Ordinal)) yield return domain;
        var expired = (now - TableSettings.DeletedFileRetention(state.Metadata)).ToUnixTimeMilliseconds();
        foreach (var tombstone in state.Tombstones.Values.Where(t => t.DeletionTimestamp > expired).OrderBy(t => t.Path, StringComparer.Ordinal)) yield return tombstone;
        foreach (var file in state.Files.Values.OrderBy(f => f.Order)) yield return new AddAction(file, false);
    }

    private static byte[] LastCheckpoint(long version, long actions, long adds, long bytes)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version", version);
            json.WriteNumber("size", actions);
            json.WriteNumber("sizeInBytes", bytes);
            json.WriteNumber("numOfAddFiles", adds);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }
}
