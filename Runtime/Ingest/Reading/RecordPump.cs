using System.Collections.Concurrent;
using System.Threading.Channels;
using FlowForge.Columnar;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Replay;
using FlowForge.Ingest.Types;

namespace FlowForge.Ingest.Reading;

/// <summary>What a file turned out to be when it was read.</summary>
/// <param name="Counted">Records by the splitter's count: the independent one.</param>
/// <param name="Decoded">Records that the decoder made rows or rejects of.</param>
/// <param name="Fault">Why the file cannot be read, when it cannot.</param>
internal sealed record FileTally(long Counted, long Decoded, UnreadableFileException? Fault = null)
{
    /// <summary>Records of a file that were not wanted; they are no input of the run.</summary>
    public long PassedOver { get; init; }

    /// <summary>Records that are input of the run.</summary>
    public long Read => Counted - PassedOver;
}

/// <summary>
/// Reads files into batches: one thread cuts them into chunks, as many as there are cores decode them, the taker gets the batches in the
/// order of the files. Memory is bounded by the few chunks that are under way. One pass over the files; make a new one to read again.
/// </summary>
internal sealed class RecordPump(ReadPlan plan, FileSettings settings, IReadOnlySet<int> leftOut, ReadingProgress progress)
{
    private readonly ConcurrentBag<Worker> _workers = [];
    private readonly Dictionary<int, FileTally> _tallies = [];
    private readonly ConcurrentDictionary<int, bool[]> _met = [];
    private int _slots;
    private volatile bool _mustRepeat;

    /// <summary>Which arrays become tables of their own; null when none do.</summary>
    public Func<string, bool>? WantsChildren { get; init; }

    /// <summary>Takes the lines of these tables, in order, on the taker's thread.</summary>
    public Action<string, byte[]>? TakeChildren { get; init; }

    /// <summary>By file number; complete when the pump has been read to its end.</summary>
    public IReadOnlyDictionary<int, FileTally> Tallies => _tallies;

    /// <summary>By number of a file whose records name their fields: which columns at least one of them has. Complete when the pump has been read to its end.</summary>
    public IReadOnlyDictionary<int, bool[]> FieldsMet => _met;

    /// <summary>Whether a value did not fit its column or a file could not be read: what was handed over is then not to be used.</summary>
    public bool MustRepeat => _mustRepeat;

    /// <summary>The batches. Rejects go to <paramref name="rejects"/> in order, on the taker's thread.</summary>
    public IEnumerable<RecordBatch> Read(Action<Reject> rejects, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var workers = Math.Max(1, Environment.ProcessorCount);
        var queue = Channel.CreateBounded<Task<DecodedChunk>>(workers + 1);
        var cutting = Task.Run(() => CutAsync(queue.Writer, workers, stop.Token), CancellationToken.None);
        try
        {
            while (queue.Reader.WaitToReadAsync(stop.Token).AsTask().GetAwaiter().GetResult())
            {
                while (queue.Reader.TryRead(out var decoding))
                {
                    var chunk = decoding.GetAwaiter().GetResult();
                    var tally = _tallies.GetValueOrDefault(chunk.File, new FileTally(0, 0));
                    _tallies[chunk.File] = tally with { Counted = tally.Counted + chunk.Counted, Decoded = tally.Decoded + chunk.Records, PassedOver = tally.PassedOver + chunk.PassedOver };
                    progress.Rows(chunk.Counted);
                    foreach (var reject in chunk.Rejects) rejects(reject);
                    foreach (var (path, lines) in chunk.Children) TakeChildren?.Invoke(path, lines);
                    if (chunk.Batch is { } batch) yield return batch;
                }
            }
            foreach (var (file, fault) in cutting.GetAwaiter().GetResult())
            {
                _mustRepeat = true;
                _tallies[file] = _tallies.GetValueOrDefault(file, new FileTally(0, 0)) with { Fault = fault };
            }
        }
        finally
        {
            stop.Cancel();
            // What is still under way is let go before its memory is.
            while (queue.Reader.TryRead(out var left)) Discard(left);
            try { cutting.GetAwaiter().GetResult(); }
            catch (OperationCanceledException) { }
            while (queue.Reader.TryRead(out var left)) Discard(left);
        }
    }

    private static void Discard(Task<DecodedChunk> decoding)
    {
        try { decoding.GetAwaiter().GetResult().Batch?.Dispose(); }
        catch (OperationCanceledException) { }
    }

    private async Task<List<(int File, UnreadableFileException Fault)>> CutAsync(ChannelWriter<Task<DecodedChunk>> queue, int workers, CancellationToken cancellationToken)
    {
        var faults = new List<(int, UnreadableFileException)>();
        using var free = new SemaphoreSlim(workers);
        var running = new List<Task>();
        try
        {
            foreach (var file in plan.Files)
            {
                if (file.Layout is null || leftOut.Contains(file.Index)) continue;
                foreach (var texts in file.File.Picks?.Batches() ?? []) await Schedule(() => Decode(file, texts)).ConfigureAwait(false);
                if (file.File.Picks is { ReadsFile: false }) continue;
                try
                {
                    using var stream = file.File.Open(settings, progress.Bytes, cancellationToken);
                    Skip(stream, file.Layout.DataOffset);
                    foreach (var chunk in ChunkReader.Read(stream, file.Layout.Splitter(settings.MaxRecordBytes), file.Layout.DataOffset, settings.MaxRecordBytes, cancellationToken))
                    {
                        await Schedule(() => Decode(file, chunk)).ConfigureAwait(false);
                    }
                }
                catch (UnreadableFileException fault)
                {
                    faults.Add((file.Index, fault));
                }
            }
            queue.Complete();
            return faults;
        }
        catch (Exception e)
        {
            queue.TryComplete(e is OperationCanceledException ? null : e);
            throw;
        }
        finally
        {
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task Schedule(Func<DecodedChunk> work)
        {
            await free.WaitAsync(cancellationToken).ConfigureAwait(false);
            var decoding = Task.Run(() =>
            {
                try { return work(); }
                finally { free.Release(); }
            }, CancellationToken.None);
            running.Add(decoding);
            if (running.Count > 4 * workers) running.RemoveAll(t => t.IsCompletedSuccessfully);
            await queue.WriteAsync(decoding, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads kept raw texts: each must be one record by the file's present layout.</summary>
    private DecodedChunk Decode(PlannedFile file, IReadOnlyList<PickedText> texts)
    {
        if (!_workers.TryTake(out var worker)) worker = new Worker(new RowBuilder(plan.Columns, plan.FindsFields, WantsChildren is { } wants ? new ChildTexts(wants) : null), Interlocked.Increment(ref _slots));
        try
        {
            var layout = file.Layout!.ForTexts();
            var (splitter, decoder) = (layout.Splitter(settings.MaxRecordBytes), layout.Decoder(plan.Columns));
            worker.Rows.StartChunk(file.Index, 0);
            foreach (var (record, offset, raw) in texts)
            {
                var records = splitter.Split(raw, atEnd: true).Records;
                worker.Rows.GoTo(record);
                if (records == 1) decoder.Decode(raw, offset, isLast: true, worker.Rows);
                else worker.Rows.RejectOther(record, offset, raw, RejectReasons.NotOneRecord, $"By the job's present settings this text is {records} records.");
            }
            return worker.Rows.EndChunk(texts.Count);
        }
        finally
        {
            GiveBack(worker);
        }
    }

    private DecodedChunk Decode(PlannedFile file, RecordChunk chunk)
    {
        if (!_workers.TryTake(out var worker)) worker = new Worker(new RowBuilder(plan.Columns, plan.FindsFields, WantsChildren is { } wants ? new ChildTexts(wants) : null), Interlocked.Increment(ref _slots));
        try
        {
            using (chunk)
            {
                var decoder = worker.DecoderOf(file, plan.Columns);
                worker.Rows.StartChunk(file.Index, chunk.FirstRecord, file.File.Picks?.Numbers);
                decoder.Decode(chunk.Bytes, chunk.Offset, chunk.IsLast, worker.Rows);
                if (decoder is JsonDecoder json) json.MarkFields(_met.GetOrAdd(file.Index, static (_, columns) => new bool[columns], plan.Columns.Count));
                return worker.Rows.EndChunk(chunk.Records);
            }
        }
        finally
        {
            GiveBack(worker);
        }
    }

    // Asked for each batch, of which there may be a hundred thousand: noted once.
    private void GiveBack(Worker worker)
    {
        if (worker.Rows.HasMisfits) _mustRepeat = true;
        _workers.Add(worker);
    }

    /// <summary>What one decoding thread needs; passed from thread to thread.</summary>
    private sealed class Worker(RowBuilder rows, int slot)
    {
        private IRecordDecoder? _decoder;
        private int _file = -1;

        public RowBuilder Rows => rows;
        public int Slot => slot;

        public IRecordDecoder DecoderOf(PlannedFile file, IReadOnlyList<TargetColumn> columns)
        {
            if (_file != file.Index) (_decoder, _file) = (file.Layout!.Decoder(columns), file.Index);
            return _decoder!;
        }
    }

    /// <summary>What the values taught about the columns, and the fields found beyond them. Call when the pump has been read to its end.</summary>
    public (IReadOnlyList<ColumnFacts> Facts, IReadOnlyList<(string Name, ColumnFacts Facts)> Found) Learned()
    {
        var facts = plan.Columns.Select(_ => new ColumnFacts()).ToList();
        var found = new List<(string, ColumnFacts)>();
        foreach (var worker in _workers.OrderBy(w => w.Slot)) worker.Rows.AddFacts(facts, found);
        return (facts, found);
    }

    private static void Skip(Stream stream, long bytes)
    {
        Span<byte> buffer = stackalloc byte[4096];
        while (bytes > 0)
        {
            var read = stream.Read(buffer[..(int)Math.Min(bytes, buffer.Length)]);
            if (read == 0) return;
            bytes -= read;
        }
    }
}
