namespace FlowForge.Columnar.Tests;

/// <summary>Bytes that lie: always an exception that says so, never a crash, a hang or a giant allocation.</summary>
public sealed class HostileIpcTests
{
    private static readonly byte[] Stream = IpcTests.Write(false, Samples.Batch(0, 20));
    private static readonly byte[] File = IpcTests.Write(true, Samples.Batch(0, 20));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_TruncatedAnywhere_ThrowsOrEndsEarly(bool file)
    {
        var whole = file ? File : Stream;
        var step = Math.Max(1, whole.Length / 1500);
        for (var length = 0; length < whole.Length; length += step) ReadAll(file, whole[..length]);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    [InlineData(true, 3)]
    [InlineData(true, 4)]
    public void Read_RandomDamage_ThrowsOrGivesReadableValues(bool file, int seed)
    {
        var random = new Random(seed);
        var whole = file ? File : Stream;
        var before = GC.GetTotalAllocatedBytes();
        var errors = 0;
        const int rounds = 3000;
        for (var round = 0; round < rounds; round++)
        {
            var bytes = (byte[])whole.Clone();
            for (var hits = random.Next(1, 4); hits > 0; hits--)
            {
                var at = random.Next(bytes.Length);
                switch (random.Next(3))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes.AsSpan(at, Math.Min(4, bytes.Length - at)).Fill(0xFF); break;
                    default: bytes.AsSpan(at, Math.Min(8, bytes.Length - at)).Fill((byte)(random.Next(2) * 0x7F)); break;
                }
            }
            if (!ReadAll(file, bytes)) errors++;
        }
        Assert.InRange(errors, rounds / 20, rounds);
        // Bodies are read as they come and buffers checked before use: a lie costs no memory.
        Assert.InRange((GC.GetTotalAllocatedBytes() - before) / rounds, 0, 16 << 20);
    }

    [Fact]
    public void Read_HugeLengths_AreRefusedWithoutAllocating()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var metadata = Assert.Throws<InvalidDataException>(() => new ArrowStreamReader(new MemoryStream([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])));
        Assert.Equal("An Arrow message says its metadata has 2147483647 bytes.", metadata.Message);
        var promised = Assert.Throws<EndOfStreamException>(() => new ArrowStreamReader(new MemoryStream([0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0x0F, 1, 2, 3])));
        Assert.Equal("The Arrow stream ends inside a message: 251658240 bytes were promised, 3 came.", promised.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Theory]
    [InlineData(new byte[0], "The Arrow stream is empty: it has no schema.")]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0 }, "The Arrow stream is empty: it has no schema.")]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 4, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF }, "The Arrow message is broken: an offset in its metadata points outside.")]
    public void Read_NoSchema_SaysSo(byte[] bytes, string message) =>
        Assert.Equal(message, Assert.Throws<InvalidDataException>(() => new ArrowStreamReader(new MemoryStream(bytes))).Message);

    [Fact]
    public void ReadFile_NotAFile_SaysSo()
    {
        Assert.Equal("An Arrow file has at least 18 bytes, this one 3.", Assert.Throws<InvalidDataException>(() => new ArrowFileReader(new MemoryStream([1, 2, 3]))).Message);
        Assert.Equal("This is no Arrow file: it does not begin and end with ARROW1.", Assert.Throws<InvalidDataException>(() => new ArrowFileReader(new MemoryStream(new byte[100]))).Message);
    }

    /// <summary>Reads and looks at every value. True when nothing was refused; exceptions other than those documented fail the test.</summary>
    private static bool ReadAll(bool file, byte[] bytes)
    {
        try
        {
            using var reader = IpcTests.Open(file, bytes);
            while (reader.ReadNextRecordBatch() is { } batch)
            {
                using (batch)
                {
                    foreach (var column in batch.Arrays)
                        for (var i = 0; i < Math.Min(column.Length, 1000); i++) column.GetObject(i);
                }
            }
            return true;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or NotSupportedException)
        {
            return false;
        }
    }
}
