using System.Text.Json;
using FlowForge.Duck;

namespace FlowForge.Lake.Tests;

/// <summary>A table as another tool would have written it: files by DuckDB, the log by hand after the protocol's text.</summary>
internal sealed class ForeignTable
{
    private readonly TestLake lake;

    public ForeignTable(TestLake lake, string name = "t")
    {
        this.lake = lake;
        lake.Tampered = true;
        Folder = Path.Combine(lake.Folder, "bronze", name);
        Directory.CreateDirectory(Path.Combine(Folder, "_delta_log"));
    }

    public string Folder { get; }

    public string Log(string name) => Path.Combine(Folder, "_delta_log", name);

    /// <summary>Writes a Parquet file below the table.</summary>
    /// <returns>Its size.</returns>
    public long Parquet(string path, string select, string options = "")
    {
        var full = Path.Combine(Folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        lake.Session.Execute($"COPY ({select}) TO {SqlText.Literal(full)} (FORMAT parquet{options})");
        return new FileInfo(full).Length;
    }

    public void Entry(long version, params object[] actions) => File.WriteAllLines(Log($"{version:D20}.json"), actions.Select(a => a as string ?? JsonSerializer.Serialize(a)));

    public object Add(string path, string select, string options = "", object? partitionValues = null, string? stats = null, object? vector = null)
    {
        var size = Parquet(path, select, options);
        var add = new Dictionary<string, object?> { ["path"] = path, ["partitionValues"] = partitionValues ?? new { }, ["size"] = size, ["modificationTime"] = 1_700_000_000_000, ["dataChange"] = true };
        if (stats is not null) add["stats"] = stats;
        if (vector is not null) add["deletionVector"] = vector;
        return new { add };
    }

    public static object Protocol(params string[] features) => new { protocol = new { minReaderVersion = 3, minWriterVersion = 7, readerFeatures = features, writerFeatures = features } };

    public static object Metadata(string fields, string[]? partitionColumns = null, object? configuration = null) => new
    {
        metaData = new
        {
            id = "5fba94ed-9794-4965-ba6e-6ee3c0d22af9", format = new { provider = "parquet", options = new { } }, schemaString = $$"""{"type":"struct","fields":[{{fields}}]}""",
            partitionColumns = partitionColumns ?? [], configuration = configuration ?? new { }, createdTime = 1_700_000_000_000,
        },
    };

    public static string Field(string name, string type, int? id = null, string? physical = null) =>
        $$$"""{"name":"{{{name}}}","type":{{{(type.StartsWith('{') ? type : $"\"{type}\"")}}},"nullable":true,"metadata":{{{(id is null ? "{}" : $$"""{"delta.columnMapping.id":{{id}},"delta.columnMapping.physicalName":"{{physical}}"}""")}}}}""";
}
