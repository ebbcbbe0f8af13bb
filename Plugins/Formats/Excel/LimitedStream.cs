namespace FlowForge.Plugins.Formats.Excel;

/// <summary>Ends the reading of a part that becomes much larger than it is.</summary>
internal sealed class LimitedStream(Stream inner, long most, string part) : Stream
{
    private long _read;

    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer);
        _read += read;
        return _read <= most ? read : throw new BrokenFileException("UNPACKED_TOO_LARGE", $"{part} becomes more than {most} bytes when it is unpacked.", "If the workbook is sound, raise max_unpack_ratio.");
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
