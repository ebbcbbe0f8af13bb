using FlowForge.Columnar;

namespace FlowForge.Plugins.Testing;

/// <summary>What every source of batches must do. Independent of test frameworks: a broken rule throws.</summary>
public static class RowSourceAcceptance
{
    /// <summary>Checks a source that gives at least two rows for the request, and the same ones each time.</summary>
    /// <param name="open">Makes a new connector, as for a new run.</param>
    /// <param name="request">What to read.</param>
    /// <param name="ordered">Whether two reads must give the rows in one order; otherwise they are compared as a bag.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="AcceptanceException">A rule is broken.</exception>
    public static async Task CheckAsync(Func<IBatchSource> open, ReadRequest request, bool ordered = false, CancellationToken cancellationToken = default)
    {
        var reader = open();
        ConnectorAcceptance.CheckSpec(reader.GetType());
        var first = await ReadAsync(reader, request, cancellationToken).ConfigureAwait(false);
        Require(first.Count >= 2, $"The source to check must have at least two rows, and gave {first.Count}.");
        var second = await ReadAsync(open(), request, cancellationToken).ConfigureAwait(false);
        Require(Same(first, second, ordered), "A second read gives other rows while nothing changed.");
        foreach (var limit in new long[] { 0, 1, first.Count })
        {
            var rows = await ReadAsync(open(), request with { Limit = limit }, cancellationToken).ConfigureAwait(false);
            Require(rows.Count == limit, $"With a limit of {limit} it gives {rows.Count} rows.");
        }
        await CheckCancellationAsync(open, request).ConfigureAwait(false);
        if (open() is IDiscover and IConnector discoverer) await CheckDiscoveryAsync(discoverer, open, cancellationToken).ConfigureAwait(false);
        if (open() is ITestConnection and IConnector tester)
        {
            var found = await ((ITestConnection)tester).TestAsync(cancellationToken).ConfigureAwait(false);
            await ConnectorAcceptance.EndAsync(tester).ConfigureAwait(false);
            Require(found.Length > 0 && !found.Contains('\n', StringComparison.Ordinal), "A connection test says what was found, in one line.");
        }
    }

    /// <summary>Checks a source that gives so many rows: none and one are the numbers at which sources fail. The schema is there in any case.</summary>
    public static async Task CheckCountAsync(Func<IBatchSource> open, ReadRequest request, long expected, CancellationToken cancellationToken = default)
    {
        var source = open();
        var schema = await source.SchemaAsync(request, cancellationToken).ConfigureAwait(false);
        await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false);
        Require(schema.FieldsList.Count > 0, $"A source of {expected} rows has no columns.");
        var rows = await ReadAsync(open(), request, cancellationToken).ConfigureAwait(false);
        Require(rows.Count == expected, $"{expected} rows are there, and {rows.Count} come.");
    }

    /// <summary>Checks that many rows are read in bounded memory: batches come while the rest is still to be read.</summary>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="mostBytes">By how much the managed heap may grow.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    public static async Task CheckLargeAsync(Func<IBatchSource> open, ReadRequest request, long rows, long mostBytes = 64L << 20, CancellationToken cancellationToken = default)
    {
        var source = open();
        var growth = new HeapGrowth(mostBytes);
        long read = 0, batches = 0;
        try
        {
            await foreach (var batch in source.ReadAsync(request, cancellationToken).ConfigureAwait(false))
            {
                read += batch.Rows.Length;
                batch.Rows.Dispose();
                batches++;
                growth.Look(read, rows);
            }
        }
        finally
        {
            await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false);
        }
        Require(read == rows, $"{rows} rows are there, and {read} come.");
        Require(batches > 1, $"{rows} rows come in one batch: they are all held at once.");
        growth.Check($"{rows} rows");
    }

    /// <summary>Checks that a read which is cancelled after its first batch ends before its data does.</summary>
    public static async Task CheckCancelAsync(Func<IBatchSource> open, ReadRequest request, long rows, CancellationToken cancellationToken = default)
    {
        var source = open();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        long read = 0;
        try
        {
            await foreach (var batch in source.ReadAsync(request, cancel.Token).ConfigureAwait(false))
            {
                read += batch.Rows.Length;
                batch.Rows.Dispose();
                await cancel.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (read < rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return;
        }
        finally { await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false); }
        throw new AcceptanceException($"A read that was cancelled after its first batch went on to {read} of {rows} rows.");
    }

    /// <summary>Checks, where the source can resume, that what is read up to a cursor and what comes behind it is all there is. Nothing is to do for others.</summary>
    public static async Task CheckResumeAsync(Func<IBatchSource> open, ReadRequest request, long rows, CancellationToken cancellationToken = default)
    {
        var first = open();
        if (first is not IResume)
        {
            await ConnectorAcceptance.EndAsync(first).ConfigureAwait(false);
            return;
        }
        var (before, cursor) = await CountAsync(first, request, untilCursor: true, cancellationToken).ConfigureAwait(false);
        Require(cursor is not null, "A source that can resume says with its batches how far it has got.");
        var (behind, end) = await CountAsync(open(), request with { Cursor = cursor }, untilCursor: false, cancellationToken).ConfigureAwait(false);
        Require(before + behind == rows, $"{before} rows come up to a cursor and {behind} behind it; there are {rows}.");
        if (first is not IStream) return;
        var (none, _) = await CountAsync(open(), request with { Cursor = end ?? cursor }, untilCursor: false, cancellationToken).ConfigureAwait(false);
        Require(none == 0, $"Behind the last cursor there are still {none} rows.");
    }

    private static async Task<(long Rows, string? Cursor)> CountAsync(IBatchSource source, ReadRequest request, bool untilCursor, CancellationToken cancellationToken)
    {
        long rows = 0;
        string? cursor = null;
        try
        {
            await foreach (var batch in source.ReadAsync(request, cancellationToken).ConfigureAwait(false))
            {
                rows += batch.Rows.Length;
                batch.Rows.Dispose();
                cursor = batch.Cursor ?? cursor;
                if (untilCursor && cursor is not null && rows > 0) break;
            }
        }
        finally { await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false); }
        return (rows, cursor);
    }

    /// <summary>All rows as CLR values. The schema must be the one that was promised, in every batch.</summary>
    public static async Task<List<object?[]>> ReadAsync(IBatchSource source, ReadRequest request, CancellationToken cancellationToken = default)
    {
        var rows = new List<object?[]>();
        try
        {
            var schema = await source.SchemaAsync(request, cancellationToken).ConfigureAwait(false);
            await foreach (var batch in source.ReadAsync(request, cancellationToken).ConfigureAwait(false))
            {
                using var owned = batch.Rows;
                Require(owned.Schema.Equals(schema), $"A batch has the columns ({owned.Schema}), promised were ({schema}).");
                for (var i = 0; i < owned.Length; i++) rows.Add([.. owned.Arrays.Select(a => a.GetObject(i))]);
            }
        }
        finally
        {
            await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false);
        }
        return rows;
    }

    private static async Task CheckCancellationAsync(Func<IBatchSource> open, ReadRequest request)
    {
        using var before = new CancellationTokenSource();
        await before.CancelAsync().ConfigureAwait(false);
        Require(await BatchesUntilCancelledAsync(open(), request, before).ConfigureAwait(false) == 0, "A read that is cancelled before it starts goes on.");
        using var within = new CancellationTokenSource();
        Require(await BatchesUntilCancelledAsync(open(), request, within).ConfigureAwait(false) <= 1, "A read goes on although it was cancelled after its first batch.");
    }

    private static async Task<int> BatchesUntilCancelledAsync(IBatchSource source, ReadRequest request, CancellationTokenSource cancel)
    {
        var batches = 0;
        try
        {
            await foreach (var batch in source.ReadAsync(request, cancel.Token).ConfigureAwait(false))
            {
                batch.Rows.Dispose();
                batches++;
                await cancel.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) { /* As it should be. */ }
        finally { await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false); }
        return batches;
    }

    private static async Task CheckDiscoveryAsync(IConnector discoverer, Func<IBatchSource> open, CancellationToken cancellationToken)
    {
        var tables = new List<DiscoveredTable>();
        await foreach (var table in ((IDiscover)discoverer).DiscoverAsync(cancellationToken).ConfigureAwait(false)) tables.Add(table);
        await ConnectorAcceptance.EndAsync(discoverer).ConfigureAwait(false);
        foreach (var table in tables)
        {
            Require(table.Keys.All(k => table.Columns.Any(c => c.Name == k)), $"{table.Name} has the key ({string.Join(", ", table.Keys)}), which is not among its columns.");
            var source = open();
            var schema = await source.SchemaAsync(new ReadRequest { Table = table.Name }, cancellationToken).ConfigureAwait(false);
            await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false);
            Require(table.Columns.Count == 0 || schema.FieldsList.Select(f => f.Name).Where(n => !n.StartsWith("_ff_", StringComparison.Ordinal)).SequenceEqual(table.Columns.Select(c => c.Name)),
                $"{table.Name} is listed with ({string.Join(", ", table.Columns.Select(c => c.Name))}) and read with ({schema}).");
        }
    }

    private static bool Same(List<object?[]> first, List<object?[]> second, bool ordered)
    {
        var (a, b) = (first.Select(Text), second.Select(Text));
        return ordered ? a.SequenceEqual(b) : a.Order(StringComparer.Ordinal).SequenceEqual(b.Order(StringComparer.Ordinal));
    }

    internal static string Text(object?[] row) => string.Join('\u001f', row.Select(Text));

    /// <summary>A row for people.</summary>
    internal static string Shown(object?[] row) => string.Join(", ", row.Select(v => v is null ? "NULL" : Text(v).Length > 60 ? Text(v)[..60] + "…" : Text(v)));

    /// <summary>A type and those inside it.</summary>
    internal static IEnumerable<ArrowTypeId> TypesIn(IArrowType type) => type is NestedType nested ? nested.Fields.SelectMany(f => TypesIn(f.DataType)).Prepend(type.TypeId) : [type.TypeId];

    private static string Text(object? value) => value switch
    {
        null => "\u0000",
        byte[] bytes => Convert.ToHexString(bytes),
        string text => text,
        System.Collections.IEnumerable items => $"[{string.Join('\u001e', items.Cast<object?>().Select(Text))}]",
        _ => string.Format(System.Globalization.CultureInfo.InvariantCulture, "{0}", value),
    };

    private static void Require(bool holds, string message)
    {
        if (!holds) throw new AcceptanceException(message);
    }
}
