using FlowForge.Plugins.Shared;

namespace FlowForge.Plugins.Formats.Excel;

/// <summary>Ends the reading of a part that becomes much larger than it is.</summary>
internal sealed class LimitedStream(Stream inner, long most, string part) : ReadingStream(inner)
{
    private long _read;

    public override int Read(Span<byte> buffer)
    {
        var read = Inner.Read(buffer);
        _read += read;
        return _read <= most ? read : throw new BrokenFileException("UNPACKED_TOO_LARGE", $"{part} becomes more than {most} bytes when it is unpacked.", "If the workbook is sound, raise max_unpack_ratio.");
    }
}
