using System.Numerics;
using FlowForge.Columnar;

namespace FlowForge.Duck.Out;

/// <summary>
/// Buffers of one reader, used again when a batch is disposed: they stay in the processor's cache, where fresh memory never is. A
/// batch that is not disposed just leaves its buffers to the garbage collector. Thread-safe.
/// </summary>
internal sealed class BufferPool
{
    private const int KeptOfASize = 64;
    private const int LargestKept = 16 << 20;
    private readonly Stack<byte[]>[] _free = Enumerable.Range(0, 32).Select(_ => new Stack<byte[]>()).ToArray();

    /// <summary>At least this many bytes, with anything in them.</summary>
    public byte[] Rent(long size)
    {
        if (size > LargestKept) return GC.AllocateUninitializedArray<byte>(checked((int)size));
        var power = Math.Max(8, 32 - BitOperations.LeadingZeroCount((uint)Math.Max(1, size) - 1));
        var stack = _free[power];
        lock (stack)
        {
            if (stack.TryPop(out var buffer)) return buffer;
        }
        return GC.AllocateUninitializedArray<byte>(1 << power);
    }

    public void Return(byte[] buffer)
    {
        if (buffer.Length is 0 or > LargestKept || !BitOperations.IsPow2(buffer.Length)) return;
        var stack = _free[BitOperations.Log2((uint)buffer.Length)];
        lock (stack)
        {
            if (stack.Count < KeptOfASize) stack.Push(buffer);
        }
    }
}

/// <summary>The buffers of one batch; they go back when its last array or slice is disposed.</summary>
internal sealed class PooledMemory(BufferPool pool) : SharedMemory
{
    private readonly List<byte[]> _buffers = [];

    public void Add(byte[] buffer) => _buffers.Add(buffer);

    protected override void Free()
    {
        foreach (var buffer in _buffers) pool.Return(buffer);
    }
}
