using System.Collections;
using System.Runtime.CompilerServices;
using FlowForge.Columnar;
using FlowForge.Duck.Native;
using FlowForge.Duck.Out;

namespace FlowForge.Duck;

/// <summary>
/// The rows of a running query, once, batch by batch; only what was asked for is computed and held. Each batch belongs to who
/// takes it: dispose it, its memory is used again for later batches. Not thread-safe. Dispose the reader, also when it was read to its end.
/// </summary>
public sealed class DuckReader : IEnumerable<RecordBatch>, IDisposable
{
    private const int BatchRows = 8192;
    private const long BatchBytes = 4 << 20;
    private readonly DuckSession _session;
    private readonly CallScope _call;
    private readonly string _sql;
    private readonly BufferPool _pool = new();
    private readonly ColumnSink[] _sinks;
    private NativeResult _result;
    private bool _started;
    private bool _ended;
    private bool _disposed;

    internal unsafe DuckReader(DuckSession session, CallScope call, NativeResult result, string sql)
    {
        _session = session;
        _call = call;
        _result = result;
        _sql = sql;
        try
        {
            var count = checked((int)Api.ColumnCount(ref _result));
            _sinks = new ColumnSink[count];
            var fields = new Field[count];
            var factory = new SinkFactory(_pool);
            for (var i = 0; i < count; i++)
            {
                var name = Text.Borrowed(Api.ColumnName(ref _result, (ulong)i)) ?? "";
                using var type = new LogicalType(Api.ColumnType(ref _result, (ulong)i));
                try
                {
                    _sinks[i] = factory.Create(type);
                }
                catch (DuckException e)
                {
                    throw new DuckException(e.Kind, $"Column '{name}': {e.Message}", e) { Sql = sql };
                }
                fields[i] = new Field(name, _sinks[i].Type);
            }
            Schema = new Schema(fields);
        }
        catch
        {
            Api.DestroyResult(ref _result);
            throw;
        }
    }

    public Schema Schema { get; }

    /// <summary>Rows handed out so far.</summary>
    public long RowsRead { get; private set; }

    /// <summary>The next rows, or null at the end. The caller disposes the batch.</summary>
    /// <exception cref="DuckException">The query failed; rows handed out before are not the whole result.</exception>
    /// <exception cref="OperationCanceledException">The query's token.</exception>
    public RecordBatch? Next()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_ended) return null;
        _call.Resume();
        try
        {
            return _call.Guard(Fill);
        }
        catch
        {
            _ended = true;
            throw;
        }
        finally
        {
            _call.Pause();
        }
    }

    private RecordBatch? Fill()
    {
        var rows = 0;
        long bytes = 0;
        while (rows < BatchRows && bytes < BatchBytes)
        {
            var chunk = Api.FetchChunk(_result);
            if (chunk == 0)
            {
                CheckError();
                _ended = true;
                break;
            }
            try
            {
                rows += Take(chunk);
            }
            finally
            {
                Api.DestroyChunk(ref chunk);
            }
            bytes = 0;
            foreach (var sink in _sinks) bytes += sink.Bytes;
        }
        if (rows == 0) return null;
        RowsRead += rows;
        var memory = new PooledMemory(_pool);
        var arrays = new IArrowArray[_sinks.Length];
        for (var i = 0; i < arrays.Length; i++) arrays[i] = ArrowArrayFactory.Build(_sinks[i].Finish(memory));
        // The arrays hold their own references by now.
        memory.Release();
        return new RecordBatch(Schema, arrays, rows);
    }

    private int Take(nint chunk)
    {
        var rows = checked((int)Api.ChunkSize(chunk));
        if ((int)Api.ChunkColumnCount(chunk) != _sinks.Length)
            throw new DuckException(DuckErrorKind.Internal, $"DuckDB gave a chunk of {Api.ChunkColumnCount(chunk)} columns for a result of {_sinks.Length}.");
        for (var i = 0; i < _sinks.Length; i++) _sinks[i].Append(Api.ChunkVector(chunk, (ulong)i), 0, rows);
        return rows;
    }

    private unsafe void CheckError()
    {
        // The end and an error look alike: rows arrive before an error in the middle of a stream.
        if (Text.Borrowed(Api.ResultError(ref _result)) is { Length: > 0 } error) throw _session.Error(error, _sql);
    }

    /// <summary>All further batches. A reader is read once.</summary>
    public IEnumerator<RecordBatch> GetEnumerator()
    {
        if (_started) throw new InvalidOperationException("A reader is read once; run the query again.");
        _started = true;
        return Batches().GetEnumerator();
    }

    private IEnumerable<RecordBatch> Batches()
    {
        while (Next() is { } batch) yield return batch;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>All further batches, each computed on a thread of the pool. (The reader is no IAsyncEnumerable itself: LINQ could not choose.)</summary>
    /// <param name="cancellationToken">Interrupts, beside the query's own token.</param>
    public async IAsyncEnumerable<RecordBatch> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (_started) throw new InvalidOperationException("A reader is read once; run the query again.");
        _started = true;
        using var stop = cancellationToken.UnsafeRegister(static s => ((DuckSession)s!).Interrupt(), _session);
        while (true)
        {
            RecordBatch? batch;
            try
            {
                batch = await Task.Run(Next, cancellationToken).ConfigureAwait(false);
            }
            catch (DuckException e) when (e.Kind == DuckErrorKind.Interrupt && cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException("The query was cancelled.", e, cancellationToken);
            }
            if (batch is null) yield break;
            yield return batch;
        }
    }

    /// <summary>Ends the query, also in its middle, and frees the session for the next statement.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (!_ended) _session.Interrupt();
        Api.DestroyResult(ref _result);
        _call.Dispose();
        _session.Closed(this);
    }
}
