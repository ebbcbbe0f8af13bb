using System.Globalization;

namespace FlowForge.Columnar.Tests;

/// <summary>Builders whose arrays give their memory back: what they hold is right, and no memory is given away while somebody may read it.</summary>
public sealed class PooledBuilderTests
{
    private readonly BufferPool _pool = new();

    private static string Text(int i) => string.Create(CultureInfo.InvariantCulture, $"text {i} é {new string('x', i % 50)}");

    private static StringArray Texts(StringArray.Builder builder, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            if (i % 7 == 0) builder.AppendNull();
            else builder.Append(Text(i));
        }
        return (StringArray)builder.Build();
    }

    private static void AssertTexts(StringArray array, int first, int count)
    {
        Assert.Equal(count, array.Length);
        for (var i = 0; i < count; i++) Assert.Equal((first + i) % 7 == 0 ? null : Text(first + i), array.GetObject(i));
    }

    [Fact]
    public void Build_ArrayAfterArray_HoldsItsOwnValues()
    {
        var builder = new StringArray.Builder { Pool = _pool };
        for (var n = 0; n < 5; n++)
        {
            using var one = Texts(builder, n * 3000, 3000);
            using var two = Texts(builder, n * 3000 + 11, 10);
            AssertTexts(one, n * 3000, 3000);
            AssertTexts(two, n * 3000 + 11, 10);
        }
    }

    [Fact]
    public void Dispose_OfArrayAndSlices_GivesTheMemoryToTheNextArray()
    {
        var builder = new Int64Array.Builder { Pool = _pool };
        builder.Append([1L, 2, 3, 4]);
        var array = builder.Build();
        var slice = array.Slice(1, 2);
        array.Dispose();
        builder.Append([5L, 6, 7, 8]);
        using var second = builder.Build();
        // The slice still reads what it was cut from.
        Assert.Equal([2L, 3L], ((Int64Array)slice).Values.ToArray());
        Assert.False(((Int64Array)second).Values.Overlaps(((Int64Array)slice).Values));
        var freed = slice.Data.Buffers[1];
        slice.Dispose();
        builder.Append(9L);
        using var third = builder.Build();
        Assert.True(third.Data.Buffers[1].Span.Overlaps(freed.Span));
        Assert.Equal([5L, 6, 7, 8], ((Int64Array)second).Values.ToArray());
        Assert.Equal(9L, third.GetObject(0));
    }

    [Fact]
    public void Build_WithoutDispose_NeverSharesMemory()
    {
        var builder = new StringArray.Builder { Pool = _pool };
        var kept = Enumerable.Range(0, 20).Select(n => Texts(builder, n * 100, 100)).ToList();
        for (var n = 0; n < kept.Count; n++) AssertTexts(kept[n], n * 100, 100);
    }

    [Fact]
    public void Build_AfterTruncate_AndOfNothing()
    {
        var builder = new StringArray.Builder { Pool = _pool };
        builder.Build().Dispose();
        builder.Append("kept");
        builder.Append("taken back");
        builder.Truncate(1);
        builder.Append("new");
        using var array = builder.Build();
        Assert.Equal(["kept", "new"], Enumerable.Range(0, 2).Select(i => array.GetObject(i)));
        using var empty = builder.Build();
        Assert.Equal(0, empty.Length);
    }

    [Fact]
    public void Build_OfAValueLargerThanThePoolKeeps_HoldsIt()
    {
        var builder = new BinaryArray.Builder { Pool = _pool };
        var large = new byte[(16 << 20) + 5];
        Random.Shared.NextBytes(large);
        builder.Append([1, 2]);
        builder.Append(large);
        using var array = (BinaryArray)builder.Build();
        Assert.Equal([1, 2], array.GetBytes(0).ToArray());
        Assert.True(array.GetBytes(1).SequenceEqual(large));
    }

    [Fact]
    public void Build_OfListsWithAPoolForTheirValues_HoldsThem()
    {
        var builder = new ListBuilder(new ListType(Int32Type.Default)) { Pool = _pool };
        builder.Values.Pool = _pool;
        var arrays = Enumerable.Range(0, 3).Select(n =>
        {
            builder.Append();
            ((Int32Array.Builder)builder.Values).Append([n, n + 1]);
            builder.AppendNull();
            return builder.Build();
        }).ToList();
        for (var n = 0; n < arrays.Count; n++)
        {
            Assert.Equal(new List<object?> { n, n + 1 }, arrays[n].GetObject(0));
            Assert.Null(arrays[n].GetObject(1));
            arrays[n].Dispose();
        }
    }

    [Fact]
    public void Rent_OfAnySize_GivesLittleMore_AndTakesItBack()
    {
        foreach (var size in (int[])[0, 1, 255, 256, 257, 320, 321, 1000, 65_536, 65_537, 1_000_003, (16 << 20) - 1, 16 << 20])
        {
            var buffer = _pool.Rent(size);
            Assert.InRange(buffer.Length, size, Math.Max(256, size + size / 4 + 1));
            _pool.Return(buffer);
            Assert.Same(buffer, _pool.Rent(size));
            Assert.NotSame(buffer, _pool.Rent(size));
        }
    }

    [Fact]
    public void Return_OfForeignOrTooLargeBuffers_ForgetsThem()
    {
        _pool.Return(new byte[1001]);
        Assert.Equal(1024, _pool.Rent(1000).Length);
        var large = _pool.Rent((16 << 20) + 1);
        _pool.Return(large);
        Assert.NotSame(large, _pool.Rent((16 << 20) + 1));
        _pool.Return([]);
    }
}
