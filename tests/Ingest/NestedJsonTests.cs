using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Objects and arrays inside JSON records.</summary>
public sealed class NestedJsonTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Json(string nested, string more = "", string config = "") => $$"""
        source_type: file_local
        format: json
        partition_mode: none
        {{more}}
        config: { path: "data/*.json", nested: {{nested}}{{(config.Length > 0 ? ", " + config : "")}} }
        """;

    [Fact]
    public async Task Keep_LeavesObjectsAndArraysAsText()
    {
        _bench.Write("data/a.json", """{"id":1,"a":{"b":2,"c":[1,2]},"x.y":3}""");
        await _bench.RunAsync(Json("keep"));
        Assert.Equal("id BIGINT, a VARCHAR, x_y BIGINT", _bench.Schema());
        Assert.Equal(["1|{\"b\":2,\"c\":[1,2]}|3"], _bench.Query("FROM {t}"));
    }

    [Fact]
    public async Task Flatten_MakesColumnsOfFieldsAndProvesTheirTypes()
    {
        _bench.Write("data/a.json", """
            {"id":1,"a":{"b":2,"deep":{"d":"2024-01-01"}},"tags":["x","y"]}
            {"id":2,"a":{"b":2.5,"new":true}}
            {"a":{"deep":{"d":null},"b":9007199254740993},"id":3}
            """);
        var outcome = await _bench.RunAsync(Json("flatten"));
        Assert.Equal(new RowCounts(3, 3), outcome.Counts);
        Assert.Equal("id BIGINT, a_b DECIMAL(38,1), a_deep_d DATE, tags VARCHAR, a_new BOOLEAN", _bench.Schema());
        Assert.Equal(["1|2.0|2024-01-01|[\"x\",\"y\"]|NULL", "2|2.5|NULL|NULL|True", "3|9007199254740993.0|NULL|NULL|NULL"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Flatten_MixedTypesCollidingNamesAndDepth_LoseNothing()
    {
        _bench.Write("data/a.json", """
            {"id":1,"a":5,"a_b":"own","a.b":"dotted"}
            {"id":2,"a":{"b":"inner","c":{"d":{"e":1}}}}
            """);
        await _bench.RunAsync(Json("flatten", config: "nested_depth: 2"));
        Assert.Equal("id BIGINT, a BIGINT, a_b VARCHAR, a_b_2 VARCHAR, a_b_3 VARCHAR, a_c_d VARCHAR", _bench.Schema());
        Assert.Equal(["1|5|own|dotted|NULL|NULL", "2|NULL|NULL|NULL|inner|{\"e\":1}"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Flatten_UserSchema_TakesFieldsByTheirPath()
    {
        _bench.Write("data/a.json", """
            {"id":1,"a":{"b":2,"c":{"whole":[1]}},"other":{"x":1}}
            {"id":2,"a":{"b":"no number"}}
            """);
        var outcome = await _bench.RunAsync(Json("flatten", """
            schema_mode: user
            user_schema: { id: int, "a.b": int, "a.c": json }
            error_handling: quarantine
            quarantine_path: quarantine/things
            rename_map: { "a.b": amount }
            """));
        Assert.Equal(new RowCounts(2, 1, 1), outcome.Counts);
        Assert.Equal(["1|2|{\"whole\":[1]}"], _bench.Query("SELECT id, amount, a_c FROM {t}"));
        Assert.Equal(["2|a.b|\"no number\" is no INTEGER."], _bench.Rejects("SELECT record, column_name, message FROM {t}"));
    }

    [Fact]
    public async Task Split_ArraysOfObjects_BecomeTablesWithTheirParents()
    {
        _bench.Write("data/a.json", """
            {"id":1,"tags":["x"],"items":[{"sku":"a","n":1},{"sku":"b","n":9007199254740993,"parts":[{"p":true},{"p":false}]}]}
            {"id":2,"items":[]}
            no json
            {"id":3,"deep":{"items":[{"sku":"c","n":2.5,
            "x":1}, 7, null]},"items":[{}]}
            """.Replace("2.5,\n", "2.5, "));
        var outcome = await _bench.RunAsync(Json("split", "error_handling: quarantine\nquarantine_path: quarantine/things"));
        Assert.Equal(new RowCounts(4, 3, 1), outcome.Counts);
        Assert.Equal("with bronze.things__deep_items (3 rows), bronze.things__items (3 rows), bronze.things__items__parts (2 rows)", outcome.Note);
        Assert.Equal("id BIGINT, tags VARCHAR", _bench.Schema());
        Assert.Equal("sku VARCHAR, n BIGINT", _bench.Schema("things__items"));
        Assert.Equal(["1|1.0|a|1|1", "1|1.1|b|9007199254740993|1", "4|4.0|NULL|NULL|4"], _bench.Query("SELECT _ff_parent, _ff_key, sku, n, _ff_record FROM {t} ORDER BY _ff_key", "things__items", withReserved: true));
        Assert.Equal(["1.1|1.1.0|True|data/a.json|1|run-1", "1.1|1.1.1|False|data/a.json|1|run-1"], _bench.Query("SELECT _ff_parent, _ff_key, p, _ff_file, _ff_record, _ff_run FROM {t} ORDER BY _ff_key", "things__items__parts", withReserved: true));
        Assert.Equal(["c|2.5|1|NULL", "NULL|NULL|NULL|7", "NULL|NULL|NULL|NULL"], _bench.Query("SELECT sku, n, x, value FROM {t} ORDER BY _ff_key", "things__deep_items", withReserved: true));
        Assert.Contains("Info: bronze.things__items: 3 read = 3 loaded + 0 rejected + 0 deduplicated + 0 filtered; it is at version 0.", _bench.Log.Text);
    }

    [Fact]
    public async Task Split_SeveralFilesAndRuns_Append()
    {
        _bench.Write("data/a.json", """{"id":1,"items":[{"sku":"a"}]}""");
        _bench.Write("data/b.json", """{"id":2,"items":[{"sku":"b"},{"sku":"c"}]}""");
        await _bench.RunAsync(Json("split"));
        Assert.Equal("nothing new", (await _bench.RunAsync(Json("split"))).Note);
        _bench.Write("data/c.json", """{"id":3,"items":[{"sku":"d","new":1}]}""");
        await _bench.RunAsync(Json("split"));
        Assert.Equal(["a|NULL|data/a.json", "b|NULL|data/b.json", "c|NULL|data/b.json", "d|1|data/c.json"], _bench.Query("SELECT sku, new, _ff_file FROM {t} ORDER BY sku", "things__items", withReserved: true));
        Assert.Equal([new("things__items", 1)], _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!.State!.Children);
    }

    [Fact]
    public async Task Split_Replace_ReplacesAndEmptiesTheChildren()
    {
        var yaml = Json("split", "write_mode: replace", "allow_smaller: true");
        _bench.Write("data/a.json", """{"id":1,"items":[{"sku":"a"}],"other":[{"x":1}]}""");
        await _bench.RunAsync(yaml);
        _bench.Write("data/a.json", """{"id":1,"items":[{"sku":"b"}]}""");
        await _bench.RunAsync(yaml);
        Assert.Equal(["b"], _bench.Query("SELECT sku FROM {t}", "things__items"));
        Assert.Equal(["0"], _bench.Query("SELECT count(*) FROM {t}", "things__other"));
    }

    [Fact]
    public async Task Split_KilledBetweenTheCommits_LoadsEachChildOnce()
    {
        _bench.Write("data/a.json", """{"id":1,"items":[{"sku":"a"}]}""");
        await _bench.RunAsync(Json("split"));
        _bench.Write("data/b.json", """{"id":2,"items":[{"sku":"b"}],"more":[{"m":1}]}""");
        var job = Bench.Job(Json("split"));
        var request = _bench.Request(job);
        await _bench.RunAsync(job, request);
        // The children of the second run were committed, the table was not.
        File.Delete(Path.Combine(_bench.Lake.Table(new TableName(Layer.Bronze, "things")).Location, "_delta_log", "00000000000000000001.json"));
        var bench = _bench.Reopened();
        Assert.Equal(["1"], bench.Query("SELECT id FROM {t}"));
        Assert.Equal(["a", "b"], bench.Query("SELECT sku FROM {t} ORDER BY sku", "things__items"));
        // A later run, not an attempt of that one.
        await bench.RunAsync(job, request with { RunId = "run-later" });
        Assert.Equal(["1", "2"], bench.Query("SELECT id FROM {t} ORDER BY id"));
        Assert.Equal(["a|run-1", "b|run-later"], bench.Query("SELECT sku, _ff_run FROM {t} ORDER BY sku", "things__items", withReserved: true));
        Assert.Equal(["1|run-later"], bench.Query("SELECT m, _ff_run FROM {t}", "things__more", withReserved: true));
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"id":3}""")]
    public async Task Split_KilledRun_LeavesNothingInChildrenThatTheNextRunDoesNotMeet(string next)
    {
        _bench.Write("data/a.json", """{"id":1,"items":[{"sku":"a"}]}""");
        await _bench.RunAsync(Json("split"));
        var b = _bench.Write("data/b.json", """{"id":2,"items":[{"sku":"b"}],"more":[{"m":1}]}""");
        await _bench.RunAsync(Json("split"));
        File.Delete(Path.Combine(_bench.Lake.Table(new TableName(Layer.Bronze, "things")).Location, "_delta_log", "00000000000000000001.json"));
        File.Delete(b);
        if (next.Length > 0) _bench.Write("data/c.json", next);
        var bench = _bench.Reopened();
        for (var run = 0; run < 3; run++) await bench.RunAsync(Json("split"));
        Assert.Equal(next.Length > 0 ? ["1", "3"] : ["1"], bench.Query("SELECT id FROM {t} ORDER BY id"));
        Assert.Equal(["a"], bench.Query("SELECT sku FROM {t}", "things__items"));
        Assert.Equal(["0"], bench.Query("SELECT count(*) FROM {t}", "things__more"));
        // Taken back once, not by each run.
        Assert.Equal([2L, 1L], new[] { "items", "more" }.Select(t => bench.Lake.Table(new TableName(Layer.Bronze, "things__" + t)).Latest()!.Version));
    }

    [Fact]
    public async Task Split_FieldNamesThatAreData_AreRefused()
    {
        _bench.Write("data/a.json", "{" + string.Join(",", Enumerable.Range(0, 101).Select(i => $"\"k{i}\":[{{\"x\":1}}]")) + "}");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Json("split")));
        Assert.Equal(("FF2122", "The records have arrays of objects in more than 100 fields (k0, k1, k2, … k100), and each would become a table. Nothing was published."), (failure.Code, failure.Message));
        Assert.Empty(_bench.Lake.Tables());
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_bench.Root, "temporary")));
    }

    [Fact]
    public async Task Split_UserSchema_NamesTheFieldsOfTheElements()
    {
        _bench.Write("data/a.json", """{"id":1,"items":[{"sku":"a","n":1},{"sku":"b","n":"many"}],"unknown":[{"x":1}]}""");
        var outcome = await _bench.RunAsync(Json("split", """
            schema_mode: user
            user_schema: { id: int, "items[].sku": string, "items[].n": int }
            error_handling: quarantine
            quarantine_path: quarantine/things
            """));
        Assert.Equal((new RowCounts(1, 1), "with bronze.things__items (1 rows)"), (outcome.Counts, outcome.Note));
        Assert.Equal("id INTEGER", _bench.Schema());
        Assert.Equal("sku VARCHAR, n INTEGER", _bench.Schema("things__items"));
        Assert.Equal(["items of data/a.json|n|\"many\" is no INTEGER."], _bench.Rejects("SELECT file, column_name, message FROM {t}", "quarantine/things__items"));
        Assert.Equal("FF2038", (await Assert.ThrowsAsync<JobFailedException>(() => _bench.ReplayAsync(Json("split")))).Code);
    }

    [Theory]
    [InlineData("drift: hold", "drift: hold")]
    [InlineData("dedupe_keys: [id]", "dedupe_keys")]
    [InlineData("write_mode: merge\ndedupe_keys: [id]", "write_mode merge")]
    [InlineData("filter: id > 1", "filter")]
    public async Task Split_WithWhatLeavesRowsOut_IsRefused(string more, string what)
    {
        _bench.Write("data/a.json", """{"id":1}""");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Json("split", more)));
        Assert.Equal($"FF2120: nested: split does not go together with {what}: rows that are left out or replaced would leave their children behind.", $"{failure.Code}: {failure.Message}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("config: { path: 'data/*.json', nested: flatten }")]
    public async Task RecordsWithoutAValue_MakeNoTable(string more)
    {
        var yaml = "source_type: file_local\nformat: ndjson\npartition_mode: none\n" + (more.Length == 0 ? "config: { path: 'data/*.json' }" : more);
        _bench.Write("data/1.json", "{}\n{}\n{}\n");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(yaml));
        Assert.Equal(("FF2132", "None of the 3 records for bronze.things has a field with a value, so there are no columns to make a table of. Nothing was published.", "Look at the source; if such records are meant, declare the columns in user_schema."), (failure.Code, failure.Message, failure.Suggestion));
        Assert.Null(_bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest());

        // Declared, or beside records that have one, they are rows as others.
        Assert.Equal(new RowCounts(3, 3), (await _bench.RunAsync(Bench.Job(yaml + "\nschema_mode: user\nuser_schema: { a: int }", "declared"))).Counts);
        _bench.Write("data/2.json", "{}\n{\"a\":1}\n");
        Assert.Equal(new RowCounts(5, 5), (await _bench.RunAsync(yaml)).Counts);
        _bench.Write("data/3.json", "{}\n");
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(yaml)).Counts);
        Assert.Equal(["1|1", "NULL|5"], _bench.Query("SELECT a, count(*) FROM {t} GROUP BY ALL ORDER BY ALL"));
    }
}
