using System.Runtime.InteropServices;

namespace FlowForge.Columnar;

/// <summary>
/// A block of bytes of an array: managed memory, or native memory that the array's <see cref="SharedMemory"/> keeps.
/// The span is valid as long as the array is not disposed.
/// </summary>
public readonly unsafe struct ArrowBuffer
{
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly byte* _pointer;
    private readonly int _length;

    public ArrowBuffer(ReadOnlyMemory<byte> memory)
    {
        _memory = memory;
        _pointer = null;
        _length = memory.Length;
    }

    internal ArrowBuffer(byte* pointer, int length)
    {
        _memory = default;
        _pointer = pointer;
        _length = length;
    }

    public static ArrowBuffer Empty => default;
    public int Length => _length;
    public bool IsEmpty => _length == 0;
    public ReadOnlySpan<byte> Span => _pointer != null ? new(_pointer, _length) : _memory.Span;
    internal bool IsNative => _pointer != null;
    internal byte* Pointer => _pointer;
    internal ReadOnlyMemory<byte> Memory => _memory;

    /// <summary>The bytes as values; a trailing part of a value is left out.</summary>
    internal ReadOnlySpan<T> As<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(Span);
}
