using System.Text.Json;
using FlowForge.Api.Tables;
using FlowForge.Duck;

namespace FlowForge.Api.Tests.Tables;

public sealed class JsonRowsTests
{
    [Theory]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("1.5::DOUBLE", "1.5")]
    [InlineData("'NaN'::DOUBLE", "\"NaN\"")]
    [InlineData("'-inf'::DOUBLE", "\"-Infinity\"")]
    [InlineData("12.50::DECIMAL(10,2)", "\"12.50\"")]
    [InlineData("170141183460469231731687303715884105727::HUGEINT", "\"170141183460469231731687303715884105727\"")]
    [InlineData("DATE '2024-02-29'", "\"2024-02-29\"")]
    [InlineData("TIMESTAMP '2024-02-29 13:14:15'", "\"2024-02-29T13:14:15\"")]
    [InlineData("TIMESTAMP '2024-02-29 13:14:15.123456'", "\"2024-02-29T13:14:15.123456\"")]
    [InlineData("TIMESTAMPTZ '2024-02-29 13:14:15+00'", "\"2024-02-29T13:14:15Z\"")]
    [InlineData("TIME '13:14:15'", "\"13:14:15\"")]
    [InlineData("TRUE", "true")]
    [InlineData("NULL", "null")]
    [InlineData("'\\xAA\\x01'::BLOB", "\"qgE=\"")]
    [InlineData("[1, NULL, 3]", "[1,null,3]")]
    [InlineData("{'a': 1, 'b': ['x']}", "{\"a\":1,\"b\":[\"x\"]}")]
    public void Write_ValueOfTheEngine_BecomesJson(string sql, string json)
    {
        using var database = DuckDatabase.Open(new DuckOptions { Threads = 1 });
        using var session = database.Connect();
        var row = Assert.Single(JsonRows.Write(session.Rows("SELECT " + sql)));
        Assert.Equal(json, JsonSerializer.Serialize(Assert.Single(row)));
    }

    [Fact]
    public void Write_NoRows_IsEmpty() => Assert.Empty(JsonRows.Write([]));
}
