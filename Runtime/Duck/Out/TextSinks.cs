using System.Globalization;
using System.Text;
using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.Out;

/// <summary>Base of types that Arrow lacks and that therefore travel as text.</summary>
internal abstract unsafe class TextSink(BufferPool pool) : BytesSink(StringType.Default, pool)
{
    protected sealed override void Copy(nint vector, ulong* validity, int start, int count)
    {
        var data = Api.VectorData(vector);
        for (var i = 0; i < count; i++)
            AppendValue(Count + i, IsValid(validity, start + i) ? Encoding.UTF8.GetBytes(Format(data, start + i)) : []);
    }

    protected abstract string Format(void* data, int row);
}

/// <summary>BIT as zeros and ones; the first byte tells how many bits of the second are padding.</summary>
internal sealed unsafe class BitSink(BufferPool pool) : TextSink(pool)
{
    protected override string Format(void* data, int row)
    {
        var value = (NativeString*)data + row;
        var length = (int)value->Length;
        var bytes = new ReadOnlySpan<byte>(length <= NativeString.InlineLength ? value->Inlined : value->Pointer, length);
        if (length < 2) return "";
        var padding = bytes[0];
        var text = new StringBuilder((length - 1) * 8);
        for (var bit = (int)padding; bit < (length - 1) * 8; bit++) text.Append((bytes[1 + bit / 8] & (0x80 >> (bit % 8))) != 0 ? '1' : '0');
        return text.ToString();
    }
}

/// <summary>TIME WITH TIME ZONE as <c>12:34:56.789+02:00</c>: 40 bits of microseconds, 24 bits of offset counted down from +15:59:59.</summary>
internal sealed unsafe class TimeTzSink(BufferPool pool) : TextSink(pool)
{
    private const int MaxOffset = 16 * 3600 - 1;

    protected override string Format(void* data, int row)
    {
        var bits = ((ulong*)data)[row];
        var micros = (long)(bits >> 24);
        var offset = MaxOffset - (int)(bits & 0xFFFFFF);
        var seconds = micros / 1_000_000;
        var fraction = micros % 1_000_000 == 0 ? "" : "." + (micros % 1_000_000).ToString("D6", CultureInfo.InvariantCulture).TrimEnd('0');
        var sign = offset < 0 ? '-' : '+';
        offset = Math.Abs(offset);
        var tail = offset % 60 == 0 ? "" : $":{offset % 60:D2}";
        return string.Create(CultureInfo.InvariantCulture,
            $"{seconds / 3600:D2}:{seconds / 60 % 60:D2}:{seconds % 60:D2}{fraction}{sign}{offset / 3600:D2}:{offset / 60 % 60:D2}{tail}");
    }
}
