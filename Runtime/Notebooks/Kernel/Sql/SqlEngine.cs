using System.Collections.Concurrent;
using System.Globalization;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Notebooks.Kernel.Hosting;
using FlowForge.Notebooks.Kernel.Output;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>
/// SQL over the lake in a database of this kernel: lake tables are read at the version that is the newest when a cell starts, or at the
/// one it asks for. Results are lazy. What cells create (tables, macros, settings) lasts as long as the kernel. Thread-safe.
/// </summary>
internal sealed class SqlEngine : IDisposable
{
    // Each shown table may hold an open query and rows; the oldest are let go.
    private const int MostOpenResults = 32;
    private readonly DuckDatabase _database;
    private readonly DuckSession _views;
    private readonly DuckSession _statements;
    private readonly NamedViews _names;
    private readonly QueryPreparer _preparer;
    private readonly SqlVariables _values;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, SqlResult> _results = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();
    private int _last;

    public SqlEngine(LakeStore lake, KernelOptions options)
    {
        var spill = options.Spill ?? Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"flowforge-kernel-{Environment.ProcessId}"));
        _database = DuckDatabase.Open(new DuckOptions { MemoryLimitBytes = options.EngineMemory, Threads = options.Threads, TempDirectory = spill });
        // Files that were dropped on a page are found by their names alone.
        using (var session = _database.Connect()) session.Execute($"SET GLOBAL file_search_path = {SqlText.Literal($"{Environment.CurrentDirectory},{Path.Combine(Environment.CurrentDirectory, "uploads")}")}");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => RemoveSpill(spill);
        _views = _database.Connect();
        _statements = _database.Connect();
        _names = new NamedViews(lake, _views);
        _values = new SqlVariables(name => Variables?.Invoke(name));
        _preparer = new QueryPreparer(_names, _views, name => Variables?.Invoke(name), _values);
    }

    /// <summary>Variables of the C# cells by name.</summary>
    public Func<string, object?>? Variables { get; set; }

    /// <summary>True when a cell's result has this name.</summary>
    public bool HasResult(string name)
    {
        lock (_gate) return _names.Result(name) is not null;
    }

    /// <summary>Runs a cell and shows its first rows.</summary>
    public void Run(ExecuteCommand cell, CellOutput output, CancellationToken ct)
    {
        if (cell.ResultName is { } name && !IsName(name))
            throw new CellFailure("Name", $"'{name}' cannot name a result: use letters, digits and '_', not a digit first.");
        var prepared = Prepare(cell.Code);
        SqlResult? result;
        try
        {
            result = prepared.IsSelect ? Select(prepared, cell.ResultName, ct) : Execute(prepared, ct);
        }
        catch (DuckException e)
        {
            throw SqlFailure.Of(e, prepared.Text);
        }
        if (result is null) return;
        Keep(result);
        try
        {
            var rows = result.Page(cell.Request, 0, cell.FirstRows, ct);
            output.Send(new TableNotification(cell.Request, result.Id, prepared.IsSelect ? cell.ResultName : null, result.Columns, prepared.Reads));
            output.Send(rows);
        }
        catch (DuckException e)
        {
            throw SqlFailure.Of(e, prepared.Text);
        }
    }

    /// <summary>Gives one SELECT a name, or runs any statements, for a program; its rows are read when they are asked for.</summary>
    /// <returns>Whether it is a SELECT.</returns>
    public bool Define(string name, string sql)
    {
        var prepared = Prepare(sql);
        try
        {
            if (prepared.IsSelect)
            {
                Columns(prepared.Text.Text);
                lock (_gate) _names.AddResult(name, prepared.Text.Text);
            }
            else
            {
                Execute(prepared, CancellationToken.None)?.Dispose();
            }
            return prepared.IsSelect;
        }
        catch (DuckException e)
        {
            throw SqlFailure.Of(e, prepared.Text);
        }
    }

    /// <summary>A stream over a query's rows for C#; dispose all of it.</summary>
    public OpenQuery Open(string sql, CancellationToken ct)
    {
        var prepared = Prepare(sql);
        var session = _database.Connect();
        try
        {
            return new OpenQuery(session, session.Query(prepared.Text.Text, ct));
        }
        catch (Exception e)
        {
            session.Dispose();
            if (e is DuckException error) throw SqlFailure.Of(error, prepared.Text);
            throw;
        }
    }

    public RowsNotification Rows(RowsCommand command, CancellationToken ct) => command is { OrderBy: null, Where: null }
        ? Find(command.Result).Page(command.Request, command.Offset, command.Limit, ct)
        : Find(command.Result).Arranged(command, ct);

    public long Count(string result, string? where, CancellationToken ct) => Find(result).Count(where, ct);

    public ProfileNotification Profile(ProfileCommand command, CancellationToken ct) => Find(command.Result).Profile(command.Request, ct);

    /// <summary>What a run without people is given.</summary>
    public void Prepare(PrepareCommand command)
    {
        lock (_gate)
        {
            foreach (var (table, version) in command.Versions)
                if (TableName.TryParse(table, out var name)) _names.Pin(name, version);
        }
        foreach (var (name, literal) in command.Variables) _values.Set(name, literal);
    }

    /// <summary>Writes all rows of a result or a collection to a Parquet file.</summary>
    public StoredNotification Store(StoreCommand command, CancellationToken ct)
    {
        if (command.Name is { } wanted && !HasResult(wanted) && Variables?.Invoke(wanted) is var value && value is not CSharp.ResultRows && CollectionRows.TryMake(value) is null)
            throw new KeyNotFoundException($"There is neither a SQL result nor a collection of C# named '{wanted}'. SQL results: {(ResultNames() is { Count: > 0 } names ? string.Join(", ", names.Order(StringComparer.Ordinal)) : "none")}.");
        var from = command.Name is { } name ? Prepare("FROM " + SqlText.Identifier(name)).Text.Text : $"FROM {Find(command.Result!).View("stored")}";
        using var session = _database.Connect();
        // Parquet has no integers of 128 bits: they would silently become floating point.
        var wide = session.Describe(from).Where(c => c.Type is "HUGEINT" or "UHUGEINT" or "BIGNUM").Select(c => SqlText.Identifier(c.Name)).ToList();
        var select = wide.Count == 0 ? from : $"SELECT * REPLACE ({string.Join(", ", wide.Select(c => $"CAST({c} AS DECIMAL(38, 0)) AS {c}"))}) {from}";
        return new StoredNotification(command.Request, session.Scalar<long>($"COPY ({select}) TO {SqlText.Literal(command.File)} (FORMAT parquet, COMPRESSION zstd)", ct));
    }

    /// <summary>A cell's SQL with its names replaced when it is one SELECT, to be looked at, not run.</summary>
    public PreparedQuery Look(string sql) => Prepare(sql, onlyLook: true);

    /// <summary>Columns of one SELECT that was prepared, or of a result by its name.</summary>
    public IReadOnlyList<DuckColumn> Columns(string preparedSql)
    {
        using var session = _database.Connect();
        return session.Describe(preparedSql);
    }

    /// <summary>Columns of a named result; null when there is none.</summary>
    public IReadOnlyList<DuckColumn>? ColumnsOf(string result)
    {
        string? view;
        lock (_gate) view = _names.Result(result);
        return view is null ? null : Columns("FROM " + view);
    }

    /// <summary>Names of results in no order.</summary>
    public IReadOnlyList<string> ResultNames()
    {
        lock (_gate) return _names.ResultNames;
    }

    /// <summary>A session of the caller's own; dispose it.</summary>
    public DuckSession Connect() => _database.Connect();

    public void Release(string result)
    {
        if (_results.TryRemove(result, out var found)) found.Dispose();
    }

    /// <summary>Bytes of DuckDB's buffers.</summary>
    public long MemoryUsed()
    {
        using var session = _database.Connect();
        return session.Scalar<long>("SELECT coalesce(sum(memory_usage_bytes), 0) FROM duckdb_memory()");
    }

    private PreparedQuery Prepare(string sql, bool onlyLook = false)
    {
        try
        {
            lock (_gate) return _preparer.Prepare(sql, onlyLook);
        }
        catch (DuckException e)
        {
            throw SqlFailure.Of(e, null);
        }
    }

    private SqlResult Select(PreparedQuery query, string? name, CancellationToken ct)
    {
        var life = new CancellationTokenSource();
        var session = _database.Connect();
        try
        {
            // Binding first gives errors with their place.
            var columns = session.Describe(query.Text.Text).Select(c => new TableColumn(c.Name, c.Type)).ToArray();
            string view;
            lock (_gate) view = _names.AddResult(name, query.Text.Text);
            var result = new SqlResult(NextId(), view, _database, columns);
            using var stop = ct.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), life);
            result.Attach(session, session.Query(query.Text.Text, life.Token), life);
            return result;
        }
        catch
        {
            session.Dispose();
            life.Dispose();
            throw;
        }
    }

    /// <summary>Any statements; the last one's rows when it has some.</summary>
    private SqlResult? Execute(PreparedQuery statements, CancellationToken ct)
    {
        using var reader = _statements.Query(statements.Text.Text, ct);
        var columns = reader.Schema.FieldsList.Select(f => new TableColumn(f.Name, f.DataType.Name)).ToArray();
        var result = new SqlResult(NextId(), null, _database, columns);
        result.KeepAll(reader);
        reader.Dispose();
        _values.TakeFrom(statements.Text.Original, _statements);
        if (result.Total != 0) return result;
        result.Dispose();
        return null;
    }

    private string NextId() => string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref _last)}");

    private void Keep(SqlResult result)
    {
        _results[result.Id] = result;
        _order.Enqueue(result.Id);
        while (_order.Count > MostOpenResults) Release(_order.Dequeue());
    }

    private SqlResult Find(string id) =>
        _results.GetValueOrDefault(id) ?? throw new KeyNotFoundException($"Table {id} is no longer held by the kernel: run its cell again.");

    private static bool IsName(string name) => name.Length <= 200 && name.Length > 0 && !char.IsDigit(name[0]) && name.All(c => char.IsLetterOrDigit(c) || c == '_');

    private static void RemoveSpill(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
            // The next start of the host clears the temporary folder.
        }
    }

    public void Dispose()
    {
        foreach (var result in _results.Values) result.Dispose();
        _names.Dispose();
        _views.Dispose();
        _statements.Dispose();
        _database.Dispose();
    }
}
