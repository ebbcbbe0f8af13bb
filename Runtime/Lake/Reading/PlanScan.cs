using System.Text.Json;

namespace FlowForge.Lake.Reading;

/// <summary>The scans of Parquet files in a plan of DuckDB's: the columns that each names, and the filters that the optimizer has pushed down to it.</summary>
internal sealed record PlanScan(IReadOnlySet<string> Names, RowCondition Condition)
{
    /// <param name="planJson">The answer of <c>EXPLAIN (FORMAT json)</c>.</param>
    public static IReadOnlyList<PlanScan> All(string planJson)
    {
        var scans = new List<PlanScan>();
        using var document = JsonDocument.Parse(planJson);
        foreach (var node in document.RootElement.EnumerateArray()) Visit(node, scans);
        return scans;
    }

    private static void Visit(JsonElement node, List<PlanScan> scans)
    {
        if (node.TryGetProperty("extra_info", out var info) && info.ValueKind == JsonValueKind.Object && info.TryGetProperty("Function", out var function) && function.GetString() == "READ_PARQUET")
        {
            var conditions = Texts(info, "Filters").Concat(Texts(info, "File Filters")).Select(PlanFilter.Parse).ToList();
            scans.Add(new PlanScan(Texts(info, "Projections").Concat(conditions.SelectMany(PlanFilter.Columns)).ToHashSet(StringComparer.OrdinalIgnoreCase), RowCondition.All(conditions)));
        }
        if (node.TryGetProperty("children", out var children)) foreach (var child in children.EnumerateArray()) Visit(child, scans);
    }

    private static IEnumerable<string> Texts(JsonElement info, string name) => !info.TryGetProperty(name, out var value) ? []
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(v => v.GetString() ?? "")] : value.GetString() is { Length: > 0 } text ? [text] : [];
}
