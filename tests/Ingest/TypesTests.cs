using FlowForge.Catalog;

namespace FlowForge.Ingest.Tests;

/// <summary>What types columns get, and that no value changes on the way.</summary>
public sealed class TypesTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private async Task<(string Type, List<string> Values)> LoadAsync(params string[] values)
    {
        _bench.Write("in.csv", "v,x\n" + string.Concat(values.Select(v => v + ",x\n")));
        await _bench.RunAsync("""
            source_type: file_local
            format: csv
            config: { path: in.csv, header: true, delimiter: "," }
            """);
        return (_bench.Schema().Split(", x ")[0][2..], _bench.Query("SELECT v FROM {t} ORDER BY _ff_record", withReserved: true));
    }

    [Theory]
    [InlineData("BIGINT", "1", "-5", " 7 ")]
    [InlineData("VARCHAR", "007", "12")]
    [InlineData("VARCHAR", "+49", "12")]
    [InlineData("DOUBLE", "1", "2.5", "1e3", "-0.25")]
    [InlineData("DOUBLE", "0.1", "0.30000000000000004")]
    [InlineData("BIGINT", "9223372036854775807", "-9223372036854775808")]
    [InlineData("DECIMAL(38,0)", "9223372036854775808", "1")]
    [InlineData("DECIMAL(38,2)", "9007199254740993", "1.25")]
    [InlineData("DECIMAL(38,19)", "0.1234567890123456789", "1")]
    [InlineData("VARCHAR", "123456789012345678901234567890123456789", "1")]
    [InlineData("BOOLEAN", "true", "FALSE")]
    [InlineData("VARCHAR", "true", "1")]
    [InlineData("VARCHAR", "1", "x")]
    [InlineData("DATE", "2024-02-29", "1999/12/31")]
    [InlineData("VARCHAR", "2024-02-30", "2024-01-01")]
    [InlineData("DATE", "31.01.2024", "01.02.2024")]
    [InlineData("VARCHAR", "01/02/2024", "03/04/2024")]
    [InlineData("DATE", "1/31/2024", "2/1/2024")]
    [InlineData("DATE", "Jun 12 1998", "12-Jan-2001")]
    [InlineData("TIMESTAMP", "2024-01-01 10:00", "2024-01-01T10:00:00.123456", "2024-01-02")]
    [InlineData("TIMESTAMPTZ", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00+02:00")]
    [InlineData("VARCHAR", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00")]
    [InlineData("VARCHAR", "2024-01-01 10:00:00.123456789", "2024-01-01 10:00:00")]
    [InlineData("VARCHAR", "12:30", "13:45")]
    [InlineData("VARCHAR", "", "")]
    public async Task Infer_Values_GetTheNarrowestTypeThatKeepsThem(string type, params string[] values)
    {
        var (found, rows) = await LoadAsync(values);
        Assert.Equal(type, found);
        Assert.Equal(values.Length, rows.Count);
        Assert.DoesNotContain("NULL", values.Any(v => v.Length > 0) ? rows : []);
        if (type is "VARCHAR" && values[0].Length > 0) Assert.Equal(values, rows);
        if (type.StartsWith("DECIMAL", StringComparison.Ordinal)) Assert.Equal(values.Select(v => decimal.Parse(v, System.Globalization.CultureInfo.InvariantCulture)), rows.Select(v => decimal.Parse(v, System.Globalization.CultureInfo.InvariantCulture)));
        if (type is "DOUBLE") Assert.Equal(values.Select(v => double.Parse(v, System.Globalization.CultureInfo.InvariantCulture)), rows.Select(v => double.Parse(v, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("BIGINT", "7", "VARCHAR", "oops")]
    [InlineData("BIGINT", "7", "DOUBLE", "2.5")]
    [InlineData("BIGINT", "9007199254740993", "DECIMAL(38,1)", "2.5")]
    [InlineData("DOUBLE", "2.5", "DECIMAL(38,1)", "9007199254740993")]
    [InlineData("DATE", "2024-01-01", "TIMESTAMP", "2024-01-01 10:00:00")]
    [InlineData("VARCHAR", "", "BIGINT", "5")]
    public async Task Infer_ValueBehindTheSample_WidensTheColumnAndDropsNothing(string _, string common, string type, string late)
    {
        var values = Enumerable.Repeat(common, 400_000).Append(late).ToArray();
        var (found, rows) = await LoadAsync(values);
        Assert.Equal(type, found);
        Assert.Equal(values.Length, rows.Count);
        Assert.Equal(common.Length == 0 ? values.Length - 1 : 0, rows.Count(r => r == "NULL"));
        Assert.Contains("becomes " + type, _bench.Log.Text);
    }

    [Fact]
    public async Task User_Contract_RejectsWhatDoesNotFitWithColumnAndReason()
    {
        _bench.Write("in.csv", "id,price,day,note\n1,2.50,31.12.2023,a\nx,1,01.01.2024,b\n3,1.005,01.01.2024,c\n4,1,2024-01-01,d\n,1,01.01.2024,e\n6,,01.01.2024,f\n");
        var outcome = await _bench.RunAsync("""
            source_type: file_local
            format: csv
            schema_mode: user
            error_handling: quarantine
            quarantine_path: quarantine/things
            user_schema:
              - { name: id, type: integer, nullable: false }
              - { name: price, type: "decimal(10,2)" }
              - { name: day, type: date, format: "%d.%m.%Y" }
              - { name: note, type: string }
            config: { path: in.csv }
            """);
        Assert.Equal(new RowCounts(6, 2, 4), outcome.Counts);
        Assert.Equal("id INTEGER, price DECIMAL(10,2), day DATE, note VARCHAR", _bench.Schema());
        Assert.Equal(["1|2.50|2023-12-31|a", "6|NULL|2024-01-01|f"], _bench.Query("FROM {t} ORDER BY id"));
        Assert.Equal(
            [
                "2|WRONG_TYPE|id|\"x\" is no INTEGER.", "3|WRONG_TYPE|price|\"1.005\" is no DECIMAL(10,2).",
                "4|WRONG_TYPE|day|\"2024-01-01\" is no DATE in the format %d.%m.%Y.", "5|MISSING_VALUE|id|The value is missing, and id must have one.",
            ],
            _bench.Rejects("SELECT record, reason, column_name, message FROM {t} ORDER BY record"));
    }

    [Fact]
    public async Task Json_MixedTypes_KeepEveryValue()
    {
        _bench.Write("in.json", """
            [{"a": 1, "b": "x", "n": {"k": [1, 2]}, "t": true},
             {"a": 2.5, "b": 7, "n": null, "late": "2024-01-01"},
             {"b": null, "a": 12345678901234567890123, "u": "\u00e9\ud83e\udd8a", "t": false}]
            """);
        var outcome = await _bench.RunAsync("""
            source_type: file_local
            format: json
            config: { path: in.json }
            """);
        Assert.Equal(new RowCounts(3, 3), outcome.Counts);
        Assert.Equal("a DECIMAL(38,1), b VARCHAR, n VARCHAR, t BOOLEAN, late DATE, u VARCHAR", _bench.Schema());
        Assert.Equal(["1.0|x|{\"k\": [1, 2]}|True|NULL|NULL", "2.5|7|NULL|NULL|2024-01-01|NULL", "12345678901234567890123.0|NULL|NULL|False|NULL|é🦊"], _bench.Query("SELECT a, b, n, t, late, u FROM {t} ORDER BY _ff_record", withReserved: true));
    }

    [Fact]
    public async Task Json_BrokenRecords_AreRejectedOneByOne()
    {
        _bench.Write("in.json", "{\"a\":1}\n{\"a\":\nnot json\n[1]\n\n{\"a\":2} trailing\n{\"a\":3}");
        var outcome = await _bench.RunAsync("""
            source_type: file_local
            format: json
            error_handling: quarantine
            quarantine_path: quarantine/things
            config: { path: in.json }
            """);
        Assert.Equal(new RowCounts(6, 2, 4), outcome.Counts);
        Assert.Equal(["1|1", "3|6"], _bench.Query("SELECT a, _ff_record FROM {t} ORDER BY a", withReserved: true));
        Assert.Equal(["2|INVALID_JSON|{\"a\":", "3|INVALID_JSON|not json", "4|NOT_AN_OBJECT|[1]", "5|INVALID_JSON|{\"a\":2} trailing"], _bench.Rejects("SELECT record, reason, raw FROM {t} ORDER BY record"));
    }

    [Theory]
    [InlineData("[]", 0, 0)]
    [InlineData("[{\"a\":1}", 2, 1)]
    [InlineData("[{\"a\":1},{\"a\":", 2, 1)]
    [InlineData("[{\"a\":1},{\"a\" 2},{\"a\":3}]", 3, 1)]
    [InlineData("[{\"a\":1}] x", 2, 1)]
    [InlineData("{\n \"a\": 1\n}\n{\n \"a\": 2\n}", 2, 0)]
    [InlineData("{\"a\": 1}", 1, 0)]
    public async Task Json_Shapes_CountEveryRecord(string content, long read, long rejected)
    {
        _bench.Write("in.json", content);
        var outcome = await _bench.RunAsync("""
            source_type: file_local
            format: json
            error_handling: quarantine
            quarantine_path: quarantine/things
            config: { path: in.json }
            """);
        Assert.Equal(new RowCounts(read, read - rejected, rejected), outcome.Counts);
    }

    [Fact]
    public async Task DeclaredColumn_ThatFilesLack_IsNullAndSaid()
    {
        _bench.Write("data/a.csv", "id,name\n1,a\n");
        _bench.Write("data/b.csv", "ID,label\n2,b\n");
        _bench.Write("data/c.csv", "id,label\n3,c\n");
        await _bench.RunAsync("""
            source_type: file_local
            format: csv
            schema_mode: user
            user_schema: { id: int, name: string }
            config: { path: "data/*.csv" }
            """);
        Assert.Equal(["1|a", "2|NULL", "3|NULL"], _bench.Query("SELECT id, name FROM {t} ORDER BY id"));
        Assert.Contains("Warning: data/b.csv and 1 more lack columns that user_schema declares, which are NULL in their rows: name.", _bench.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("data/a.csv lacks", _bench.Log.Text, StringComparison.Ordinal);
    }
}
