namespace FlowForge.Columnar.Tests;

public sealed class IpcTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WriteThenRead_AllTypes_GivesTheSameRows(bool file)
    {
        var bytes = Write(file, Samples.Batch(0, 100), Samples.Batch(100, 0), Samples.Batch(100, 37));
        using var reader = Open(file, bytes);
        Assert.Equal(Samples.Schema, reader.Schema);
        Assert.Equal("FlowForge", reader.Schema.Metadata["origin"]);
        Assert.Equal("😀", reader.Schema.GetFieldByName("i64")!.Metadata["ü"]);
        Assert.Empty(reader.Schema.GetFieldByName("id")!.Metadata);
        var rows = 0;
        while (reader.ReadNextRecordBatch() is { } batch)
        {
            using (batch) Samples.AssertRows(batch, rows);
            rows += batch.Length;
        }
        Assert.Equal(137, rows);
    }

    [Fact]
    public void Write_Slices_WritesOnlyTheirRows()
    {
        using var whole = Samples.Batch(0, 100);
        using var slice = whole.Slice(13, 29);
        using var inner = slice.Slice(4, 20);
        var bytes = Write(false, inner);
        using var reader = Open(false, bytes);
        using var back = reader.ReadNextRecordBatch()!;
        Assert.Equal(20, back.Length);
        Samples.AssertRows(back, 17);
        using var small = Samples.Batch(17, 20);
        Assert.InRange(bytes.Length, 0, Write(false, small).Length + 64);
    }

    [Fact]
    public void File_RandomAccess_ReadsEachBatch()
    {
        var bytes = Write(true, Samples.Batch(0, 5), Samples.Batch(20, 5), Samples.Batch(10, 5));
        using var reader = new ArrowFileReader(new MemoryStream(bytes));
        Assert.Equal(3, reader.RecordBatchCount);
        using var last = reader.ReadRecordBatch(2);
        Samples.AssertRows(last, 10);
        using var first = reader.ReadRecordBatch(0);
        Samples.AssertRows(first, 0);
    }

    [Fact]
    public void Write_DictionaryChanges_StreamReplacesFileRefuses()
    {
        var schema = new Schema([new Field("w", new DictionaryType(Int32Type.Default, StringType.Default))]);
        RecordBatch Words(params string[] words)
        {
            var builder = new RecordBatchBuilder(schema);
            foreach (var word in words) builder.AppendRow(word);
            return builder.Build();
        }
        var stream = new MemoryStream();
        using (var writer = new ArrowStreamWriter(stream, schema, leaveOpen: true))
        {
            writer.WriteRecordBatch(Words("red", "green"));
            writer.WriteRecordBatch(Words("blue", "blue", "red"));
        }
        stream.Position = 0;
        using var reader = new ArrowStreamReader(stream);
        using var one = reader.ReadNextRecordBatch()!;
        using var two = reader.ReadNextRecordBatch()!;
        Assert.Equal(["red", "green"], Enumerable.Range(0, 2).Select(i => one.Column(0).GetObject(i)));
        Assert.Equal(["blue", "blue", "red"], Enumerable.Range(0, 3).Select(i => two.Column(0).GetObject(i)));

        using var file = new ArrowFileWriter(new MemoryStream(), schema);
        file.WriteRecordBatch(Words("red", "green"));
        file.WriteRecordBatch(Words("red"));
        file.WriteRecordBatch(Words("red", "green", "white"));
        var e = Assert.Throws<NotSupportedException>(() => file.WriteRecordBatch(Words("blue")));
        Assert.Equal("The dictionary of column 'w' changes between batches, which an Arrow file cannot hold: write a stream, or one dictionary for all batches.", e.Message);
    }

    [Fact]
    public void Write_OtherSchema_IsRefused()
    {
        var schema = new Schema([new Field("a", Int32Type.Default)]);
        using var writer = new ArrowStreamWriter(new MemoryStream(), schema);
        using var batch = Samples.Batch(0, 1);
        Assert.StartsWith("The batch has the schema (n: null, ", Assert.Throws<ArgumentException>(() => writer.WriteRecordBatch(batch)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoBatches_GivesSchemaAndEnd()
    {
        foreach (var file in new[] { false, true })
        {
            using var reader = Open(file, Write(file));
            Assert.Equal(Samples.Schema, reader.Schema);
            Assert.Null(reader.ReadNextRecordBatch());
            Assert.Null(reader.ReadNextRecordBatch());
        }
    }

    internal static byte[] Write(bool file, params RecordBatch[] batches)
    {
        var stream = new MemoryStream();
        using (var writer = file ? new ArrowFileWriter(stream, Samples.Schema, leaveOpen: true) : new ArrowStreamWriter(stream, Samples.Schema, leaveOpen: true))
        {
            foreach (var batch in batches) writer.WriteRecordBatch(batch);
        }
        return stream.ToArray();
    }

    internal static IArrowArrayStream Open(bool file, byte[] bytes) =>
        file ? new ArrowFileReader(new MemoryStream(bytes)) : new ArrowStreamReader(new MemoryStream(bytes));
}
