using System.Buffers.Text;
using System.Runtime.InteropServices;
using FlowForge.Columnar;

namespace FlowForge.Ingest.Types;

/// <summary>Text as it is; the caller has made sure that it is UTF-8.</summary>
internal class TextWriter(ColumnType type) : ColumnWriter(type)
{
    private int[] _offsets = new int[1025];
    private byte[] _bytes = new byte[16 * 1024];
    private int _used;

    public override void AddFacts(ColumnFacts facts)
    {
        facts.HasText |= Type.Kind == TypeKind.Text;
        facts.HasJson |= Type.Kind == TypeKind.Json;
    }

    public override bool TryAppend(ReadOnlySpan<byte> text)
    {
        Reserve();
        var needed = checked(_used + text.Length);
        if (needed > _bytes.Length) Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(needed, _bytes.Length * 2L)));
        text.CopyTo(_bytes.AsSpan(_used));
        _used = needed;
        Added();
        _offsets[Length] = _used;
        return true;
    }

    protected override void Reserve()
    {
        if (Length + 1 == _offsets.Length) Array.Resize(ref _offsets, _offsets.Length * 2);
    }

    protected override void SkipValue() => _offsets[Length + 1] = _used;
    protected override void OnTruncated() => _used = _offsets[Length];

    protected override ArrowBuffer[] TakeBuffers()
    {
        var offsets = MemoryMarshal.AsBytes(_offsets.AsSpan(0, Length + 1)).ToArray();
        var bytes = _bytes.AsSpan(0, _used).ToArray();
        _used = 0;
        return [new ArrowBuffer(offsets), new ArrowBuffer(bytes)];
    }
}

/// <summary>Kept as text in the usual lower-case form.</summary>
internal sealed class UuidWriter(ColumnType type) : TextWriter(type)
{
    public override bool TryAppend(ReadOnlySpan<byte> text)
    {
        text = ColumnFacts.Trim(text);
        Span<byte> normal = stackalloc byte[36];
        return Utf8Parser.TryParse(text, out Guid value, out var used) && used == text.Length && Utf8Formatter.TryFormat(value, normal, out _) && base.TryAppend(normal);
    }
}

/// <summary>Nothing but nulls so far: the first value decides.</summary>
internal sealed class UnknownWriter(ColumnType type) : TextWriter(type)
{
    public override bool TryAppend(ReadOnlySpan<byte> text) => false;
}
