using System.Globalization;
using FlowForge.Columnar;
using FlowForge.Duck.In;
using FlowForge.Duck.Native;

namespace FlowForge.Duck;

/// <summary>
/// One connection. Not thread-safe but for <see cref="Interrupt"/>, <see cref="Progress"/> and <see cref="RowsProcessed"/>; calls block until
/// DuckDB is done. While a <see cref="DuckReader"/> is open the session takes no other statement: use a second session for a
/// second stream.
/// </summary>
/// <remarks>
/// Cancellation interrupts DuckDB, gives <see cref="OperationCanceledException"/>, and leaves the session usable (an open
/// transaction is rolled back, as after any error inside one).
/// </remarks>
public sealed partial class DuckSession : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<long> _sources = [];
    private nint _handle;
    private DuckReader? _reader;

    internal DuckSession(DuckDatabase database, nint handle)
    {
        Database = database;
        _handle = handle;
        Api.ConnectionClientContext(handle, out var context);
        ConnectionId = Api.ConnectionId(context);
        Api.DestroyClientContext(ref context);
    }

    public DuckDatabase Database { get; }

    internal ulong ConnectionId { get; }

    internal nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    /// <summary>
    /// Runs one or more statements and returns the rows changed by the last (COPY counts the rows it wrote). Rows of a SELECT are
    /// read and dropped.
    /// </summary>
    /// <param name="sql">Statements with <c>;</c> between; each is bound after the ones before it ran.</param>
    /// <param name="ct">Interrupts.</param>
    /// <param name="args">$1, $2 …: every statement takes as many as it has; at least one must take all.</param>
    /// <exception cref="DuckException">DuckDB's error.</exception>
    public long Execute(string sql, CancellationToken ct = default, params object?[] args)
    {
        Ready(ct);
        using var call = new CallScope(this, ct);
        return call.Guard(() =>
        {
            using var statements = new StatementList(Handle, sql, Error);
            long changed = 0;
            var most = 0;
            for (var i = 0; i < statements.Count; i++)
            {
                using var statement = statements.Prepare(i);
                most = Math.Max(most, statement.ParameterCount);
                BindSome(statement, args);
                if (i == statements.Count - 1) CheckArgs(most, args.Length);
                changed = RunToEnd(statement, call, sql);
            }
            return changed;
        });
    }

    /// <summary>
    /// The rows as a stream of batches in bounded memory. The first rows are ready when this returns. Dispose the reader; each
    /// batch belongs to who took it.
    /// </summary>
    /// <exception cref="DuckException">DuckDB's error; later ones come from the reader.</exception>
    public DuckReader Query(string sql, CancellationToken ct = default, params object?[] args)
    {
        Ready(ct);
        var call = new CallScope(this, ct);
        try
        {
            return call.Guard(() =>
            {
                using var statements = new StatementList(Handle, sql, Error);
                if (statements.Count == 0) throw new DuckException(DuckErrorKind.Parser, "The SQL text holds no statement.") { Sql = sql };
                for (var i = 0; ; i++)
                {
                    using var statement = statements.Prepare(i);
                    BindSome(statement, args);
                    if (i < statements.Count - 1)
                    {
                        RunToEnd(statement, call, sql);
                        continue;
                    }
                    CheckArgs(statement.ParameterCount, args.Length);
                    var result = statement.Run(streaming: true, m => Error(m, sql));
                    call.Pause();
                    return _reader = new DuckReader(this, call, result, sql);
                }
            });
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    /// <summary>Names and types of a query's columns, by binding it without running it.</summary>
    public IReadOnlyList<DuckColumn> Describe(string sql)
    {
        Ready(default);
        using var statements = new StatementList(Handle, sql, Error);
        if (statements.Count != 1) throw new DuckException(DuckErrorKind.Parser, $"One statement is needed, the text holds {statements.Count}.") { Sql = sql };
        using var statement = statements.Prepare(0);
        return statement.Columns;
    }

    /// <summary>Interrupts the running statement; from any thread. Without a running statement nothing happens.</summary>
    public void Interrupt()
    {
        InterruptNative();
        _running?.CancelSources();
    }

    internal void InterruptNative()
    {
        lock (_gate)
        {
            if (_handle != 0) Api.Interrupt(_handle);
        }
    }

    /// <summary>
    /// How far the running statement is, 0 to 100, or -1 when DuckDB cannot tell. From any thread. Needs
    /// <see cref="TrackProgress"/>.
    /// </summary>
    public double Progress => QueryProgress().Percentage;

    /// <summary>Rows the running statement has taken from its sources, when DuckDB can tell. From any thread.</summary>
    public long RowsProcessed => (long)QueryProgress().RowsProcessed;

    /// <summary>Switches progress on for statements of this session; it costs little.</summary>
    public void TrackProgress() => Execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0");

    private NativeProgress QueryProgress()
    {
        lock (_gate) return _handle == 0 ? new NativeProgress { Percentage = -1 } : Api.QueryProgress(_handle);
    }

    private void Ready(CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_handle == 0, this);
        ct.ThrowIfCancellationRequested();
        if (_reader is not null)
            throw new InvalidOperationException("A reader of this session is still open: dispose it first, or use another session for another stream.");
    }

    private static void BindSome(Statement statement, object?[] args)
    {
        var count = statement.ParameterCount;
        if (count > args.Length) throw new ArgumentException($"The statement has {count} parameters, {args.Length} values were given.", nameof(args));
        statement.Bind(args.AsSpan(0, count));
    }

    private static void CheckArgs(int used, int given)
    {
        if (used != given) throw new ArgumentException($"The statement has {used} parameters, {given} values were given.", nameof(given));
    }

    private long RunToEnd(Statement statement, CallScope call, string sql)
    {
        // A SELECT run for its effects must not pile its rows up in memory.
        var streaming = statement.Kind is StatementKind.Select or StatementKind.Call;
        var result = statement.Run(streaming, m => Error(m, sql));
        try
        {
            if (!streaming) return Api.ReturnType(result) == ResultKind.ChangedRows ? (long)Api.RowsChanged(ref result) : 0;
            while (Api.FetchChunk(result) is var chunk && chunk != 0) Api.DestroyChunk(ref chunk);
            if (ResultError(ref result) is { Length: > 0 } error) throw Error(error, sql);
            return 0;
        }
        finally
        {
            Api.DestroyResult(ref result);
        }
    }

    private static unsafe string? ResultError(ref NativeResult result) => Text.Borrowed(Api.ResultError(ref result));

    internal DuckException Error(string? message, string? sql)
    {
        var (text, inner) = Database.Sources.TakeFault(message);
        return DuckException.From(text, sql, inner);
    }

    internal void Closed(DuckReader reader)
    {
        if (ReferenceEquals(_reader, reader)) _reader = null;
    }

    /// <summary>Closes the connection; an open reader first.</summary>
    public void Dispose()
    {
        _reader?.Dispose();
        foreach (var id in _sources) Database.Sources.Remove(id);
        lock (_gate)
        {
            if (_handle == 0) return;
            Api.Disconnect(ref _handle);
            _handle = 0;
        }
        Database.Closed(this);
    }
}
