using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>More files than have words of their own, of a few rows each: put together on their way, every row still says which file it is from.</summary>
public sealed class ManyFilesTests : IDisposable
{
    private const int Files = 1100;
    private readonly Bench _bench = Bench.Quick();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Run_OnManySmallFiles_KnowsOfEachRowFileAndRecord()
    {
        // File i holds i % 3 records, and one text that fits no number.
        for (var i = 0; i < Files; i++)
            _bench.Write(string.Create(CultureInfo.InvariantCulture, $"data/f{i:D4}.json"), string.Concat(Enumerable.Range(1, i % 3).Select(r => $$"""{"id":{{i}},"n":{{(i == 1000 ? "\"many\"" : r.ToString(CultureInfo.InvariantCulture))}}}""" + "\n")));

        var outcome = await _bench.RunAsync("""
            source_type: file_local
            format: json
            error_handling: quarantine
            quarantine_path: quarantine/things
            schema_mode: user
            user_schema: [ { name: id, type: INTEGER }, { name: n, type: INTEGER } ]
            config: { path: "data/*.json" }
            """);

        Assert.Equal(new RowCounts(1099, 1098, 1), outcome.Counts);
        Assert.Equal(["1098|732|0"], _bench.Query("SELECT count(*), count(DISTINCT _ff_file), count(*) FILTER (WHERE _ff_file <> format('data/f{:04d}.json', id) OR _ff_record <> n) FROM {t}", withReserved: true));
        var seen = _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.State!.FilesSeen;
        Assert.Equal(Enumerable.Range(0, Files).Select(i => (long)(i % 3)), seen.OrderBy(f => f.Path, StringComparer.Ordinal).Select(f => f.Rows));
        var rejects = _bench.Lake.TableAt("quarantine/things").Latest()!;
        Assert.Equal(["data/f1000.json|1|\"many\" is no INTEGER."], _bench.Query($"SELECT file, record, message FROM {rejects.ScanSql()}"));
    }
}
