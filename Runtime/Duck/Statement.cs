using System.Text;
using FlowForge.Duck.Native;

namespace FlowForge.Duck;

/// <summary>The statements of one SQL text, parsed by DuckDB. Owns the native list.</summary>
internal sealed unsafe class StatementList : IDisposable
{
    private readonly nint _connection;
    private readonly Func<string?, string?, DuckException> _error;
    private nint _extracted;

    /// <param name="connection">Where to run.</param>
    /// <param name="sql">The text.</param>
    /// <param name="error">Makes the exception of a message and the text.</param>
    public StatementList(nint connection, string sql, Func<string?, string?, DuckException> error)
    {
        _connection = connection;
        _error = error;
        Sql = sql;
        if (sql.Contains('\0')) throw new ArgumentException("SQL text cannot hold a NUL character; bind it as a parameter.", nameof(sql));
        var bytes = new byte[Encoding.UTF8.GetByteCount(sql) + 1];
        Encoding.UTF8.GetBytes(sql, bytes);
        fixed (byte* p = bytes) Count = checked((int)Api.ExtractStatements(connection, p, out _extracted));
        if (Count > 0) return;
        var message = Text.Borrowed(Api.ExtractStatementsError(_extracted));
        Dispose();
        if (!string.IsNullOrEmpty(message)) throw error(message, sql);
    }

    public string Sql { get; }

    /// <summary>Zero for empty text and comments.</summary>
    public int Count { get; }

    public Statement Prepare(int index)
    {
        if (Api.PrepareExtracted(_connection, _extracted, (ulong)index, out var handle) == DuckState.Success) return new Statement(handle, Sql);
        var error = handle == 0 ? null : Text.Borrowed(Api.PrepareError(handle));
        if (handle != 0) Api.DestroyPrepare(ref handle);
        throw _error(error, Sql);
    }

    public void Dispose()
    {
        if (_extracted != 0) Api.DestroyExtracted(ref _extracted);
        _extracted = 0;
    }
}

/// <summary>A prepared statement. Owns it.</summary>
internal sealed unsafe class Statement(nint handle, string sql) : IDisposable
{
    private nint _handle = handle;

    public StatementKind Kind => Api.StatementType(_handle);
    public int ParameterCount => checked((int)Api.ParameterCount(_handle));

    public IReadOnlyList<DuckColumn> Columns
    {
        get
        {
            var count = checked((int)Api.PreparedColumnCount(_handle));
            var columns = new DuckColumn[count];
            for (var i = 0; i < count; i++)
            {
                using var type = new LogicalType(Api.PreparedColumnType(_handle, (ulong)i));
                columns[i] = new DuckColumn(Text.Owned(Api.PreparedColumnName(_handle, (ulong)i)) ?? "", type.Text);
            }
            return columns;
        }
    }

    public void Bind(ReadOnlySpan<object?> args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            var value = BoundValue.Create(args[i]);
            try
            {
                if (Api.BindValue(_handle, (ulong)i + 1, value) != DuckState.Success)
                    throw DuckException.From(Text.Borrowed(Api.PrepareError(_handle)) ?? $"Parameter ${i + 1} cannot be bound.", sql);
            }
            finally
            {
                Api.DestroyValue(ref value);
            }
        }
    }

    /// <summary>Runs it to its end or, streaming, to the first rows. On success the caller owns the result.</summary>
    public NativeResult Run(bool streaming, Func<string?, DuckException> error)
    {
        nint pending = 0;
        try
        {
            var state = streaming ? Api.PendingPreparedStreaming(_handle, out pending) : Api.PendingPrepared(_handle, out pending);
            if (state != DuckState.Success) throw error(pending == 0 ? null : Text.Borrowed(Api.PendingError(pending)));
            if (!Work(pending)) throw error(Text.Borrowed(Api.PendingError(pending)));
            if (Api.ExecutePending(pending, out var result) == DuckState.Success) return result;
            var message = Text.Borrowed(Api.ResultError(ref result)) ?? Text.Borrowed(Api.PendingError(pending));
            Api.DestroyResult(ref result);
            throw error(message);
        }
        finally
        {
            if (pending != 0) Api.DestroyPending(ref pending);
        }
    }

    // DuckDB's own loop burns a core while it has nothing to do itself and other threads wait for a managed source: a network, a disk.
    private static bool Work(nint pending)
    {
        for (var idle = 0; ; )
        {
            switch (Api.ExecuteTask(pending))
            {
                case PendingState.ResultNotReady: idle = 0; break;
                case PendingState.NoTasksAvailable: Idle(idle++); break;
                case PendingState.Error: return false;
                default: return true;
            }
        }
    }

    private static void Idle(int times)
    {
        if (times < 50) Thread.Yield();
        else Thread.Sleep(1);
    }

    public void Dispose()
    {
        if (_handle != 0) Api.DestroyPrepare(ref _handle);
        _handle = 0;
    }
}
