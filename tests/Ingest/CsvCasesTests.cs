using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>
/// Files that break other tools: <c>cases/csv/NAME.csv</c> with what must come of it in <c>NAME.json</c>: schema, rows, rejects (record, reason, raw text) and the settings that are needed. A file
/// that is put there is a case.
/// </summary>
public sealed class CsvCasesTests
{
    private static readonly string Folder = Path.Combine(Bench.RepoRoot, "tests", "Ingest", "cases", "csv");

    [Fact]
    public async Task Run_EachCase_GivesItsRowsAndRejects()
    {
        using var bench = Bench.Quick();
        var wrong = new List<string>();
        var names = Directory.GetFiles(Folder, "*.csv").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal).ToList();
        Assert.True(names.Count >= 60);
        foreach (var name in names)
        {
            var expected = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, name + ".json"), TestContext.Current.CancellationToken))!;
            try
            {
                wrong.AddRange((await Differences(bench, name, expected)).Select(d => $"{name}: {d}"));
            }
            catch (JobFailedException e)
            {
                wrong.Add($"{name}: {e.Code} {e.Message}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    private static async Task<List<string>> Differences(Bench bench, string name, JsonNode expected)
    {
        bench.Write(name + ".csv", await File.ReadAllBytesAsync(Path.Combine(Folder, name + ".csv"), TestContext.Current.CancellationToken));
        var config = expected["config"]?.AsObject() is { } settings ? string.Concat(settings.Select(s => $", {s.Key}: {s.Value!.ToJsonString()}")) : "";
        var outcome = await bench.RunAsync(Bench.Job($$"""
            source_type: file_local
            format: csv
            partition_mode: none
            error_handling: quarantine
            quarantine_path: quarantine/{{name}}
            config: { path: {{name}}.csv{{config}} }
            """, name));
        var differences = new List<string>();
        var snapshot = bench.Lake.Table(new TableName(Layer.Bronze, name)).Latest();
        var schema = snapshot is null ? "none" : bench.Schema(name);
        if (schema != expected["schema"]!.ToString()) differences.Add($"schema {schema}, expected {expected["schema"]}");
        var rows = snapshot is null ? [] : bench.Query($"SELECT to_json(t) FROM (SELECT * EXCLUDE (_ff_run, _ff_file, _ff_record) FROM {{t}} ORDER BY _ff_record) AS t", name, withReserved: true);
        var wanted = expected["rows"]!.AsArray();
        if (rows.Count != wanted.Count) differences.Add($"{rows.Count} rows, expected {wanted.Count}");
        for (var i = 0; i < Math.Min(rows.Count, wanted.Count); i++)
            if (Shown(JsonNode.Parse(rows[i])!) != Shown(wanted[i]!)) differences.Add($"row {i + 1}: {Shown(JsonNode.Parse(rows[i])!)}, expected {Shown(wanted[i]!)}");
        var refused = expected["rejects"]?.AsArray() ?? [];
        var rejects = outcome.Counts.Rejected == 0 ? [] : bench.Rejects("SELECT record || '|' || reason || '|' || coalesce(raw, '') FROM {t} ORDER BY record", "quarantine/" + name);
        if (rejects.Count != refused.Count) differences.Add($"rejects {string.Join(" ", rejects)}, expected {refused.ToJsonString()}");
        for (var i = 0; i < Math.Min(rejects.Count, refused.Count); i++)
        {
            var (place, raw) = ($"{refused[i]![0]}|{refused[i]![1]}|", refused[i]![2]?.ToString());
            if (raw is null ? !rejects[i].StartsWith(place, StringComparison.Ordinal) : rejects[i] != place + raw) differences.Add($"reject {rejects[i]}, expected {place}{raw}");
        }
        if (outcome.Counts != new RowCounts(wanted.Count + refused.Count, wanted.Count, refused.Count)) differences.Add($"counts {outcome.Counts}");
        return differences;
    }

    // Numbers as values, not as they are written; the sign of zero counts.
    private static string Shown(JsonNode node) => string.Join(", ", node.AsObject().Select(p => p.Key + "=" + (p.Value switch
    {
        null => "NULL",
        JsonValue v when v.GetValueKind() == JsonValueKind.Number => v.ToJsonString().AsSpan().ContainsAny(".eE") ? double.Parse(v.ToJsonString(), CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture) : v.ToJsonString(),
        var v => v.ToJsonString(),
    })));
}
