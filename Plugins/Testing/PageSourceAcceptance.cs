using System.Text;
using System.Text.Json;

namespace FlowForge.Plugins.Testing;

/// <summary>What every source of JSON pages must do. Independent of test frameworks: a broken rule throws.</summary>
public static class PageSourceAcceptance
{
    private const int MostBreaks = 5;

    /// <summary>Checks a source that gives at least two records for the request, and the same ones each time.</summary>
    /// <param name="open">Makes a new connector, as for a new run.</param>
    /// <param name="request">What to read.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="AcceptanceException">A rule is broken.</exception>
    public static async Task CheckAsync(Func<IPageSource> open, ReadRequest request, CancellationToken cancellationToken = default)
    {
        var reader = open();
        ConnectorAcceptance.CheckSpec(reader.GetType());
        var (first, cursor) = await ReadAsync(reader, request, cancellationToken).ConfigureAwait(false);
        Require(first.Count >= 2, $"The source to check must have at least two records, and gave {first.Count}.");
        var (second, _) = await ReadAsync(open(), request, cancellationToken).ConfigureAwait(false);
        Require(first.Order(StringComparer.Ordinal).SequenceEqual(second.Order(StringComparer.Ordinal)), "A second read gives other records while nothing changed.");
        var (one, behindOne) = await ReadAsync(open(), request with { Limit = 1 }, cancellationToken).ConfigureAwait(false);
        Require(one.Count == 1, $"With a limit of 1 it gives {one.Count} records.");
        await CheckCancellationAsync(open(), request).ConfigureAwait(false);
        if (open() is IResume and IConnector resumable)
        {
            await ConnectorAcceptance.EndAsync(resumable).ConfigureAwait(false);
            Require(cursor is not null, "A source that can resume says how far it has got.");
            // A page that was cut says no place, or the right one.
            if (behindOne is not null)
            {
                var (rest, _) = await ReadAsync(open(), request with { Cursor = behindOne }, cancellationToken).ConfigureAwait(false);
                Require(first.Order(StringComparer.Ordinal).SequenceEqual(one.Concat(rest).Order(StringComparer.Ordinal)), "What is read up to a cursor, and behind it, is not what is read at once.");
            }
            await CheckResumeAsync(open, request, first, cancellationToken).ConfigureAwait(false);
            if (resumable is IStream)
            {
                var (none, still) = await ReadAsync(open(), request with { Cursor = cursor }, cancellationToken).ConfigureAwait(false);
                Require(none.Count == 0, $"Behind the last cursor there are still {none.Count} records.");
                Require(still == cursor, "A read that found nothing gives another cursor: each run would make a version of the table.");
            }
        }
        if (open() is ITestConnection tester)
        {
            var found = await tester.TestAsync(cancellationToken).ConfigureAwait(false);
            await ConnectorAcceptance.EndAsync(tester).ConfigureAwait(false);
            Require(found.Length > 0 && !found.Contains('\n', StringComparison.Ordinal), "A connection test says what was found, in one line.");
        }
    }

    // Broken off behind each page in turn.
    private static async Task CheckResumeAsync(Func<IPageSource> open, ReadRequest request, List<string> all, CancellationToken cancellationToken)
    {
        for (var pages = 1; pages <= MostBreaks; pages++)
        {
            var (before, cursor, ended) = (new List<string>(), (string?)null, true);
            var source = open();
            try
            {
                var at = 0;
                await foreach (var page in source.ReadAsync(request, cancellationToken).ConfigureAwait(false))
                {
                    before.AddRange(Encoding.UTF8.GetString(page.Records.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries));
                    cursor = page.Cursor;
                    if (++at < pages) continue;
                    ended = false;
                    break;
                }
            }
            finally { await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false); }
            if (ended) return;
            if (cursor is null) continue;
            var (rest, _) = await ReadAsync(open(), request with { Cursor = cursor }, cancellationToken).ConfigureAwait(false);
            Require(all.Order(StringComparer.Ordinal).SequenceEqual(before.Concat(rest).Order(StringComparer.Ordinal)), $"Broken off behind page {pages}, {before.Count} records come before and {rest.Count} behind; together they are not the {all.Count} that come at once.");
        }
    }

    /// <summary>All records as the lines they are, and the last cursor. Each must be one JSON value on one line, as many as the pages say.</summary>
    public static async Task<(List<string> Records, string? Cursor)> ReadAsync(IPageSource source, ReadRequest request, CancellationToken cancellationToken = default)
    {
        var (lines, cursor) = await ReadLinesAsync(source, request, cancellationToken).ConfigureAwait(false);
        foreach (var line in lines)
        {
            try { using var _ = JsonDocument.Parse(line); }
            catch (JsonException e) { throw new AcceptanceException($"A record is no JSON: {e.Message} {line}"); }
        }
        return (lines, cursor);
    }

    /// <summary>Like <see cref="ReadAsync"/>; the lines may be what no reader takes.</summary>
    public static async Task<(List<string> Lines, string? Cursor)> ReadLinesAsync(IPageSource source, ReadRequest request, CancellationToken cancellationToken = default)
    {
        var lines = new List<string>();
        string? cursor = null;
        try
        {
            await foreach (var page in source.ReadAsync(request, cancellationToken).ConfigureAwait(false))
            {
                var found = Encoding.UTF8.GetString(page.Records.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
                Require(found.Length == page.Count, $"A page says {page.Count} records and has {found.Length} lines.");
                lines.AddRange(found);
                cursor = page.Cursor ?? cursor;
            }
        }
        finally
        {
            await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false);
        }
        return (lines, cursor);
    }

    /// <summary>Checks that many records are read in bounded memory: pages come while the rest is still to be read.</summary>
    /// <param name="records">How many records there are.</param>
    /// <param name="mostBytes">By how much the managed heap may grow.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    public static async Task CheckLargeAsync(Func<IPageSource> open, ReadRequest request, long records, long mostBytes = 64L << 20, CancellationToken cancellationToken = default)
    {
        var source = open();
        var growth = new HeapGrowth(mostBytes);
        long read = 0, pages = 0;
        try
        {
            await foreach (var page in source.ReadAsync(request, cancellationToken).ConfigureAwait(false))
            {
                if (page.Count > 0) pages++;
                Require(page.Records.Span.Count((byte)'\n') == page.Count, $"A page says {page.Count} records and has {page.Records.Span.Count((byte)'\n')} lines.");
                read += page.Count;
                growth.Look(read, records);
            }
        }
        finally { await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false); }
        Require(read == records, $"{records} records are there, and {read} come.");
        Require(pages > 1, $"{records} records come in one page: they are all held at once.");
        growth.Check($"{records} records");
    }

    /// <summary>Checks that a read which is cancelled after its first page ends before its data does.</summary>
    public static async Task CheckCancelAsync(Func<IPageSource> open, ReadRequest request, long records, CancellationToken cancellationToken = default)
    {
        var source = open();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        long read = 0;
        try
        {
            await foreach (var page in source.ReadAsync(request, cancel.Token).ConfigureAwait(false))
            {
                read += page.Count;
                if (page.Count > 0) await cancel.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (read < records)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return;
        }
        finally { await ConnectorAcceptance.EndAsync(source).ConfigureAwait(false); }
        throw new AcceptanceException($"A read that was cancelled after its first page went on to {read} of {records} records.");
    }

    private static async Task CheckCancellationAsync(IPageSource source, ReadRequest request)
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync().ConfigureAwait(false);
        try { await ReadLinesAsync(source, request, cancelled.Token).ConfigureAwait(false); }
        catch (OperationCanceledException) { return; }
        throw new AcceptanceException("A read that is cancelled before it starts goes on.");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds) throw new AcceptanceException(message);
    }
}
