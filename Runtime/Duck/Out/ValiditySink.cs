using System.Runtime.InteropServices;
using FlowForge.Columnar;

namespace FlowForge.Duck.Out;

/// <summary>Collects validity bits; nothing is allocated until the first null.</summary>
internal unsafe struct ValiditySink
{
    private byte[]? _bits;
    private int _count;

    /// <param name="validity">DuckDB's bitmap, null when all are valid.</param>
    /// <param name="start">First row in it.</param>
    /// <param name="count">Rows.</param>
    public void Append(ulong* validity, int start, int count)
    {
        if (validity == null && _bits is null)
        {
            _count += count;
            return;
        }
        var needed = Bits.BytesFor(_count + count);
        if (_bits is null)
        {
            _bits = new byte[Math.Max(needed, 256)];
            Bits.Fill(_bits, 0, _count, true);
        }
        else if (needed > _bits.Length) Array.Resize(ref _bits, Math.Max(needed, _bits.Length * 2));
        if (validity == null) Bits.Fill(_bits, _count, count, true);
        else Bits.Copy(new ReadOnlySpan<byte>(validity, ((start + count + 63) >> 6) * 8), start, _bits, _count, count);
        _count += count;
    }

    public ArrowBuffer Finish()
    {
        var buffer = _bits is null ? ArrowBuffer.Empty : new ArrowBuffer(_bits.AsMemory(0, Bits.BytesFor(_count)));
        _bits = null;
        _count = 0;
        return buffer;
    }
}
