using System.Buffers;
using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Rejects;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Formats.Readers;

/// <summary>A file whose records a plugin hands over as JSON. They are read as lines, each pass anew; what is no record stands between them as a line of its own, so that all numbers stay.</summary>
internal sealed class RecordLines(PluginFormat format, LandedFile file)
{
    /// <summary>Good and bad records that the plugin handed over when the file was last read to its end.</summary>
    public long? Handed { get; private set; }

    /// <param name="consumed">Told the bytes of the file that were read; may be null.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <exception cref="UnreadableFileException">While it is read: the file is broken.</exception>
    public Stream Open(Action<int>? consumed, CancellationToken ct) => new LineStream(format.Pages(file, consumed, ct).GetAsyncEnumerator(ct), handed => Handed = handed);

    /// <summary>The reject that the plugin meant, where the JSON reader met one of its lines.</summary>
    public static Reject Restore(Reject reject)
    {
        if (reject is not { Reason: RejectReasons.InvalidJson, Raw: ['!', ..] line }) return reject;
        var bad = JsonSerializer.Deserialize<BadRecord>(line.AsSpan(1))!;
        return reject with { Reason = bad.Reason, Message = bad.Message, Column = bad.Column, Raw = bad.Raw, Offset = null };
    }

    private sealed class LineStream(IAsyncEnumerator<FormatPage> pages, Action<long> handedOver) : Stream
    {
        private ReadOnlyMemory<byte> _left;
        private long _handed;
        private bool _ended;

        public override int Read(Span<byte> buffer)
        {
            while (_left.Length == 0 && !_ended) Next();
            var count = Math.Min(buffer.Length, _left.Length);
            _left.Span[..count].CopyTo(buffer);
            _left = _left[count..];
            return count;
        }

        private void Next()
        {
            try
            {
                if (pages.MoveNextAsync().AsTask().GetAwaiter().GetResult())
                {
                    var page = pages.Current;
                    _left = page.Bad is { Count: > 0 } bad ? Woven(page, bad) : page.Records;
                    _handed += page.Count + (page.Bad?.Count ?? 0);
                    return;
                }
            }
            catch (Exception e) when (PluginFormat.FileFault(e) is UnreadableFileException fault && fault != e)
            {
                throw fault;
            }
            _ended = true;
            handedOver(_handed);
        }

        /// <summary>The page's lines with those of its bad records in their places.</summary>
        private ReadOnlyMemory<byte> Woven(FormatPage page, IReadOnlyList<BadRecord> bad)
        {
            var woven = new ArrayBufferWriter<byte>(page.Records.Length + 256 * bad.Count);
            var left = page.Records.Span;
            var next = 0;
            for (var record = _handed + 1; record <= _handed + page.Count + bad.Count; record++)
            {
                if (next < bad.Count && bad[next].Record == record)
                {
                    woven.Write("!"u8);
                    woven.Write(JsonSerializer.SerializeToUtf8Bytes(bad[next++]));
                    woven.Write("\n"u8);
                    continue;
                }
                var end = left.IndexOf((byte)'\n');
                if (end < 0) throw Misnumbered(record, bad);
                woven.Write(left[..(end + 1)]);
                left = left[(end + 1)..];
            }
            return next == bad.Count && left.Length == 0 ? woven.WrittenMemory : throw Misnumbered(bad[Math.Min(next, bad.Count - 1)].Record, bad);
        }

        private static JobFailedException Misnumbered(long record, IReadOnlyList<BadRecord> bad) => new("FF2030",
            $"The rows do not add up, and nothing was published: the reader's lines and its bad records ({string.Join(", ", bad.Take(5).Select(b => b.Record))}) do not meet at record {record}.", "This is a defect of the format's plugin: report it to its author.");

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
            if (disposing) pages.DisposeAsync().AsTask().GetAwaiter().GetResult();
            base.Dispose(disposing);
        }
    }
}
