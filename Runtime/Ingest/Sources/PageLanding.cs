using System.Diagnostics;
using System.Globalization;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Reading;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Sources;

/// <summary>Lands pages of JSON records as they were received, many pages to a file.</summary>
internal sealed class PageLanding(IPageSource pages, LandingZone landing, RowManifest manifest, string source, bool resumable, ReadingProgress progress)
{
    private const long MostBytes = 64 << 20;

    public async Task LandAsync(ReadRequest request, CancellationToken ct)
    {
        PageFile? file = null;
        try
        {
            await foreach (var page in Pages(request, ct).ConfigureAwait(false))
            {
                file ??= Begin(string.Create(CultureInfo.InvariantCulture, $"part-{manifest.Parts.Count + 1:D5}.ndjson"));
                file.Add(page);
                progress.Rows(page.Count);
                progress.Bytes(page.Records.Length);
                if (file.Bytes >= MostBytes || resumable && page.Cursor is not null && file.Age > RowLanding.CheckpointAfter) End(ref file);
            }
            if (file is not null || manifest.Parts.Count == 0)
            {
                file ??= Begin("part-00001.ndjson");
                End(ref file);
            }
            manifest.Complete();
        }
        finally
        {
            file?.Dispose();
        }
    }

    private async IAsyncEnumerable<SourcePage> Pages(ReadRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var reading = pages.ReadAsync(request, ct).GetAsyncEnumerator(ct);
        try
        {
            while (true)
            {
                try
                {
                    // A connector that does not listen is not waited for.
                    if (!await reading.MoveNextAsync().AsTask().WaitAsync(ct).ConfigureAwait(false)) break;
                }
                catch (Exception e) when (!ct.IsCancellationRequested)
                {
                    throw SourceFailures.From(source, e);
                }
                yield return reading.Current;
            }
        }
        finally
        {
            if (!ct.IsCancellationRequested) await reading.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void End(ref PageFile? file)
    {
        var whole = file!;
        // Named first, so that no file lies landed that nothing names.
        whole.Flush();
        manifest.Add(new RowPart($"{source}/{string.Create(CultureInfo.InvariantCulture, $"part-{manifest.Parts.Count + 1:D5}")}", whole.Path, whole.Records, whole.Bytes, whole.Cursor, whole.Reached, []));
        whole.End();
        file = null;
    }

    private PageFile Begin(string name)
    {
        var path = landing.PartPath(name);
        return new PageFile(path, landing.TemporaryFor(path));
    }

    /// <summary>A file that counts only once it is whole.</summary>
    private sealed class PageFile : IDisposable
    {
        private readonly string _temporary;
        private readonly FileStream _stream;
        private readonly long _started = Stopwatch.GetTimestamp();

        public PageFile(string path, string temporary)
        {
            (Path, _temporary) = (path, temporary);
            _stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        }

        public string Path { get; }
        public long Records { get; private set; }
        public long Bytes { get; private set; }
        public string? Cursor { get; private set; }
        public string? Reached { get; private set; }
        public TimeSpan Age => Stopwatch.GetElapsedTime(_started);

        public void Add(SourcePage page)
        {
            _stream.Write(page.Records.Span);
            Bytes += page.Records.Length;
            if (page.Records.Length > 0 && page.Records.Span[^1] != '\n')
            {
                _stream.WriteByte((byte)'\n');
                Bytes++;
            }
            Records += page.Count;
            Cursor = page.Cursor;
            Reached = page.Cursor ?? Reached;
        }

        public void Flush() => _stream.Flush(flushToDisk: true);

        public void End()
        {
            _stream.Dispose();
            File.Move(_temporary, Path, overwrite: true);
        }

        public void Dispose()
        {
            _stream.Dispose();
            File.Delete(_temporary);
        }
    }
}
