using FlowForge.Catalog;

namespace FlowForge.Ingest.Tests;

/// <summary>What is JSON and what is not, by RFC 8259, value by value: a wrong one costs its record and no more.</summary>
public sealed class JsonSuiteTests : IDisposable
{
    private static readonly string[] Accepted =
    [
        "0", "-0", "-1", "1e1", "1E+2", "1e-2", "123456789012345678901234567890", "0.1", "-0.1e5", "true", "false", "null", "\"\"", "\"a\"", "\"\\u0041\\n\\t\\\"\\\\\\/\"", "\"\\uD83D\\uDE00\"",
        "\"\u007f\"", "\"\u2028\"", "[]", "[1,2]", "[[[[]]]]", "[ 1 , 2 ]", "{}", "{\"b\":{}}", "{\"b\":1,\"b\":2}", "{\"\":0}", "[null,true]", "\"\u20ac\U0001F600\"", "[\"a\u0000b\"]".Replace("\0", "\\u0000"),
    ];

    private static readonly string[] Refused =
    [
        "+1", "01", "-01", "1.", ".5", "-", "1e", "1e+", "0x1", "1_000", "NaN", "Infinity", "-Infinity", "True", "nul", "undefined", "'a'", "\"\\x\"", "\"\\u12\"", "\"\\", "\"a", "\"\t\"", "\"\u0001\"",
        "[1,]", "[,1]", "[1 2]", "[1", "[1}", "{\"b\"}", "{\"b\":}", "{b:1}", "{\"b\":1,}", "{\"b\":1 \"c\":2}", "{'b':1}", "{1:1}", "1 2", "// comment", "1 /* c */", "\"\\uD800\"", "",
    ];

    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("[{\"a\":1},{\"a\":2},]", "1 2", "3|16|INVALID_JSON|No value stands behind the last comma of the array.|,")]
    [InlineData("[{\"a\":1},,{\"a\":2}]", "1 2", "2|9|INVALID_JSON|No value stands before this comma.|,")]
    [InlineData("[{\"a\":1},\n,\n,{\"a\":2}]", "1 2", "2|10|INVALID_JSON|No value stands before this comma.|,", "3|12|INVALID_JSON|No value stands before this comma.|,")]
    [InlineData("[{\"a\":1} {\"a\":2},{\"a\":3}]", "1 3", "2|9|INVALID_JSON|No comma stands before this record.|{\"a\":2}")]
    [InlineData("[ , {\"a\":1},{\"a\":2}]", "2", "1|4|INVALID_JSON|A comma stands before the first record of the array.|{\"a\":1}")]
    [InlineData("[{\"a\":1}}{\"a\":2},{\"a\":3}]", "1 2 3", "2|8|INVALID_JSON|'}' is an invalid start of a value.|}")]
    [InlineData("[{\"a\":1},", "1", "2|9|INVALID_JSON|The file ends before its array does: it may have been cut off.|")]
    [InlineData("[{\"a\":1}],[{\"a\":2}]", "1", "2|9|INVALID_JSON|Something follows the end of the array.|,[{\"a\":2}]")]
    public async Task Array_SeparatorsOfItsRecords_AreAsTheyMustBe(string text, string taken, params string[] refused)
    {
        _bench.Write("data/a.json", text);
        var outcome = await _bench.RunAsync("source_type: file_local\nformat: json\npartition_mode: none\nerror_handling: quarantine\nquarantine_path: quarantine/things\nconfig: { path: 'data/*.json' }");
        Assert.Equal(taken, string.Join(' ', _bench.Query("SELECT a FROM {t} ORDER BY a")));
        Assert.Equal(refused, _bench.Rejects("SELECT record, byte_offset, reason, message, raw FROM {t} ORDER BY record"));
        Assert.Equal(new RowCounts(taken.Split(' ').Length + refused.Length, taken.Split(' ').Length, refused.Length), outcome.Counts);
    }

    [Fact]
    public async Task Array_OfCommasAlone_IsNoEmptyOne()
    {
        _bench.Write("data/a.json", "[,]");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync("source_type: file_local\nformat: json\nconfig: { path: 'data/*.json' }"));
        Assert.Equal("1 of 1 records do not fit, and nothing was published. The first: data/a.json, record 1 (byte 1): No value stands behind the last comma of the array.: ,", failure.Message);
    }

    [Fact]
    public async Task Lines_EachValue_IsTakenOrRejectedByItself()
    {
        var lines = Accepted.Select((v, i) => (v, i, Good: true)).Concat(Refused.Select((v, i) => (v, i: i + 1000, Good: false))).OrderBy(l => l.i % 37).ToList();
        _bench.Write("data/a.ndjson", string.Concat(lines.Select(l => $"{{\"id\":{l.i},\"a\":{l.v}}}\n")));
        var outcome = await _bench.RunAsync("""
            source_type: file_local
            format: ndjson
            partition_mode: none
            schema_mode: user
            user_schema: { id: int, a: json }
            error_handling: quarantine
            quarantine_path: quarantine/things
            config: { path: "data/*.ndjson" }
            """);
        var taken = _bench.Query("SELECT id FROM {t}").Select(id => int.Parse(id, System.Globalization.CultureInfo.InvariantCulture)).ToHashSet();
        Assert.Equal([], lines.Where(l => l.Good && !taken.Contains(l.i)).Select(l => "refused: " + l.v));
        Assert.Equal([], lines.Where(l => !l.Good && taken.Contains(l.i)).Select(l => "taken: " + l.v));
        Assert.Equal(new RowCounts(lines.Count, Accepted.Length, Refused.Length), outcome.Counts);
        // Each reject keeps its record as it stood.
        var kept = _bench.Rejects("SELECT raw FROM {t}").ToHashSet();
        Assert.Equal([], lines.Where(l => !l.Good && !kept.Contains($"{{\"id\":{l.i},\"a\":{l.v}}}")).Select(l => l.v));
    }
}
