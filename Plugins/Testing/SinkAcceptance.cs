using FlowForge.Columnar;

namespace FlowForge.Plugins.Testing;

/// <summary>What every sink of rows must do. Independent of test frameworks: a broken rule throws.</summary>
/// <param name="open">Opens the sink; each call makes a new connector.</param>
/// <param name="rows">The rows of a table, asked by another way than the sink's.</param>
/// <param name="count">How many there are.</param>
public sealed class SinkAcceptance(Func<ISink> open, Func<string, CancellationToken, Task<IReadOnlyList<object?[]>>> rows, Func<string, CancellationToken, Task<long>> count)
{
    private const string Writer = "suite/writer";
    private const int MostMegabytes = 96;
    private const int CancelledAt = 20, MostAfter = 20;
    private static readonly Schema Columns = new([new Field("id", Int64Type.Default), new Field("name", StringType.Default)]);
    private static readonly Schema Changes = new([.. Columns.FieldsList, new Field(WriteRequest.Change, StringType.Default)]);
    private int _tables;

    /// <summary>A write that replaces leaves its rows and no others, and disposes the batches.</summary>
    public async Task CheckReplaceAsync(CancellationToken cancellationToken)
    {
        var table = Table();
        await WriteAsync(Request(table, "1"), Batch([1L, "one"], [2L, null]), cancellationToken).ConfigureAwait(false);
        await IsAsync(table, cancellationToken, [1L, "one"], [2L, null]).ConfigureAwait(false);
        await WriteAsync(Request(table, "2"), Batch([3L, "grün ✓ 😀 \"'\\\t\n"], [4L, ""]), cancellationToken).ConfigureAwait(false);
        await IsAsync(table, cancellationToken, [3L, "grün ✓ 😀 \"'\\\t\n"], [4L, ""]).ConfigureAwait(false);
    }

    /// <summary>A write without rows leaves an empty table.</summary>
    public async Task CheckNoRowsAsync(CancellationToken cancellationToken)
    {
        var table = Table();
        await WriteAsync(Request(table, "1"), [], cancellationToken).ConfigureAwait(false);
        await IsAsync(table, cancellationToken).ConfigureAwait(false);
        await WriteAsync(Request(table, "2"), Batch([1L, "one"]), cancellationToken).ConfigureAwait(false);
        await WriteAsync(Request(table, "3"), [], cancellationToken).ConfigureAwait(false);
        await IsAsync(table, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same key again writes nothing and says what the first time said.</summary>
    public async Task CheckRepeatAsync(CancellationToken cancellationToken)
    {
        var table = Table();
        for (var i = 0; i < 2; i++) await WriteAsync(Request(table, "1"), Batch([1L, "one"], [2L, "two"]), cancellationToken).ConfigureAwait(false);
        await IsAsync(table, cancellationToken, [1L, "one"], [2L, "two"]).ConfigureAwait(false);
    }

    /// <summary>When the rows end in a failure, what was there stays, the failure comes through, and the same key can be written then.</summary>
    public async Task CheckFailureAsync(CancellationToken cancellationToken)
    {
        var table = Table();
        await WriteAsync(Request(table, "1"), Batch([1L, "old"]), cancellationToken).ConfigureAwait(false);
        var sink = open();
        try
        {
            await sink.WriteAsync(Request(table, "2"), Broken(), cancellationToken).ConfigureAwait(false);
            throw new AcceptanceException("A write succeeds although its rows ended in a failure.");
        }
        catch (InvalidTimeZoneException) { /* As it should be. */ }
        finally { await ConnectorAcceptance.EndAsync(sink).ConfigureAwait(false); }
        await IsAsync(table, cancellationToken, [1L, "old"]).ConfigureAwait(false);
        await WriteAsync(Request(table, "2"), Batch([2L, "new"]), cancellationToken).ConfigureAwait(false);
        await IsAsync(table, cancellationToken, [2L, "new"]).ConfigureAwait(false);

        static async IAsyncEnumerable<RecordBatch> Broken()
        {
            for (var i = 0; i < 15; i++) yield return Many(i * 10_000L, 10_000);
            await Task.Yield();
            throw new InvalidTimeZoneException("thrown by the suite");
        }
    }

    /// <summary>A write that is cancelled takes no more rows, and what was there stays.</summary>
    public async Task CheckCancelAsync(CancellationToken cancellationToken)
    {
        var table = Table();
        await WriteAsync(Request(table, "1"), Batch([1L, "old"]), cancellationToken).ConfigureAwait(false);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sink = open();
        try
        {
            await sink.WriteAsync(Request(table, "2"), Endless(), cancel.Token).ConfigureAwait(false);
            throw new AcceptanceException("A write without an end succeeds.");
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested) { /* As it should be. */ }
        finally { await ConnectorAcceptance.EndAsync(sink).ConfigureAwait(false); }
        await IsAsync(table, cancellationToken, [1L, "old"]).ConfigureAwait(false);

        // Who gives the rows does not look at the cancellation: the sink has to.
        async IAsyncEnumerable<RecordBatch> Endless()
        {
            for (var i = 0L; ; i++)
            {
                if (i == CancelledAt) await cancel.CancelAsync().ConfigureAwait(false);
                Require(i <= CancelledAt + MostAfter, $"A write that was cancelled has taken {MostAfter} more batches of 10,000 rows.");
                yield return Many(i * 10_000, 10_000);
            }
        }
    }

    /// <summary>Values of every type come through.</summary>
    public async Task CheckTypesAsync(Schema types, IReadOnlyList<object?[]> values, IReadOnlyList<object?[]> come, CancellationToken cancellationToken)
    {
        var table = Table();
        var builder = new RecordBatchBuilder(types);
        foreach (var row in values) builder.AppendRow(row);
        await WriteAsync(Request(table, "1") with { Schema = types }, [builder.Build()], cancellationToken).ConfigureAwait(false);
        await IsAsync(table, cancellationToken, [.. come]).ConfigureAwait(false);
    }

    /// <summary>Many rows come through, in memory that does not grow with them.</summary>
    public async Task CheckLargeAsync(long many, CancellationToken cancellationToken)
    {
        var (table, heap) = (Table(), new HeapGrowth((long)MostMegabytes << 20));
        var sink = open();
        try
        {
            var written = await sink.WriteAsync(Request(table, "1"), Rows(), cancellationToken).ConfigureAwait(false);
            Require(written == many, $"{many} rows were handed over, and {written} are said to be written.");
        }
        finally { await ConnectorAcceptance.EndAsync(sink).ConfigureAwait(false); }
        heap.Check($"{many} rows");
        var there = await count(table, cancellationToken).ConfigureAwait(false);
        Require(there == many, $"{many} rows were written, and {there} are there.");

        async IAsyncEnumerable<RecordBatch> Rows()
        {
            for (var at = 0L; at < many; at += 2_000)
            {
                heap.Look(at, many);
                yield return Many(at, (int)Math.Min(2_000, many - at));
            }
            await Task.CompletedTask.ConfigureAwait(false);
        }
    }

    /// <summary>A sink with marks: they say what was written, rows are added behind them and behind nothing else, and nobody else's rows are touched.</summary>
    public async Task CheckMarksAsync(CancellationToken cancellationToken)
    {
        if (!await IsMarkedAsync().ConfigureAwait(false)) return;
        var table = Table();
        await MarkIsAsync(table, null, cancellationToken).ConfigureAwait(false);
        await WriteAsync(Request(table, "1"), Batch([1L, "one"]), cancellationToken).ConfigureAwait(false);
        await MarkIsAsync(table, new WriteMark(Writer, "1", 1, 1), cancellationToken).ConfigureAwait(false);

        var more = Request(table, "2", replace: false) with { After = "1" };
        for (var i = 0; i < 2; i++) await WriteAsync(more, Batch([2L, "two"], [3L, "three"]), cancellationToken).ConfigureAwait(false);
        await IsAsync(table, cancellationToken, [1L, "one"], [2L, "two"], [3L, "three"]).ConfigureAwait(false);
        await MarkIsAsync(table, new WriteMark(Writer, "2", 2, 3), cancellationToken).ConfigureAwait(false);

        await RefusedAsync<TransientException>(Request(table, "3", replace: false) with { After = "1" }, "Rows are added behind a mark that is not there any more.", cancellationToken).ConfigureAwait(false);
        await RefusedAsync<TerminalException>(Request(table, "3") with { Writer = "suite/other" }, "Rows of another writer are replaced.", cancellationToken).ConfigureAwait(false);
        await IsAsync(table, cancellationToken, [1L, "one"], [2L, "two"], [3L, "three"]).ConfigureAwait(false);
        await WriteAsync(Request(table, "4"), Batch([9L, "nine"]), cancellationToken).ConfigureAwait(false);
        await MarkIsAsync(table, new WriteMark(Writer, "4", 1, 1), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A sink with marks: rows come, change and go by key; changes that do not fit what is there change nothing.</summary>
    public async Task CheckChangesAsync(CancellationToken cancellationToken)
    {
        if (!await IsMarkedAsync().ConfigureAwait(false)) return;
        var table = Table();
        await WriteAsync(Request(table, "1") with { Keys = ["id"] }, Batch([1L, "one"], [2L, "two"], [3L, null]), cancellationToken).ConfigureAwait(false);
        var changes = Request(table, "2", replace: false) with { After = "1", Keys = ["id"], Schema = Changes };
        for (var i = 0; i < 2; i++) await WriteAsync(changes, Batch(Changes, [1L, "uno", "u"], [2L, "two", "d"], [4L, "four", "i"], [3L, "three", "u"]), cancellationToken).ConfigureAwait(false);
        await IsAsync(table, cancellationToken, [1L, "uno"], [3L, "three"], [4L, "four"]).ConfigureAwait(false);
        await MarkIsAsync(table, new WriteMark(Writer, "2", 4, 3), cancellationToken).ConfigureAwait(false);
        foreach (var wrong in (object?[][])[[1L, "x", "i"], [2L, "x", "u"], [2L, "x", "d"]])
            await RefusedAsync<TerminalException>(changes with { Key = "3", After = "2" }, $"A change ({wrong[2]}) is made to a row that {(wrong[2] is "i" ? "is there" : "is not there")}.", cancellationToken, Batch(Changes, [4L, "vier", "u"], wrong)).ConfigureAwait(false);
        await IsAsync(table, cancellationToken, [1L, "uno"], [3L, "three"], [4L, "four"]).ConfigureAwait(false);
    }

    private string Table() => $"suite_{Interlocked.Increment(ref _tables)}_{Guid.NewGuid().ToString("n")[..8]}";

    private static WriteRequest Request(string table, string key, bool replace = true) => new(table, Columns, key, replace) { Writer = Writer };

    private static IReadOnlyList<RecordBatch> Batch(params object?[][] values) => Batch(Columns, values);

    /// <summary>A batch a row, so that there are several.</summary>
    private static IReadOnlyList<RecordBatch> Batch(Schema schema, params object?[][] values) => [.. values.Select(v =>
    {
        var builder = new RecordBatchBuilder(schema);
        builder.AppendRow(v);
        return builder.Build();
    })];

    private static RecordBatch Many(long from, int length)
    {
        var (ids, names) = (new Int64Array.Builder(), new StringArray.Builder());
        for (var i = 0; i < length; i++)
        {
            ids.Append(from + i);
            names.Append(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"the name of the row with the number {from + i}, which is not short"));
        }
        return new RecordBatch(Columns, [ids.Build(), names.Build()], length);
    }

    private async Task WriteAsync(WriteRequest request, IReadOnlyList<RecordBatch> batches, CancellationToken cancellationToken)
    {
        var sink = open();
        var taken = 0;
        try
        {
            var written = await sink.WriteAsync(request, Given(), cancellationToken).ConfigureAwait(false);
            Require(written == batches.Sum(b => (long)b.Length), $"{batches.Sum(b => (long)b.Length)} rows were handed over, and {written} are said to be written.");
            Require(batches.Take(taken).All(IsDisposed), "The sink does not dispose the batches that it takes.");
        }
        finally
        {
            await ConnectorAcceptance.EndAsync(sink).ConfigureAwait(false);
            foreach (var batch in batches.Skip(taken)) batch.Dispose();
        }

        async IAsyncEnumerable<RecordBatch> Given()
        {
            foreach (var batch in batches)
            {
                taken++;
                yield return batch;
            }
            await Task.CompletedTask.ConfigureAwait(false);
        }
    }

    private static bool IsDisposed(RecordBatch batch)
    {
        try { return batch.Arrays is null; }
        catch (ObjectDisposedException) { return true; }
    }

    private async Task RefusedAsync<T>(WriteRequest request, string otherwise, CancellationToken cancellationToken, IReadOnlyList<RecordBatch>? batches = null) where T : Exception
    {
        try { await WriteAsync(request, batches ?? Batch([7L, "seven"]), cancellationToken).ConfigureAwait(false); }
        catch (T) { return; }
        throw new AcceptanceException(otherwise);
    }

    private async Task<bool> IsMarkedAsync()
    {
        var sink = open();
        await ConnectorAcceptance.EndAsync(sink).ConfigureAwait(false);
        return sink is IMarkedSink;
    }

    private async Task MarkIsAsync(string table, WriteMark? expected, CancellationToken cancellationToken)
    {
        var sink = (IMarkedSink)open();
        try
        {
            var mark = await sink.MarkAsync(table, cancellationToken).ConfigureAwait(false);
            Require(mark == expected, $"The mark is {mark?.ToString() ?? "none"}, and {expected?.ToString() ?? "none"} was expected.");
        }
        finally { await ConnectorAcceptance.EndAsync(sink).ConfigureAwait(false); }
    }

    private async Task IsAsync(string table, CancellationToken cancellationToken, params object?[][] expected)
    {
        var there = await rows(table, cancellationToken).ConfigureAwait(false);
        Require(there.Select(RowSourceAcceptance.Text).Order(StringComparer.Ordinal).SequenceEqual(expected.Select(RowSourceAcceptance.Text).Order(StringComparer.Ordinal)),
            $"{table} holds {Shown(there)}, and {Shown(expected)} was expected.");

        static string Shown(IReadOnlyList<object?[]> some) => some.Count == 0 ? "no rows" : string.Join(" ", some.Select(r => $"({RowSourceAcceptance.Shown(r)})"));
    }

    internal static void Require(bool holds, string message)
    {
        if (!holds) throw new AcceptanceException(message);
    }
}
