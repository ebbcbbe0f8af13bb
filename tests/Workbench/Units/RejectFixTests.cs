using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Workbench.Catalog;

namespace FlowForge.Workbench.Tests.Units;

public sealed class RejectFixTests
{
    [Theory]
    [InlineData("1,six,x", "\"six\" is no BIGINT.", "n", 2, 3)]
    [InlineData("{\"a\":\"six\",\"n\":\"six\"}", "\"six\" is no BIGINT.", "n", 16, 3)]
    [InlineData("{\"a\":1,\"n\":2}", "n must not be empty.", "n", 7, 3)]
    [InlineData("1,a long text that is cut,x", "\"a long text…\" is no DATE (format %Y).", "d", 2, 11)]
    public void Of_NamesThePlace(string raw, string message, string column, int start, int length) => Assert.Equal((start, length), RawPlace.Of(raw, message, column));

    [Fact]
    public void Of_NothingToBeFound_IsNull() => Assert.Null(RawPlace.Of("1,2", "The record has 2 columns in place of 3.", null));

    [Theory]
    [InlineData("null", "n/a", """{"format":"csv","config":{"null_strings":["","n/a"]}}""")]
    [InlineData("follow", "", """{"format":"csv","drift_columns":{"n":"evolve"}}""")]
    [InlineData("dates", "%d.%m.%Y", """{"format":"csv","config":{"date_format":"%d.%m.%Y"}}""")]
    [InlineData("limit", "5", """{"format":"csv","max_rejects":5}""")]
    [InlineData("limit", "5%", """{"format":"csv","max_rejects":"5%"}""")]
    [InlineData("rename", "a: b", """{"format":"csv","rename_map":{"a":"b"}}""")]
    public void Put_ChangesTheSettings(string key, string answer, string expected) => Assert.Equal(expected, Put("""{"format":"csv"}""", "WRONG_TYPE", key, answer));

    [Fact]
    public void Put_DeclaredColumns_InBothForms()
    {
        Assert.Equal("""{"user_schema":{"id":"int","N":{"type":"VARCHAR"}}}""", Put("""{"user_schema":{"id":"int","N":"int"}}""", "WRONG_TYPE", "type", "VARCHAR"));
        Assert.Equal("""{"user_schema":[{"name":"n","type":"date","format":"%d.%m.%Y"}]}""", Put("""{"user_schema":[{"name":"n","type":"date"}]}""", "WRONG_TYPE", "format", "%d.%m.%Y"));
        Assert.Equal("""{"user_schema":{"n":{"type":"int","nullable":true}}}""", Put("""{"user_schema":{"n":{"type":"int","nullable":false}}}""", "MISSING_VALUE", "nullable", ""));
    }

    [Fact]
    public void Put_NullText_IsAddedOnce() => Assert.Equal("""{"format":"csv","config":{"null_strings":["-","n/a"]}}""", Put("""{"format":"csv","config":{"null_strings":["-","n/a"]}}""", "WRONG_TYPE", "null", "n/a"));

    [Fact]
    public void Put_RenameWithoutAColon_SaysHow() => Assert.Equal("Write the name in the source, a colon, and the name in the table.", Assert.Throws<FormatException>(() => Put("{}", "MISSING_VALUE", "rename", "a")).Message);

    private static string Put(string settings, string reason, string key, string answer)
    {
        var node = JsonNode.Parse(settings)!.AsObject();
        RejectFix.For(JsonDocument.Parse(settings).RootElement, reason, "n", "n/a").Single(f => f.Key == key).Put(node, answer);
        return node.ToJsonString();
    }
}
