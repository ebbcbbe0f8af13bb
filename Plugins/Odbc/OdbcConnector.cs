using System.Runtime.CompilerServices;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Odbc;

/// <summary>Reads tables and queries of any database with an ODBC driver, in blocks of rows.</summary>
[Connector("odbc", Title = "ODBC", Description = "Reads tables and queries of any database that has an ODBC driver.")]
public sealed class OdbcConnector(ConnectorContext<OdbcSpec> context) : IBatchSource, ITestConnection, IDiscover, IDisposable
{
    private readonly OdbcSpec _spec = context.Settings;
    private Database? _open;

    public async ValueTask<Schema> SchemaAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await OffThread(() =>
        {
            using var statement = Prepare(request, out var columns);
            return new Schema(columns.Select(c => c.Field));
        }, cancellationToken).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<SourceBatch> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (request.Limit <= 0) yield break;
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<OdbcColumn> columns = [];
        using var statement = await OffThread(() => Prepare(request, out columns), cancellationToken).ConfigureAwait(false);
        var database = Database();
        using var stop = cancellationToken.Register(() => database.Abandon(statement));
        await OffThread(() => { statement.Execute(); return true; }, cancellationToken).ConfigureAwait(false);
        using var reader = new BlockReader(statement, columns, new Schema(columns.Select(c => c.Field)));
        var ended = false;
        try
        {
            for (var left = request.Limit ?? long.MaxValue; left > 0;)
            {
                if (await OffThread(() => reader.Next(cancellationToken), cancellationToken).ConfigureAwait(false) is not { } batch)
                {
                    ended = true;
                    break;
                }
                // Not every driver knows the limit.
                var rows = batch;
                if (batch.Length > left)
                    using (batch) rows = batch.Slice(0, (int)left);
                left -= rows.Length;
                yield return new SourceBatch(rows);
            }
        }
        finally
        {
            if (!ended) database.Abandon(statement);
        }
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await OffThread(() =>
        {
            try { return $"{Database().Describe()}, {Tables().Count} tables"; }
            catch (TransientException e) { throw new TerminalException(e.Message, "Check server and port, and whether the server runs.", e); }
        }, cancellationToken).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (var table in await OffThread(Tables, cancellationToken).ConfigureAwait(false))
        {
            await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
            yield return await OffThread(() => Describe(table), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Prepared, with its parameter bound, not executed: columns are known before anything is read.</summary>
    private Statement Prepare(ReadRequest request, out IReadOnlyList<OdbcColumn> columns)
    {
        var database = Database();
        var from = From(database, request);
        var statement = database.NewStatement();
        try
        {
            statement.Prepare($"SELECT * FROM {from}");
            columns = [.. statement.Describe().Select(OdbcColumn.Of)];
            if (columns.GroupBy(c => c.Source.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
                throw new TerminalException($"The query gives column {twice.Key} {twice.Count()} times.", "Name each column once, with AS.");
            if (request.Limit is { } limit) statement.Limit(limit);
            if (request.From is not { Value: { } value } mark) return statement;
            var by = columns.FirstOrDefault(c => c.Source.Name == mark.Column)
                ?? throw new TerminalException($"There is no column {mark.Column} to read by. There are: {string.Join(", ", columns.Select(c => c.Source.Name))}.", "Correct watermark_column.");
            statement.Prepare($"SELECT * FROM {from} WHERE {database.QuotePart(mark.Column)} >= ?{(mark.IncludeNulls ? $" OR {database.QuotePart(mark.Column)} IS NULL" : "")}");
            statement.Bind(value, by.Source);
            return statement;
        }
        catch
        {
            statement.Dispose();
            throw;
        }
    }

    private string From(Database database, ReadRequest request)
    {
        if (request.Table is null && _spec.Query is { } query)
            return _spec.TableName is null ? $"({query.Trim().TrimEnd(';')}\n) flowforge_query" : throw new TerminalException("Both table_name and query are given.", "Keep one of them.");
        return database.Quote(request.Table ?? _spec.TableName ?? throw new TerminalException("Neither table_name nor query is given.", "Say what to read."));
    }

    private sealed record Found(string? Catalog, string? Schema, string Name);

    private unsafe List<Found> Tables()
    {
        using var statement = Database().NewStatement();
        fixed (char* kinds = "TABLE,VIEW")
            statement.Check(Native.Tables(statement.Handle, null, 0, null, 0, null, 0, kinds, Native.NullTerminated));
        return [.. statement.All(1, 2, 3).Select(r => new Found(Given(r[0]), Given(r[1]), r[2]!)).Where(Wanted)];
    }

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static readonly string[] Internals = ["information_schema", "pg_catalog", "mysql", "performance_schema", "sys"];

    private bool Wanted(Found table)
    {
        if (_spec.Schema is { } schema) return string.Equals(table.Schema ?? table.Catalog, schema, StringComparison.OrdinalIgnoreCase);
        if (table.Schema is null && table.Catalog is { } catalog && _spec.Database is { } database && !string.Equals(catalog, database, StringComparison.OrdinalIgnoreCase)) return false;
        return !Internals.Contains(table.Schema ?? table.Catalog ?? "", StringComparer.OrdinalIgnoreCase);
    }

    private unsafe DiscoveredTable Describe(Found table)
    {
        List<string?[]> columns, keys = [];
        fixed (char* catalog = table.Catalog, schema = table.Schema, name = table.Name)
        {
            using (var statement = Database().NewStatement())
            {
                statement.Check(Native.Columns(statement.Handle, catalog, Native.NullTerminated, schema, Native.NullTerminated, name, Native.NullTerminated, null, 0));
                columns = statement.All(3, 4, 6, 11);
            }
            using (var statement = Database().NewStatement())
                if (Native.PrimaryKeys(statement.Handle, catalog, Native.NullTerminated, schema, Native.NullTerminated, name, Native.NullTerminated) is Native.Success or Native.SuccessWithInfo)
                    keys = statement.All(4, 5);
        }
        // The name is a pattern to the driver: a_b would also find axb.
        return new DiscoveredTable(table.Schema is null or "public" or "dbo" ? table.Name : $"{table.Schema}.{table.Name}")
        {
            Columns = [.. columns.Where(c => c[0] == table.Name).Select(c => new DiscoveredColumn(c[1]!, c[2] ?? "", c[3] != "0"))],
            Keys = [.. keys.OrderBy(k => int.Parse(k[1]!, System.Globalization.CultureInfo.InvariantCulture)).Select(k => k[0]!)],
        };
    }

    private Database Database() => _open ??= new Database(_spec);

    // Drivers block, some for minutes: not on the caller's thread.
    private static async Task<T> OffThread<T>(Func<T> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try { return await Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false); }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && e is not OperationCanceledException)
        {
            throw new OperationCanceledException("The read was cancelled.", e, cancellationToken);
        }
    }

    public void Dispose()
    {
        _open?.Dispose();
        _open = null;
    }
}
