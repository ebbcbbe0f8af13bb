using System.Globalization;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Notebooks.Kernel.Output;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>
/// The rows of a SQL cell. What has been read is kept up to <see cref="MostKeptRows"/>, and the query stays open, so that paging on
/// costs only the rows looked at; further down, or after an interruption, the query's view is read again with an offset. Thread-safe.
/// </summary>
/// <param name="view">Gives the same rows again; null when the statements must not run twice.</param>
internal sealed class SqlResult(string id, string? view, DuckDatabase database, IReadOnlyList<TableColumn> columns) : IDisposable
{
    public const int MostKeptRows = 100_000;
    private readonly Lock _gate = new();
    private readonly List<RecordBatch> _kept = [];
    private DuckSession? _session;
    private DuckReader? _reader;
    private CancellationTokenSource? _life;
    private long _keptRows;
    private long? _total;
    private bool _disposed;

    public string Id => id;
    public IReadOnlyList<TableColumn> Columns => columns;

    /// <summary>Rows of the whole result once its end was seen.</summary>
    public long? Total => _total;

    /// <summary>Takes over an open query and its session.</summary>
    public void Attach(DuckSession session, DuckReader reader, CancellationTokenSource life)
    {
        _session = session;
        _reader = reader;
        _life = life;
    }

    /// <summary>Keeps rows of statements that must not run twice, as many as are kept at all; the session is free again then.</summary>
    public void KeepAll(DuckReader reader)
    {
        while (_keptRows < MostKeptRows && reader.Next() is { } batch) Keep(batch);
        if (_keptRows < MostKeptRows) _total = _keptRows;
    }

    /// <summary>Rows from <paramref name="offset"/> on: fewer than <paramref name="limit"/> at the end of the result or of a page's size.</summary>
    public RowsNotification Page(long request, long offset, int limit, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        limit = Math.Clamp(limit, 0, KernelProtocol.MaxPageRows);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            ReadTo(offset + limit, ct);
            using var rows = new RowWriter(columns.Count);
            if (offset + limit <= _keptRows || _total == _keptRows) Copy(_kept, offset, limit, rows);
            else if (view is not null) ReadAgain(offset, limit, rows, ct);
            else if (offset < _keptRows) Copy(_kept, offset, limit, rows);
            else throw new InvalidOperationException($"Only the first {_keptRows:N0} rows are kept of a cell that is not one SELECT.");
            return new RowsNotification(request, id, offset, rows.Take(), _total);
        }
    }

    /// <summary>A page of the rows sorted or filtered, read anew from the result's view.</summary>
    public RowsNotification Arranged(RowsCommand command, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(command.Offset);
        var where = command.Where is { } condition ? $" WHERE {condition}" : "";
        var order = command.OrderBy is { } column ? $" ORDER BY {SqlText.Identifier(Known(column))} {(command.Descending ? "DESC" : "ASC")} NULLS LAST" : "";
        var limit = Math.Clamp(command.Limit, 0, KernelProtocol.MaxPageRows);
        using var rows = new RowWriter(columns.Count);
        using var session = database.Connect();
        using (var reader = session.Query(string.Create(CultureInfo.InvariantCulture, $"FROM {View("sorted or filtered")}{where}{order} LIMIT {limit} OFFSET {command.Offset}"), ct))
        {
            foreach (var batch in reader)
            {
                using (batch) Copy([batch], 0, limit - rows.Count, rows);
            }
        }
        return new RowsNotification(command.Request, id, command.Offset, rows.Take(), command.Where is null ? _total : null);
    }

    public long Count(string? where, CancellationToken ct)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (where is null && _total is { } known) return known;
        }
        using var session = database.Connect();
        var total = session.Scalar<long>($"SELECT count(*) FROM {View("counted")}{(where is null ? "" : $" WHERE {where}")}", ct);
        if (where is null) _total = total;
        return total;
    }

    /// <summary>The columns described over all rows.</summary>
    public ProfileNotification Profile(long request, CancellationToken ct)
    {
        using var session = database.Connect();
        return new Profiler(session, View("profiled"), columns, ct).Run(request, id);
    }

    private string Known(string column) => columns.FirstOrDefault(c => c.Name == column)?.Name
        ?? throw new KeyNotFoundException($"The result has no column '{column}'. Its columns: {string.Join(", ", columns.Select(c => c.Name))}.");

    /// <summary>The view behind it.</summary>
    public string View(string what) => view ?? throw new InvalidOperationException($"The rows of a cell that is not one SELECT cannot be {what}. Write them to a table, then select from it.");

    private void ReadTo(long row, CancellationToken ct)
    {
        if (_reader is null) return;
        try
        {
            using var stop = ct.UnsafeRegister(static life => ((CancellationTokenSource)life!).Cancel(), _life);
            while (_keptRows < Math.Min(row, MostKeptRows))
            {
                if (_reader.Next() is { } batch)
                {
                    Keep(batch);
                    continue;
                }
                _total = _keptRows;
                Close();
                return;
            }
        }
        catch
        {
            Close();
            throw;
        }
        if (_keptRows >= MostKeptRows) Close();
    }

    private void Keep(RecordBatch batch)
    {
        _kept.Add(batch);
        _keptRows += batch.Length;
    }

    private void ReadAgain(long offset, int limit, RowWriter rows, CancellationToken ct)
    {
        using var session = database.Connect();
        using var reader = session.Query(string.Create(CultureInfo.InvariantCulture, $"FROM {view} LIMIT {limit} OFFSET {offset}"), ct);
        foreach (var batch in reader)
        {
            using (batch) Copy([batch], 0, limit - rows.Count, rows);
        }
    }

    private static void Copy(IEnumerable<RecordBatch> batches, long offset, int limit, RowWriter rows)
    {
        var end = rows.Count + limit;
        foreach (var batch in batches)
        {
            for (var r = offset; r < batch.Length; r++)
            {
                if (rows.Count == end || rows.IsFull) return;
                rows.Add(batch.ColumnCount, c => batch.Column(c).GetObject((int)r));
            }
            offset = Math.Max(0, offset - batch.Length);
        }
    }

    private void Close()
    {
        _reader?.Dispose();
        _session?.Dispose();
        _life?.Dispose();
        _reader = null;
        _session = null;
        _life = null;
    }

    /// <summary>Ends the query and frees the rows; the view stays.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            Close();
            foreach (var batch in _kept) batch.Dispose();
            _kept.Clear();
        }
    }
}
