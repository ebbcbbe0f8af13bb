namespace FlowForge.Pipelines;

/// <summary>What kind of thing a connector reads; decides defaults and which formats fit.</summary>
internal enum SourceKind { Files, Database, Api, Stream, Changes, Unknown }

/// <summary>The seeds' names for sources, and what is known of connectors without loading them.</summary>
internal static class SourceTypes
{
    /// <summary>Seed name to connector; null where the connection says which.</summary>
    public static IReadOnlyDictionary<string, string?> Aliases { get; } = new Dictionary<string, string?>
    {
        ["file_local"] = "file",
        ["file_upload"] = "file",
        ["file_s3"] = "s3",
        ["db_query"] = null,
        ["api"] = "rest",
        ["streaming"] = "kafka",
        ["nosql"] = "dynamodb",
    };

    /// <summary>Formats that the runtime reads itself; plugins may add more.</summary>
    public static IReadOnlyList<string> FileFormats { get; } = ["csv", "json", "ndjson", "parquet"];

    private static readonly Dictionary<string, SourceKind> Kinds = new(StringComparer.Ordinal)
    {
        ["file"] = SourceKind.Files,
        ["s3"] = SourceKind.Files,
        ["azure_blob"] = SourceKind.Files,
        ["sftp"] = SourceKind.Files,
        ["ftp"] = SourceKind.Files,
        ["http"] = SourceKind.Files,
        ["google_drive"] = SourceKind.Files,
        ["postgres"] = SourceKind.Database,
        ["postgres_cdc"] = SourceKind.Changes,
        ["odbc"] = SourceKind.Database,
        ["sqlite"] = SourceKind.Database,
        ["delta"] = SourceKind.Database,
        ["rest"] = SourceKind.Api,
        ["graphql"] = SourceKind.Api,
        ["dynamodb"] = SourceKind.Api,
        ["netsuite"] = SourceKind.Api,
        ["kafka"] = SourceKind.Stream,
        ["rabbitmq"] = SourceKind.Stream,
        ["redis"] = SourceKind.Stream,
        ["webhook"] = SourceKind.Stream,
    };

    public static IEnumerable<string> Connectors => Kinds.Keys;

    public static SourceKind KindOf(string? connector) =>
        connector is null ? SourceKind.Database : Kinds.GetValueOrDefault(connector, SourceKind.Unknown);

    /// <summary>Formats that fit; empty when the source has none.</summary>
    public static IReadOnlyList<string> FormatsOf(string? connector, IReadOnlyCollection<string> pluginFormats) => KindOf(connector) switch
    {
        SourceKind.Database or SourceKind.Changes => [],
        SourceKind.Api when connector == "rest" => ["json", "ndjson"],
        SourceKind.Api => ["json"],
        SourceKind.Stream => ["json", .. pluginFormats],
        _ => [.. FileFormats, .. pluginFormats],
    };

    /// <summary>The format that a path's ending says, without regard to compression; null when it says none.</summary>
    public static string? FormatOfPath(string path, PipelineEnvironment environment)
    {
        var name = path;
        foreach (var packed in (ReadOnlySpan<string>)[".gz", ".zst", ".zip"])
        {
            if (name.EndsWith(packed, StringComparison.OrdinalIgnoreCase))
            {
                name = name[..^packed.Length];
            }
        }
        var ending = Path.GetExtension(name).TrimStart('.').ToLowerInvariant();
        return ending switch
        {
            "csv" or "tsv" => "csv",
            "json" => "json",
            "ndjson" or "jsonl" => "ndjson",
            "parquet" => "parquet",
            _ => environment.FormatEndings.GetValueOrDefault(ending) ?? (environment.Formats.Contains(ending) ? ending : null),
        };
    }
}
