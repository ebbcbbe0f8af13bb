using FlowForge.Columnar;
using FlowForge.Ingest.Rejects;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Formats.Readers;

/// <summary>The batches of one file with the numbers of their records. A failure ends them and is kept, for it must not cross the engine.</summary>
internal sealed class ReaderBatches(int file, IAsyncEnumerator<FormatBatch> batches, Action<Reject> rejects, Func<long, bool> wanted, CancellationToken ct) : IDisposable
{
    private RecordBatch? _next;
    private bool _ended;

    public Exception? Failure { get; private set; }

    /// <summary>Records so far, rows and bad ones.</summary>
    public long Handed { get; private set; }

    /// <summary>Of them the bad ones.</summary>
    public long Bad { get; private set; }

    /// <summary>The next batch; its last column is the record's number. Null at the end.</summary>
    public RecordBatch? Peek()
    {
        while (_next is null && !_ended)
        {
            try
            {
                ct.ThrowIfCancellationRequested();
                if (batches.MoveNextAsync().AsTask().GetAwaiter().GetResult()) _next = Numbered(batches.Current);
                else _ended = true;
            }
            catch (Exception e)
            {
                (Failure, _ended) = (PluginFormat.FileFault(e), true);
            }
        }
        return _next;
    }

    /// <summary>Takes the batch that <see cref="Peek"/> showed; the taker disposes it.</summary>
    public RecordBatch Take()
    {
        var taken = _next!;
        _next = null;
        return taken;
    }

    private RecordBatch Numbered(FormatBatch batch)
    {
        var bad = batch.Bad ?? [];
        var numbers = new Int64Array.Builder();
        var next = 0;
        for (long record = Handed + 1, last = Handed + batch.Rows.Length + bad.Count; record <= last; record++)
        {
            if (next == bad.Count || bad[next].Record != record)
            {
                numbers.Append(record);
                continue;
            }
            var said = bad[next++];
            if (wanted(record)) rejects(new Reject(file, record, null, said.Reason, said.Message, said.Column, said.Raw));
        }
        if (next < bad.Count)
            throw new Catalog.JobFailedException("FF2030", $"The rows do not add up, and nothing was published: the reader calls record {bad[next].Record} bad among the records {Handed + 1} to {Handed + batch.Rows.Length + bad.Count}.", "This is a defect of the format's plugin: report it to its author.");
        Handed += batch.Rows.Length + bad.Count;
        Bad += bad.Count;
        var fields = batch.Rows.Schema.FieldsList.Append(new Field(ReaderParts.RecordColumn, Int64Type.Default, false));
        return new RecordBatch(new Schema([.. fields]), [.. batch.Rows.Arrays, numbers.Build()], batch.Rows.Length);
    }

    public void Dispose()
    {
        _next?.Dispose();
        try { batches.DisposeAsync().AsTask().GetAwaiter().GetResult(); }
        catch (OperationCanceledException) { /* It was told to end. */ }
    }
}
