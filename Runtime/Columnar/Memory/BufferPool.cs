using System.Numerics;

namespace FlowForge.Columnar;

/// <summary>
/// Buffers of one reader, used again when a batch is disposed: the system need not find and clear pages for each batch, and the garbage of large arrays does not pile up between
/// collections. A batch that is not disposed just leaves its buffers to the garbage collector, as the pool does with all when it is forgotten itself. Thread-safe.
/// </summary>
public sealed class BufferPool
{
    private const int KeptOfASize = 64;
    private const int Smallest = 256, LargestKept = 16 << 20;
    private readonly Stack<byte[]>[] _free = Enumerable.Range(0, 4 * BitOperations.Log2(LargestKept)).Select(_ => new Stack<byte[]>()).ToArray();

    /// <summary>A buffer with anything in it.</summary>
    /// <param name="size">Bytes that it has at least.</param>
    public byte[] Rent(long size)
    {
        if (size > LargestKept) return GC.AllocateUninitializedArray<byte>(checked((int)size));
        var (room, kind) = Size((int)size);
        var stack = _free[kind];
        lock (stack)
        {
            if (stack.TryPop(out var buffer)) return buffer;
        }
        return GC.AllocateUninitializedArray<byte>(room);
    }

    /// <summary>Gives a buffer back, which nobody uses any more.</summary>
    public void Return(byte[] buffer)
    {
        if (buffer.Length is < Smallest or > LargestKept) return;
        var (room, kind) = Size(buffer.Length);
        if (room != buffer.Length) return;
        var stack = _free[kind];
        lock (stack)
        {
            if (stack.Count < KeptOfASize) stack.Push(buffer);
        }
    }

    // Four sizes between two powers of two: no more than a quarter is more than was asked for.
    private static (int Room, int Kind) Size(int size)
    {
        size = Math.Max(size, Smallest);
        var power = BitOperations.Log2((uint)size - 1);
        var quarters = ((size - 1) >> (power - 2)) + 1;
        return (quarters << (power - 2), 4 * power + quarters - 5);
    }
}

/// <summary>The buffers of one batch; they go back when its last array or slice is disposed.</summary>
public sealed class PooledMemory(BufferPool pool) : SharedMemory
{
    private readonly List<byte[]> _buffers = [];

    /// <summary>One more buffer of the pool, which goes back with the others.</summary>
    public void Add(byte[] buffer) => _buffers.Add(buffer);

    protected override void Free()
    {
        foreach (var buffer in _buffers) pool.Return(buffer);
    }
}
