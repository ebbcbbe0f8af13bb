using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Parquet files: types that differ, columns that are missing, schemas that are demanded.</summary>
public sealed class ParquetTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Yaml(string more = "", string config = "") => $$"""
        source_type: file_local
        format: parquet
        partition_mode: none
        error_handling: quarantine
        quarantine_path: quarantine/things
        {{more}}
        config: { path: "data/*.parquet"{{(config.Length > 0 ? ", " + config : "")}} }
        """;

    private void Parquet(string name, string select)
    {
        var path = _bench.Write($"data/{name}.parquet", "");
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        session.Execute($"COPY ({select}) TO {SqlText.Literal(path)} (FORMAT parquet)");
    }

    [Fact]
    public async Task Files_OfDifferentColumns_AreUnitedByName()
    {
        Parquet("a", "SELECT 1 AS id, 'x' AS name, {'a': 1, 'b': [1, 2]} AS nested");
        Parquet("b", "SELECT 'y' AS name, 2.5::DOUBLE AS extra, 2 AS id");
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(Yaml())).Counts);
        Assert.Equal("id INTEGER, name VARCHAR, nested STRUCT(\"a\" INTEGER, \"b\" INTEGER[]), extra DOUBLE", _bench.Schema());
        Assert.Equal(["1|x|2|NULL", "2|y|NULL|2.5"], _bench.Query("SELECT id, name, nested.b[2], extra FROM {t} ORDER BY id"));
        Assert.Equal(["data/a.parquet|1", "data/b.parquet|1"], _bench.Query("SELECT _ff_file, _ff_record FROM {t} ORDER BY id", withReserved: true));
    }

    [Fact]
    public async Task Files_ReadWhereTheyLie_AreTheOnlyOnesThatChecksReach()
    {
        Parquet("a", "SELECT 1 AS id");
        Parquet("b", "SELECT 2 AS id");
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(Yaml("landing: reference"))).Counts);
        Parquet("c", "SELECT 3 AS id");
        var other = _bench.Write("data/other.txt", "the neighbour");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Yaml($"landing: reference\nchecks: [ {{ sql: \"SELECT content FROM read_text('{other}')\" }} ]")));
        Assert.Contains($"Cannot access file \"{other}\" - file system operations are disabled by configuration", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["1", "2"], _bench.Query("SELECT id FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Files_OfDifferentTypes_KeepEveryValue()
    {
        Parquet("a", "SELECT 9007199254740993 AS id, 1 AS n");
        Parquet("b", "SELECT 0.5::DOUBLE AS id, 'text' AS n");
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(Yaml())).Counts);
        // Neither number may change: a double would lose the first one's last digit.
        Assert.Equal(["0.5|text", "9007199254740993|1"], _bench.Query("SELECT regexp_replace(CAST(id AS VARCHAR), '\\.?0+$', ''), n FROM {t} ORDER BY n DESC"));
    }

    [Fact]
    public async Task Nanoseconds_AreNotCutOff()
    {
        Parquet("a", "SELECT TIMESTAMP_NS '2024-01-02 03:04:05.123456' AS whole, TIMESTAMP_NS '2024-01-02 03:04:05.123456789' AS finer");
        await _bench.RunAsync(Yaml());
        Assert.Equal("whole TIMESTAMP, finer VARCHAR", _bench.Schema());
        Assert.Equal(["2024-01-02 03:04:05.123456|2024-01-02 03:04:05.123456789"], _bench.Query("FROM {t}"));
        // Another file may have other columns' times finer, or the same ones not at all.
        Parquet("b", "SELECT TIMESTAMP '2024-01-03' AS whole, TIMESTAMP '2024-01-03' AS finer");
        Parquet("c", "SELECT TIMESTAMP_NS '2024-01-04' AS whole, TIMESTAMP_NS '2024-01-04 00:00:00.000000001' AS finer");
        await _bench.RunAsync(Yaml());
        Assert.Equal("whole TIMESTAMP, finer VARCHAR", _bench.Schema());
        Assert.Equal(["2024-01-02 03:04:05.123456|2024-01-02 03:04:05.123456789", "2024-01-03 00:00:00|2024-01-03 00:00:00", "2024-01-04 00:00:00|2024-01-04 00:00:00.000000001"], _bench.Query("FROM {t} ORDER BY whole"));
    }

    [Fact]
    public async Task UserSchema_NanosecondsThatDoNotFit_AreRejects()
    {
        Parquet("a", "SELECT * FROM (VALUES (1, TIMESTAMP_NS '2024-01-02 03:04:05.123456'), (2, TIMESTAMP_NS '2024-01-02 03:04:05.123456789'), (3, NULL)) v(id, moment)");
        Assert.Equal(new RowCounts(3, 2, 1), (await _bench.RunAsync(Yaml("schema_mode: user\nuser_schema: [ { name: id, type: int }, { name: moment, type: timestamp } ]"))).Counts);
        Assert.Equal("id INTEGER, moment TIMESTAMP", _bench.Schema());
        Assert.Equal(["1|2024-01-02 03:04:05.123456", "3|NULL"], _bench.Query("FROM {t} ORDER BY id"));
        Assert.Equal(["2|WRONG_TYPE|moment|\"2024-01-02 03:04:05.123456789\" is no TIMESTAMP."], _bench.Rejects("SELECT record, reason, column_name, message FROM {t}"));
    }

    [Fact]
    public async Task UserSchema_ValuesThatDoNotFit_AreRejectsWithTheirRow()
    {
        Parquet("a", "SELECT * FROM (VALUES (1::BIGINT, '5', 1.5::DOUBLE), (2, 'x', 2.0), (3000000000, '7', 3.0), (4, NULL, 4.25)) v(id, n, d)");
        var outcome = await _bench.RunAsync(Yaml("schema_mode: user\nuser_schema: [ { name: id, type: int }, { name: n, type: int, nullable: false }, { name: d, type: 'DECIMAL(6,1)' }, { name: gone, type: date } ]"));
        Assert.Equal(new RowCounts(4, 1, 3), outcome.Counts);
        Assert.Equal("id INTEGER, n INTEGER, d DECIMAL(6,1), gone DATE", _bench.Schema());
        Assert.Contains("Warning: The source lacks columns that user_schema declares, which are NULL in all rows: gone.", _bench.Log.Text, StringComparison.Ordinal);
        Assert.Equal(["1|5|1.5|NULL"], _bench.Query("FROM {t}"));
        Assert.Equal(
            ["2|WRONG_TYPE|n|\"x\" is no INTEGER.|{\"id\":2,\"n\":\"x\",\"d\":2.0}", "3|WRONG_TYPE|id|\"3000000000\" is no INTEGER.|{\"id\":3000000000,\"n\":\"7\",\"d\":3.0}",
             "4|MISSING_VALUE|n|The value is missing, and n must have one.|{\"id\":4,\"n\":null,\"d\":4.25}"],
            _bench.Rejects("SELECT record, reason, column_name, message, raw FROM {t} ORDER BY record"));
    }

    [Fact]
    public async Task Replay_ReadsTheRowsOfTheLandedFileByNumber()
    {
        Parquet("a", "SELECT * FROM (VALUES (1, '5'), (2, 'x'), (3, 'y'), (4, '8')) v(id, n)");
        Parquet("b", "SELECT * FROM (VALUES (5, 'z'), (6, '9')) v(id, n)");
        const string schema = "schema_mode: user\nuser_schema: { id: int, n: int }";
        Assert.Equal(new RowCounts(6, 3, 3), (await _bench.RunAsync(Yaml(schema))).Counts);
        Assert.Equal(new RowCounts(3, 2, 0, 0, 1), (await _bench.ReplayAsync(Yaml("schema_mode: user\nuser_schema: { id: int, n: string }\nfilter: id <> 3"))).Counts);
        Assert.Equal(["1|5|1", "2|x|2", "4|8|4", "5|z|1", "6|9|2"], _bench.Query("SELECT id, n, _ff_record FROM {t} ORDER BY id", withReserved: true));
        Assert.Equal(["replayed"], _bench.Rejects("SELECT DISTINCT status FROM {t}"));
    }

    [Fact]
    public async Task Discard_LeavesNewColumnsOutAndRejectsOtherTypes()
    {
        Parquet("a", "SELECT 1 AS id");
        await _bench.RunAsync(Yaml(config: "drift: discard"));
        Parquet("b", "SELECT * FROM (VALUES ('2', 'new'), ('x', 'new')) v(id, more)");
        Assert.Equal(new RowCounts(2, 1, 1), (await _bench.RunAsync(Yaml(config: "drift: discard"))).Counts);
        Assert.Equal("id INTEGER", _bench.Schema());
        Assert.Equal(["1", "2"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task File_ThatIsNoParquet_IsRejectedAsAWhole()
    {
        Parquet("a", "SELECT 1 AS id");
        _bench.Write("data/b.parquet", "no parquet at all");
        Assert.Equal(new RowCounts(2, 1, 1), (await _bench.RunAsync(Yaml())).Counts);
        Assert.Equal(["data/b.parquet|BROKEN_PARQUET|NULL"], _bench.Rejects("SELECT file, reason, record FROM {t}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("schema_mode: user\nuser_schema: { id: int, name: string }")]
    [InlineData("write_mode: merge\ndedupe_keys: [id]\nfilter: id >= 0")]
    public async Task Run_FileWithDamagedPages_IsRejectedAsAWholeAndTheOthersAreLoaded(string more)
    {
        // Its footer is sound: that the rows cannot be read shows only when they are.
        Parquet("a", "SELECT i::INTEGER AS id, 'name ' || (i * 7919 % 10007) AS name FROM range(100000) r(i)");
        Parquet("b", "SELECT 200000 AS id, 'b' AS name");
        var path = Path.Combine(_bench.Workspace, "data", "a.parquet");
        var sound = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var damaged = sound.ToArray();
        damaged.AsSpan(4, 200).Fill(0xa5);
        await File.WriteAllBytesAsync(path, damaged, TestContext.Current.CancellationToken);

        Assert.Equal(new RowCounts(2, 1, 1), (await _bench.RunAsync(Yaml(more))).Counts);
        Assert.Equal(["200000|b"], _bench.Query("SELECT id, name FROM {t}"));
        var reject = Assert.Single(_bench.Rejects("SELECT file, reason, record, message FROM {t}"));
        Assert.StartsWith("data/a.parquet|BROKEN_PARQUET|NULL|The file is damaged: ", reject, StringComparison.Ordinal);

        _bench.Write("data/a.parquet", sound);
        Assert.Equal(new RowCounts(100_000, 100_000), (await _bench.RunAsync(Yaml(more))).Counts);
        Assert.Equal(["100001|100001"], _bench.Query("SELECT count(*), count(DISTINCT id) FROM {t}"));
    }

    [Fact]
    public async Task Run_FilterThatFails_BlamesNoFile()
    {
        Parquet("a", "SELECT 1 AS id, 'x' AS name");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Yaml("filter: CAST(name AS INTEGER) > 0")));
        Assert.Equal("FF2070", failure.Code);
        Assert.Contains("Could not convert string 'x' to INT32", failure.Message, StringComparison.Ordinal);
    }
}
