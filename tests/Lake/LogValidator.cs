using System.Text.Json;
using System.Text.RegularExpressions;
using FlowForge.Duck;

namespace FlowForge.Lake.Tests;

/// <summary>
/// Reads a table's folder with nothing of FlowForge.Lake and holds it against the letter of Delta's protocol: entries, actions, features, files, statistics and
/// checkpoints. It knows only what FlowForge writes; a table of another tool may be right and still be refused here.
/// </summary>
public sealed partial class LogValidator(string folder, DuckSession session)
{
    private static readonly string[] Types = ["string", "long", "integer", "short", "byte", "float", "double", "boolean", "binary", "date", "timestamp", "timestamp_ntz"];
    private readonly Dictionary<string, JsonElement> files = [];
    private readonly HashSet<string> everAdded = [];
    private readonly Dictionary<string, long> transactions = [];
    private readonly Dictionary<string, string> domains = [];
    private JsonElement protocol, metadata;
    private Dictionary<string, JsonElement> columns = [];
    private readonly Dictionary<string, JsonElement> everKnown = [];
    private long greatestId;
    private string[] partitions = [];

    /// <summary>Checks the whole log; for a table whose first entries are all there.</summary>
    /// <param name="filesOfOldVersions">False after vacuum: only the newest version's files must exist.</param>
    public void Run(bool filesOfOldVersions = true)
    {
        var log = Path.Combine(folder, "_delta_log");
        var names = Directory.GetFiles(log).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal).ToList();
        Assert.All(names, n => Assert.Matches(@"^(\d{20}\.json|\d{20}\.checkpoint\.parquet|_last_checkpoint)$", n));
        var entries = names.Where(n => n.EndsWith(".json", StringComparison.Ordinal)).ToList();
        Assert.Equal(Enumerable.Range(0, entries.Count).Select(v => $"{v:D20}.json"), entries);
        for (var version = 0; version < entries.Count; version++)
        {
            Entry(version, File.ReadAllText(Path.Combine(log, entries[version])), filesOfOldVersions);
            var checkpoint = Path.Combine(log, $"{version:D20}.checkpoint.parquet");
            if (File.Exists(checkpoint)) Checkpoint(checkpoint);
        }
        foreach (var add in files.Values) DataFile(add);
        var last = Path.Combine(log, "_last_checkpoint");
        if (!File.Exists(last)) return;
        var pointer = JsonDocument.Parse(File.ReadAllText(last)).RootElement;
        var target = Path.Combine(log, $"{pointer.GetProperty("version").GetInt64():D20}.checkpoint.parquet");
        Assert.True(File.Exists(target), $"_last_checkpoint points to {target}");
        Assert.Equal(new FileInfo(target).Length, pointer.GetProperty("sizeInBytes").GetInt64());
        Assert.Equal(session.Scalar<long>($"SELECT count(*) FROM read_parquet({SqlText.Literal(target)})"), pointer.GetProperty("size").GetInt64());
    }

    private void Entry(long version, string text, bool filesMustExist)
    {
        Assert.EndsWith("\n", text);
        Assert.DoesNotContain("\r", text);
        var actions = text.TrimEnd('\n').Split('\n').Select(line =>
        {
            var root = JsonDocument.Parse(line).RootElement;
            var only = Assert.Single(root.EnumerateObject());
            return (only.Name, only.Value);
        }).ToList();
        Assert.All(actions, a => Assert.Contains(a.Name, new[] { "commitInfo", "protocol", "metaData", "add", "remove", "txn", "domainMetadata" }));
        Assert.Equal("commitInfo", actions[0].Name);
        Assert.Single(actions, a => a.Name == "commitInfo");
        Assert.True(actions.Count(a => a.Name == "protocol") <= 1);
        Assert.True(actions.Count(a => a.Name == "metaData") <= 1);
        if (version == 0) Assert.Contains(actions, a => a.Name == "protocol");
        if (version == 0) Assert.Contains(actions, a => a.Name == "metaData");
        foreach (var kind in (string[])["add", "remove"])
        {
            var paths = actions.Where(a => a.Name == kind).Select(a => a.Value.GetProperty("path").GetString()!).ToList();
            Assert.Equal(paths.Count, paths.Distinct().Count());
        }
        Assert.Empty(actions.Where(a => a.Name == "add").Select(a => a.Value.GetProperty("path").GetString()).Intersect(actions.Where(a => a.Name == "remove").Select(a => a.Value.GetProperty("path").GetString())));
        foreach (var (name, value) in actions.Where(a => a.Name is "protocol")) protocol = value;
        foreach (var (name, value) in actions.Where(a => a.Name is "metaData")) Metadata(value);
        foreach (var (name, value) in actions.Where(a => a.Name is "remove")) Remove(value);
        foreach (var (name, value) in actions.Where(a => a.Name is "add")) Add(value, filesMustExist);
        var seen = new HashSet<string>();
        foreach (var (name, value) in actions.Where(a => a.Name is "txn"))
        {
            Assert.True(seen.Add(value.GetProperty("appId").GetString()!));
            transactions[value.GetProperty("appId").GetString()!] = value.GetProperty("version").GetInt64();
        }
        foreach (var (name, value) in actions.Where(a => a.Name is "domainMetadata"))
        {
            Assert.True(seen.Add("domain " + value.GetProperty("domain").GetString()));
            Assert.Contains("domainMetadata", Features("writerFeatures"));
            // A step back takes away what was not there then.
            if (value.GetProperty("removed").GetBoolean()) Assert.True(domains.Remove(value.GetProperty("domain").GetString()!));
            else domains[value.GetProperty("domain").GetString()!] = value.GetProperty("configuration").GetString()!;
        }
        Protocol();
    }

    private string[] Features(string name) =>
        protocol.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(e => e.GetString()!)] : [];

    private void Protocol()
    {
        var (reader, writer) = (protocol.GetProperty("minReaderVersion").GetInt32(), protocol.GetProperty("minWriterVersion").GetInt32());
        Assert.Contains((reader, writer), new[] { (1, 2), (1, 3), (2, 5), (1, 7), (3, 7) });
        var configuration = metadata.GetProperty("configuration").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!);
        if (configuration.Keys.Any(k => k.StartsWith("delta.constraints.", StringComparison.Ordinal))) Assert.True(writer is >= 3 and < 7 || Features("writerFeatures").Contains("checkConstraints"));
        if (configuration.ContainsKey("delta.appendOnly")) Assert.True(writer < 7 || Features("writerFeatures").Contains("appendOnly"));
        if (IsMapped) Assert.True((reader, writer) == (2, 5) || Features("writerFeatures").Contains("columnMapping") && Features("readerFeatures").Contains("columnMapping"));
        Assert.Equal(reader == 3, protocol.TryGetProperty("readerFeatures", out _));
        Assert.Equal(writer == 7, protocol.TryGetProperty("writerFeatures", out _));
        Assert.Subset(Features("writerFeatures").ToHashSet(), Features("readerFeatures").ToHashSet());
        var ntz = columns.Values.Any(c => c.GetProperty("type").GetRawText().Contains("\"timestamp_ntz\"", StringComparison.Ordinal));
        if (ntz) Assert.Contains("timestampNtz", Features("readerFeatures"));
    }

    private void Metadata(JsonElement value)
    {
        metadata = value;
        Assert.True(Guid.TryParse(value.GetProperty("id").GetString(), out _));
        Assert.Equal("parquet", value.GetProperty("format").GetProperty("provider").GetString());
        Assert.Equal(JsonValueKind.Object, value.GetProperty("format").GetProperty("options").ValueKind);
        Assert.Equal(JsonValueKind.Object, value.GetProperty("configuration").ValueKind);
        var schema = JsonDocument.Parse(value.GetProperty("schemaString").GetString()!).RootElement;
        Struct(schema);
        columns = schema.GetProperty("fields").EnumerateArray().ToDictionary(Physical);
        foreach (var column in columns) everKnown[column.Key] = column.Value;
        var byName = schema.GetProperty("fields").EnumerateArray().ToDictionary(f => f.GetProperty("name").GetString()!, Physical);
        partitions = [.. value.GetProperty("partitionColumns").EnumerateArray().Select(p => byName[p.GetString()!])];
        Assert.True(partitions.Length < columns.Count);
        if (!IsMapped) return;
        var ids = new HashSet<long>();
        Mapped(schema, ids);
        var greatest = long.Parse(value.GetProperty("configuration").GetProperty("delta.columnMapping.maxColumnId").GetString()!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(greatest >= ids.Max() && greatest >= greatestId, "delta.columnMapping.maxColumnId went back or lies below an id");
        greatestId = greatest;
    }

    private bool IsMapped => metadata.GetProperty("configuration").TryGetProperty("delta.columnMapping.mode", out var mode) && mode.GetString() != "none";

    // Files, partition values and statistics know a column by its physical name.
    private string Physical(JsonElement field) =>
        IsMapped ? field.GetProperty("metadata").GetProperty("delta.columnMapping.physicalName").GetString()! : field.GetProperty("name").GetString()!;

    // Every field has an id of its own, on all levels.
    private static void Mapped(JsonElement type, HashSet<long> ids)
    {
        if (type.ValueKind != JsonValueKind.Object) return;
        if (type.TryGetProperty("fields", out var fields))
        {
            Assert.Equal(fields.GetArrayLength(), fields.EnumerateArray().Select(f => f.GetProperty("metadata").GetProperty("delta.columnMapping.physicalName").GetString()).Distinct().Count());
            foreach (var field in fields.EnumerateArray())
            {
                Assert.True(ids.Add(field.GetProperty("metadata").GetProperty("delta.columnMapping.id").GetInt64()));
                Mapped(field.GetProperty("type"), ids);
            }
        }
        foreach (var inner in (string[])["elementType", "keyType", "valueType"])
            if (type.TryGetProperty(inner, out var found)) Mapped(found, ids);
    }

    private void Struct(JsonElement schema)
    {
        Assert.Equal("struct", schema.GetProperty("type").GetString());
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in schema.GetProperty("fields").EnumerateArray())
        {
            Assert.Equal(["name", "type", "nullable", "metadata"], field.EnumerateObject().Select(p => p.Name));
            Assert.True(names.Add(field.GetProperty("name").GetString()!));
            if (!IsMapped) Assert.DoesNotMatch("[ ,;{}()\n\t=]", field.GetProperty("name").GetString()!);
            Assert.Equal(JsonValueKind.Object, field.GetProperty("metadata").ValueKind);
            _ = field.GetProperty("nullable").GetBoolean();
            Type(field.GetProperty("type"));
        }
    }

    private void Type(JsonElement type)
    {
        if (type.ValueKind == JsonValueKind.String)
        {
            if (!Types.Contains(type.GetString())) Assert.Matches(@"^decimal\(([1-9]|[12]\d|3[0-8]),\d{1,2}\)$", type.GetString()!);
            return;
        }
        switch (type.GetProperty("type").GetString())
        {
            case "struct": Struct(type); break;
            case "array":
                _ = type.GetProperty("containsNull").GetBoolean();
                Type(type.GetProperty("elementType"));
                break;
            case "map":
                _ = type.GetProperty("valueContainsNull").GetBoolean();
                Type(type.GetProperty("keyType"));
                Type(type.GetProperty("valueType"));
                break;
            default: Assert.Fail(type.GetRawText()); break;
        }
    }

    private void Remove(JsonElement value)
    {
        Assert.True(files.Remove(value.GetProperty("path").GetString()!), $"removed file {value.GetProperty("path")} was not in the table");
        _ = value.GetProperty("dataChange").GetBoolean();
        Assert.True(value.GetProperty("deletionTimestamp").GetInt64() > 0);
        if (value.TryGetProperty("extendedFileMetadata", out var extended) && extended.GetBoolean())
        {
            _ = value.GetProperty("partitionValues");
            _ = value.GetProperty("size").GetInt64();
            Assert.Equal(JsonValueKind.Object, value.GetProperty("tags").ValueKind);
        }
    }

    private void Add(JsonElement value, bool mustExist)
    {
        var path = value.GetProperty("path").GetString()!;
        // Restore may bring a file back; a writer never makes a name twice.
        everAdded.Add(path);
        Assert.DoesNotContain(path, files.Keys);
        Assert.Matches(@"^[A-Za-z0-9\-._~=%/]+$", path);
        Assert.False(path.StartsWith('/') || path.StartsWith('_'));
        Assert.Equal(partitions.Order(), value.GetProperty("partitionValues").EnumerateObject().Select(p => p.Name).Order());
        Assert.All(value.GetProperty("partitionValues").EnumerateObject(), p => Assert.NotEqual("", p.Value.GetString()));
        Assert.True(value.GetProperty("modificationTime").GetInt64() > 0);
        _ = value.GetProperty("dataChange").GetBoolean();
        files[path] = value;
        if (mustExist) Assert.Equal(new FileInfo(Local(path)).Length, value.GetProperty("size").GetInt64());
    }

    private string Local(string path) => Path.Combine(folder, Uri.UnescapeDataString(path));

    // What the log says of a file, against the file.
    private void DataFile(JsonElement add)
    {
        var local = Local(add.GetProperty("path").GetString()!);
        Assert.Equal(new FileInfo(local).Length, add.GetProperty("size").GetInt64());
        var scan = $"read_parquet({SqlText.Literal(GlobSafe(local))}, hive_partitioning=false)";
        var physical = session.Describe($"SELECT * FROM {scan}");
        // Where columns are mapped, one that was taken out stays in the files.
        Assert.All(physical, c => Assert.Contains(c.Name, IsMapped ? everKnown.Keys : columns.Keys));
        Assert.Empty(physical.Select(c => c.Name).Intersect(partitions));
        foreach (var column in physical) Assert.Equal(DuckType((IsMapped ? everKnown : columns)[column.Name].GetProperty("type")), column.Type.Replace("\"", "", StringComparison.Ordinal));
        var instants = session.Rows($"SELECT name, logical_type FROM parquet_schema({SqlText.Literal(GlobSafe(local))}) WHERE logical_type LIKE 'Timestamp%' OR converted_type LIKE 'TIMESTAMP%'");
        Assert.All(instants, t => Assert.Contains("MICROS=MicroSeconds()", t[1]?.ToString()));
        var stats = JsonDocument.Parse(add.GetProperty("stats").GetString()!).RootElement;
        var rows = session.Scalar<long>($"SELECT count(*) FROM {scan}");
        Assert.Equal(rows, stats.GetProperty("numRecords").GetInt64());
        foreach (var (path, value) in Leaves(stats.GetProperty("nullCount"), "")) Assert.Equal(session.Scalar<long>($"SELECT count(*) FROM {scan} WHERE {path} IS NULL"), value.GetInt64());
        foreach (var (path, value) in Leaves(stats.GetProperty("minValues"), "")) Bound(scan, path, value, "<");
        foreach (var (path, value) in Leaves(stats.GetProperty("maxValues"), "")) Bound(scan, path, value, ">");
    }

    private void Bound(string scan, string path, JsonElement value, string beyond)
    {
        var type = session.Describe($"SELECT {path} FROM {scan}")[0].Type;
        var literal = value.ValueKind == JsonValueKind.String ? $"CAST({SqlText.Literal(value.GetString()!)} AS {type})" : value.GetRawText();
        Assert.Equal(0, session.Scalar<long>($"SET TimeZone='UTC'; SELECT count(*) FROM {scan} WHERE {path} {beyond} {literal}"));
        // Bounds of numbers and dates are exact.
        if (type is not ("VARCHAR" or "TIMESTAMP" or "TIMESTAMP WITH TIME ZONE")) Assert.NotEqual(0, session.Scalar<long>($"SELECT count(*) FROM {scan} WHERE {path} = {literal}"));
        if (type.StartsWith("TIMESTAMP", StringComparison.Ordinal)) Assert.Matches(type == "TIMESTAMP" ? @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$" : @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", value.GetString()!);
    }

    private static IEnumerable<(string Path, JsonElement Value)> Leaves(JsonElement tree, string prefix) => tree.EnumerateObject().SelectMany(p =>
        p.Value.ValueKind == JsonValueKind.Object ? Leaves(p.Value, prefix + SqlText.Identifier(p.Name) + ".") : [(prefix + SqlText.Identifier(p.Name), p.Value)]);

    // The state that the entries give is what the checkpoint must hold.
    private void Checkpoint(string path)
    {
        var scan = $"read_parquet({SqlText.Literal(GlobSafe(path))})";
        var types = session.Describe($"SELECT * FROM {scan}").ToDictionary(c => c.Name, c => c.Type.Replace("\"", "", StringComparison.Ordinal));
        Assert.Equal("STRUCT(appId VARCHAR, version BIGINT, lastUpdated BIGINT)", types["txn"]);
        Assert.Equal("STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, dataChange BOOLEAN, stats VARCHAR, tags MAP(VARCHAR, VARCHAR))", types["add"]);
        Assert.Equal("STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, extendedFileMetadata BOOLEAN, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT)", types["remove"]);
        Assert.Equal("STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[], writerFeatures VARCHAR[])", types["protocol"]);
        Assert.Equal("STRUCT(domain VARCHAR, configuration VARCHAR, removed BOOLEAN)", types["domainMetadata"]);
        Assert.DoesNotContain("commitInfo", types.Keys);
        var one = string.Join(" + ", types.Keys.Select(k => $"CASE WHEN {SqlText.Identifier(k)} IS NULL THEN 0 ELSE 1 END"));
        Assert.Equal(0, session.Scalar<long>($"SELECT count(*) FROM {scan} WHERE {one} <> 1"));
        Assert.Equal(1, session.Scalar<long>($"SELECT count(*) FROM {scan} WHERE protocol IS NOT NULL"));
        Assert.Equal(metadata.GetProperty("schemaString").GetString(), session.Scalar<string>($"SELECT metaData.schemaString FROM {scan} WHERE metaData IS NOT NULL"));
        Assert.Equal(metadata.GetProperty("id").GetString(), session.Scalar<string>($"SELECT metaData.id FROM {scan} WHERE metaData IS NOT NULL"));
        var adds = session.Rows($"SELECT add.path, add.size, CAST(to_json(add.partitionValues) AS VARCHAR), add.stats, add.dataChange FROM {scan} WHERE add IS NOT NULL").ToDictionary(r => (string)r[0]!);
        Assert.Equal(files.Keys.Order(), adds.Keys.Order());
        foreach (var (key, add) in files)
        {
            Assert.Equal(add.GetProperty("size").GetInt64(), adds[key][1]);
            Assert.Equal(add.GetProperty("partitionValues").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()),
                JsonDocument.Parse((string)adds[key][2]!).RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()));
            Assert.Equal(add.GetProperty("stats").GetString(), adds[key][3]);
            Assert.Equal(false, adds[key][4]);
        }
        Assert.Equal(transactions, session.Rows($"SELECT txn.appId, txn.version FROM {scan} WHERE txn IS NOT NULL").ToDictionary(r => (string)r[0]!, r => (long)r[1]!));
        Assert.Equal(domains, session.Rows($"SELECT domainMetadata.domain, domainMetadata.configuration FROM {scan} WHERE domainMetadata IS NOT NULL").ToDictionary(r => (string)r[0]!, r => (string)r[1]!));
        var removed = session.Rows($"SELECT remove.path FROM {scan} WHERE remove IS NOT NULL").Select(r => (string)r[0]!).ToList();
        Assert.Empty(removed.Intersect(files.Keys));
        Assert.Subset(everAdded, removed.ToHashSet());
    }

    private string DuckType(JsonElement type) => type.ValueKind == JsonValueKind.String
        ? type.GetString() switch
        {
            "string" => "VARCHAR", "long" => "BIGINT", "integer" => "INTEGER", "short" => "SMALLINT", "byte" => "TINYINT", "float" => "FLOAT", "double" => "DOUBLE",
            "boolean" => "BOOLEAN", "binary" => "BLOB", "date" => "DATE", "timestamp" => "TIMESTAMP WITH TIME ZONE", "timestamp_ntz" => "TIMESTAMP", var other => other!.ToUpperInvariant(),
        }
        : type.GetProperty("type").GetString() switch
        {
            "array" => DuckType(type.GetProperty("elementType")) + "[]",
            "map" => $"MAP({DuckType(type.GetProperty("keyType"))}, {DuckType(type.GetProperty("valueType"))})",
            _ => $"STRUCT({string.Join(", ", type.GetProperty("fields").EnumerateArray().Select(f => Physical(f) + " " + DuckType(f.GetProperty("type"))))})",
        };

    private static string GlobSafe(string path) => Pattern().Replace(path, "[$0]");

    [GeneratedRegex(@"[*?\[]")]
    private static partial Regex Pattern();
}
