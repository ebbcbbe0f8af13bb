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
}
