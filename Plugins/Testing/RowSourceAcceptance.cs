using System.Diagnostics;
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
            await EndAsync(tester).ConfigureAwait(false);
            Require(found.Length > 0 && !found.Contains('\n', StringComparison.Ordinal), "A connection test says what was found, in one line.");
        }
    }

    /// <summary>Checks a source that gives so many rows: none and one are the numbers at which sources fail. The schema is there in any case.</summary>
    public static async Task CheckCountAsync(Func<IBatchSource> open, ReadRequest request, long expected, CancellationToken cancellationToken = default)
    {
        var source = open();
        var schema = await source.SchemaAsync(request, cancellationToken).ConfigureAwait(false);
        await EndAsync(source).ConfigureAwait(false);
        Require(schema.FieldsList.Count > 0, $"A source of {expected} rows has no columns.");
        var rows = await ReadAsync(open(), request, cancellationToken).ConfigureAwait(false);
        Require(rows.Count == expected, $"{expected} rows are there, and {rows.Count} come.");
    }

    /// <summary>Checks that many rows are read in bounded memory: batches come while the rest is still to be read.</summary>
    /// <param name="rows">How many rows there are.</param>
    /// <param name="mostBytes">By how much the managed heap may grow. What the process does beside counts too, so be generous.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    public static async Task CheckLargeAsync(Func<IBatchSource> open, ReadRequest request, long rows, long mostBytes = 256L << 20, CancellationToken cancellationToken = default)
    {
        var source = open();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        long read = 0, highest = 0, batches = 0;
        try
        {
            await foreach (var batch in source.ReadAsync(request, cancellationToken).ConfigureAwait(false))
            {
                read += batch.Rows.Length;
                batch.Rows.Dispose();
                if (++batches % 32 == 0) highest = Math.Max(highest, GC.GetTotalMemory(forceFullCollection: batches % 256 == 0) - before);
            }
        }
        finally
        {
            await EndAsync(source).ConfigureAwait(false);
        }
        Require(read == rows, $"{rows} rows are there, and {read} come.");
        Require(batches > 1, $"{rows} rows come in one batch: they are all held at once.");
        Require(highest <= mostBytes, $"While {rows} rows are read, the heap grows by {highest >> 20} MB; {mostBytes >> 20} MB are allowed.");
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
            await EndAsync(source).ConfigureAwait(false);
        }
        return rows;
    }

    private static async Task CheckCancellationAsync(Func<IBatchSource> open, ReadRequest request)
    {
        using var before = new CancellationTokenSource();
        await before.CancelAsync().ConfigureAwait(false);
        await MustCancelAsync(open(), request, before, "A read that is cancelled before it starts goes on.").ConfigureAwait(false);
        using var within = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();
        await MustCancelAsync(open(), request, within, "A read goes on although it was cancelled after its first batch.").ConfigureAwait(false);
        Require(clock.Elapsed < TimeSpan.FromSeconds(30), $"A cancelled read took {clock.Elapsed.TotalSeconds:f1} s.");
    }

    private static async Task MustCancelAsync(IBatchSource source, ReadRequest request, CancellationTokenSource cancel, string message)
    {
        try
        {
            await foreach (var batch in source.ReadAsync(request, cancel.Token).ConfigureAwait(false))
            {
                batch.Rows.Dispose();
                await cancel.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
        finally
        {
            await EndAsync(source).ConfigureAwait(false);
        }
        throw new AcceptanceException(message);
    }

    private static async Task CheckDiscoveryAsync(IConnector discoverer, Func<IBatchSource> open, CancellationToken cancellationToken)
    {
        var tables = new List<DiscoveredTable>();
        await foreach (var table in ((IDiscover)discoverer).DiscoverAsync(cancellationToken).ConfigureAwait(false)) tables.Add(table);
        await EndAsync(discoverer).ConfigureAwait(false);
        foreach (var table in tables)
        {
            Require(table.Keys.All(k => table.Columns.Any(c => c.Name == k)), $"{table.Name} has the key ({string.Join(", ", table.Keys)}), which is not among its columns.");
            var source = open();
            var schema = await source.SchemaAsync(new ReadRequest { Table = table.Name }, cancellationToken).ConfigureAwait(false);
            await EndAsync(source).ConfigureAwait(false);
            Require(table.Columns.Count == 0 || schema.FieldsList.Select(f => f.Name).SequenceEqual(table.Columns.Select(c => c.Name)),
                $"{table.Name} is listed with ({string.Join(", ", table.Columns.Select(c => c.Name))}) and read with ({schema}).");
        }
    }

    private static async ValueTask EndAsync(IConnector connector)
    {
        if (connector is IAsyncDisposable disposable) await disposable.DisposeAsync().ConfigureAwait(false);
        else (connector as IDisposable)?.Dispose();
    }

    private static bool Same(List<object?[]> first, List<object?[]> second, bool ordered)
    {
        var (a, b) = (first.Select(Text), second.Select(Text));
        return ordered ? a.SequenceEqual(b) : a.Order(StringComparer.Ordinal).SequenceEqual(b.Order(StringComparer.Ordinal));
    }

    private static string Text(object?[] row) => string.Join('\u001f', row.Select(Text));

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
