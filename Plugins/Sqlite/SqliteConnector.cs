using System.Globalization;
using System.Runtime.CompilerServices;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Sqlite;

/// <summary>Reads tables and queries of a SQLite database file, in one read transaction.</summary>
[Connector("sqlite", Title = "SQLite", Description = "Reads tables and queries of a SQLite database file.")]
public sealed class SqliteConnector(ConnectorContext<SqliteSpec> context) : IBatchSource, ITestConnection, IDiscover, IDisposable
{
    private const int MostRows = 32_768, MostTextBytes = 16 << 20;
    private readonly SqliteSpec _spec = context.Settings;
    private readonly Dictionary<string, IReadOnlyList<SqliteColumn>> _proven = new(StringComparer.Ordinal);
    private Database? _open;

    public async ValueTask<Schema> SchemaAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        using var stop = Interruption(cancellationToken);
        return new Schema(Proven(From(request)).Select(c => c.Field));
    }

    public async IAsyncEnumerable<SourceBatch> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        using var stop = Interruption(cancellationToken);
        foreach (var batch in Read(request, cancellationToken)) yield return new SourceBatch(batch);
    }

    private IEnumerable<RecordBatch> Read(ReadRequest request, CancellationToken cancellationToken)
    {
        var from = From(request);
        var columns = Proven(from);
        var schema = new Schema(columns.Select(c => c.Field));
        using var statement = Database().Prepare($"SELECT * FROM {from}{Where(request, columns)}{(request.Limit is { } limit ? string.Create(CultureInfo.InvariantCulture, $" LIMIT {Math.Max(0, limit)}") : "")}");
        if (request.From?.Value is { } value) statement.Bind(1, value);
        var rows = new RecordBatchBuilder(schema);
        var text = 0;
        while (statement.Step())
        {
            for (var i = 0; i < columns.Count; i++) SqliteColumn.Append(rows.Columns[i], statement.Handle, i);
            rows.EndRow();
            if ((rows.Length & 1023) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                text = rows.Columns.Sum(c => (c as BinaryBuilder)?.ByteLength ?? 0);
            }
            if (rows.Length >= MostRows || text >= MostTextBytes)
            {
                text = 0;
                yield return rows.Build();
            }
        }
        if (rows.Length > 0) yield return rows.Build();
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        using var stop = Interruption(cancellationToken);
        using var count = Database().Prepare("SELECT count(*) FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'");
        count.Step();
        return $"SQLite {Sqlite.Database.Version}, {count.Text(0)} tables";
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        using var stop = Interruption(cancellationToken);
        var database = Database();
        var names = new List<string>();
        using (var tables = database.Prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"))
            while (tables.Step()) names.Add(tables.Text(0));
        foreach (var name in names)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var columns = new List<DiscoveredColumn>();
            var keys = new SortedList<int, string>();
            // hidden = 1: columns of virtual tables that SELECT * leaves out.
            using var facts = database.Prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(?1) WHERE hidden <> 1");
            facts.Bind(1, name);
            while (facts.Step())
            {
                columns.Add(new DiscoveredColumn(facts.Text(0), facts.Text(1), facts.Text(2) == "0"));
                if (int.Parse(facts.Text(3), CultureInfo.InvariantCulture) is > 0 and var position) keys.Add(position, facts.Text(0));
            }
            yield return new DiscoveredTable(name) { Columns = columns, Keys = [.. keys.Values] };
        }
    }

    private Database Database()
    {
        if (_open is not null) return _open;
        var file = new Roots(context.AllowedRoots).Check(Path.GetFullPath(_spec.File, context.BaseDirectory));
        _open = new Database(file, _spec.File, _spec.BusyTimeout);
        // One transaction for the connector's life: the rows are those that the types were proven on.
        _open.Execute("BEGIN");
        return _open;
    }

    private IReadOnlyList<SqliteColumn> Proven(string from)
    {
        if (!_proven.TryGetValue(from, out var columns)) _proven[from] = columns = SqliteColumn.Prove(Database(), from);
        return columns;
    }

    private CancellationTokenRegistration Interruption(CancellationToken cancellationToken)
    {
        var database = Database();
        return cancellationToken.Register(database.Interrupt);
    }

    private string From(ReadRequest request)
    {
        if (request.Table is null && _spec.Query is { } query)
            return _spec.TableName is null ? $"({query.Trim().TrimEnd(';')}\n)" : throw new TerminalException("Both table_name and query are given.", "Keep one of them.");
        return SqliteSql.Name(request.Table ?? _spec.TableName ?? throw new TerminalException("Neither table_name nor query is given.", "Say what to read."));
    }

    // The bound comes as text; a comparison of a number with text would be of their kinds, not of their values.
    private static string Where(ReadRequest request, IReadOnlyList<SqliteColumn> columns)
    {
        if (request.From is not { Value: not null } mark) return "";
        var column = columns.FirstOrDefault(c => c.Field.Name == mark.Column)
            ?? throw new TerminalException($"There is no column {mark.Column} to read by. There are: {string.Join(", ", columns.Select(c => c.Field.Name))}.", "Correct watermark_column.");
        // SQLite puts every number before every text, and every text before every blob: rows would be left out for ever.
        if (column.IsMixture) throw new TerminalException($"The column {mark.Column} holds values of several kinds, which have no common order to read by.", "Choose another watermark_column, or make the values of one kind in a query: CAST(… AS INTEGER).");
        var bound = column.Field.DataType switch { Int64Type or BooleanType => "CAST(?1 AS INTEGER)", DoubleType => "CAST(?1 AS REAL)", _ => "?1 COLLATE BINARY" };
        return $" WHERE {SqliteSql.Name(mark.Column)} >= {bound}{(mark.IncludeNulls ? $" OR {SqliteSql.Name(mark.Column)} IS NULL" : "")}";
    }

    public void Dispose()
    {
        _open?.Dispose();
        _open = null;
    }
}
