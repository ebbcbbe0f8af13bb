using System.Diagnostics;
using System.Text.Json;

namespace FlowForge.Columnar.Tests;

/// <summary>The wire formats against Apache Arrow's own JavaScript, in both directions.</summary>
public sealed class JavaScriptTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ff-arrow-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OurBytes_ReadByApacheArrow_AreTheSameRows(bool file)
    {
        var path = Path.Combine(_folder, "ours.arrow");
        // JavaScript has no reader for map-typed dictionaries in lists; every other sample column is compared.
        File.WriteAllBytes(path, IpcTests.Write(file, Samples.Batch(0, 10), Samples.Batch(10, 7)));
        var table = Node("read.mjs", path).RootElement;
        Assert.Equal((17, 2), (table.GetProperty("rows").GetInt32(), table.GetProperty("batches").GetInt32()));
        Assert.Equal("FlowForge", table.GetProperty("metadata").GetProperty("origin").GetString());
        var columns = table.GetProperty("columns");
        Assert.Equal(Samples.Schema.FieldsList.Select(f => f.Name), columns.EnumerateObject().Select(c => c.Name));
        Assert.Equal("mm", columns.GetProperty("i64").GetProperty("metadata").GetProperty("unit").GetString());
        Assert.Equal("arrow.uuid", columns.GetProperty("id").GetProperty("metadata").GetProperty("ARROW:extension:name").GetString());
        Assert.False(columns.GetProperty("i32").GetProperty("nullable").GetBoolean());

        string Value(string column, int row) => columns.GetProperty(column).GetProperty("values")[row].GetRawText();
        foreach (var name in Samples.Schema.FieldsList.Select(f => f.Name).Where(n => n != "i32"))
            Assert.Equal("null", Value(name, 3));
        var expected = new (string Column, int Row, string Json)[]
        {
            ("b", 2, "true"), ("b", 11, "false"), ("i8", 4, "-4"), ("u8", 4, "204"), ("i16", 4, "-28"), ("u16", 2, "65002"), ("i32", 16, "16"), ("u32", 1, "4000000001"),
            ("i64", 0, "\"9007199254740993\""), ("u64", 1, "\"18446744073709551614\""), ("f16", 0, "1.5"), ("f32", 1, "0.25"), ("f64", 1, "0.1"), ("dec", 2, "\"2125e-3\""),
            ("date", 0, "1709164800000"), ("date64", 0, "-86400000"), ("t32", 0, "3723004"), ("t64", 0, "\"86399000007\""), ("ts", 0, "1709208000000"), ("tz", 0, "-1"),
            ("dur", 2, "\"-2\""), ("s", 0, "\"\""), ("s", 16, "\"text ä😀 16\""), ("z", 2, "\"0002ff\""), ("fix", 2, "\"010202\""), ("id", 0, "\"00112233445566778899aabbccddeeff\""),
            ("l", 2, "[2,null,3]"), ("ll", 0, "[[\"a\"],null,[]]"), ("st", 1, "{\"x\":1,\"y\":\"odd\"}"), ("st", 12, "{\"x\":12,\"y\":null}"), ("m", 1, "[[\"k\",1],[\"none\",null]]"),
            ("dict", 1, "\"odd\""), ("dict", 16, "\"even\""), ("ld", 0, "[\"even\",null]"),
        };
        foreach (var (column, row, json) in expected)
            Assert.Equal((column, row, JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement)), (column, row, JsonSerializer.Serialize(JsonDocument.Parse(Value(column, row)).RootElement)));
    }

    [Theory]
    [InlineData("stream.arrows")]
    [InlineData("file.arrow")]
    public void ApacheArrowsBytes_ReadByUs_AreTheSameRows(string name)
    {
        using var _ = Node("write.mjs", _folder);
        using var reader = IpcTests.Open(name.EndsWith("arrow", StringComparison.Ordinal), File.ReadAllBytes(Path.Combine(_folder, name)));
        for (var n = 1; n <= 2; n++)
        {
            using var batch = reader.ReadNextRecordBatch()!;
            object? V(string column, int row) => batch.Column(column).GetObject(row);
            Assert.Equal(3, batch.Length);
            Assert.Equal([true, null, n == 1], Enumerable.Range(0, 3).Select(i => V("b", i)));
            Assert.Equal([(sbyte)-128, null, (sbyte)n], Enumerable.Range(0, 3).Select(i => V("i8", i)));
            Assert.Equal([(ushort)65535, (ushort)0, null], Enumerable.Range(0, 3).Select(i => V("u16", i)));
            Assert.Equal([9007199254740993L, null, (long)n], Enumerable.Range(0, 3).Select(i => V("i64", i)));
            Assert.Equal([1.5f, null, -0.25f], Enumerable.Range(0, 3).Select(i => V("f32", i)));
            Assert.Equal([0.1, null, (double)n], Enumerable.Range(0, 3).Select(i => V("f64", i)));
            Assert.Equal(["ä😀", null, ""], Enumerable.Range(0, 3).Select(i => V("s", i)));
            Assert.Equal([0, 255], (byte[])V("z", 0)!);
            Assert.Null(V("z", 1));
            Assert.Empty((byte[])V("z", 2)!);
            Assert.Equal([new DateOnly(2024, 2, 29), null, new DateOnly(1970, 1, 1)], Enumerable.Range(0, 3).Select(i => V("d", i)));
            Assert.Equal([new DateTime(2024, 2, 29, 12, 0, 0, 123, DateTimeKind.Utc), null, new DateTime(1969, 12, 31, 23, 59, 59, 999, DateTimeKind.Utc)], Enumerable.Range(0, 3).Select(i => V("ts", i)));
            Assert.Equal([1, null, 3], (List<object?>)V("l", 0)!);
            Assert.Null(V("l", 1));
            Assert.Empty((List<object?>)V("l", 2)!);
            Assert.Equal(new Dictionary<string, object?> { ["x"] = 1, ["y"] = "one" }, V("st", 0));
            Assert.Null(V("st", 1));
            Assert.Equal(new Dictionary<string, object?> { ["x"] = null, ["y"] = "three" }, V("st", 2));
            Assert.Equal(new Dictionary<string, object?> { ["a"] = 1, ["b"] = 2 }, V("m", 0));
            Assert.Null(V("m", 1));
            Assert.Equal([1.0, 2.0], (List<object?>)V("fl", 0)!);
            Assert.Null(V("fl", 1));
        }
        Assert.Null(reader.ReadNextRecordBatch());
    }

    [Theory]
    [InlineData("dictionary.arrows")]
    [InlineData("dictionary.arrow")]
    public void ApacheArrowsDictionaries_ReadByUs_AreTheSameRows(string name)
    {
        using var _ = Node("write.mjs", _folder);
        using var reader = IpcTests.Open(name.EndsWith("arrow", StringComparison.Ordinal), File.ReadAllBytes(Path.Combine(_folder, name)));
        using var batch = reader.ReadNextRecordBatch()!;
        Assert.IsType<DictionaryArray>(batch.Column(0));
        Assert.Equal(["red", "green", null, "red"], Enumerable.Range(0, 4).Select(i => batch.Column(0).GetObject(i)));
    }

    private static JsonDocument Node(string script, string argument)
    {
        var js = Path.Combine(AppContext.BaseDirectory, "../../../../tests/Columnar/js");
        using var node = Process.Start(new ProcessStartInfo("node", [script, argument]) { WorkingDirectory = js, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = node.StandardError.ReadToEndAsync();
        var text = node.StandardOutput.ReadToEnd();
        node.WaitForExit();
        Assert.True(node.ExitCode == 0, errors.Result);
        return JsonDocument.Parse(text.Length == 0 ? "null" : text);
    }
}
