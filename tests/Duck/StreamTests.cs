using System.Diagnostics;
using FlowForge.Columnar;

namespace FlowForge.Duck.Tests;

public sealed class StreamTests : IDisposable
{
    private static readonly Schema Ints = new([new Field("i", Int64Type.Default)]);
    private readonly DuckDatabase _database = DuckDatabase.Open(new DuckOptions { MemoryLimitBytes = 256L << 20 });
    private readonly DuckSession _session;

    public StreamTests() => _session = _database.Connect();

    public void Dispose()
    {
        _session.Dispose();
        _database.Dispose();
    }

    [Fact]
    public void Query_ErrorInTheMiddle_ComesAfterTheRowsBefore()
    {
        using var reader = _session.Query("SELECT CASE WHEN i = 900000 THEN error('row 900000 is bad') ELSE i END AS v FROM range(1000000) r(i)");
        long rows = 0;
        var e = Assert.Throws<DuckException>(() =>
        {
            while (reader.Next() is { } batch)
            {
                using (batch) rows += batch.Length;
            }
        });
        Assert.Equal("Invalid Input Error: row 900000 is bad", e.Message);
        Assert.Equal(DuckErrorKind.InvalidInput, e.Kind);
        Assert.InRange(rows, 1, 900_000);
        Assert.Null(reader.Next());
        reader.Dispose();
        Assert.Equal(1, _session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Query_DisposedInTheMiddle_FreesTheSession()
    {
        using (var reader = _session.Query("SELECT * FROM range(10000000000)"))
        {
            using var first = reader.Next();
            Assert.NotNull(first);
        }
        Assert.Equal(1, _session.Scalar<int>("SELECT 1"));
        var ended = _session.Query("SELECT 1");
        ended.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ended.Next());
    }

    [Fact]
    public void Query_TwoStreamsAtOnce_OnTwoSessions()
    {
        using var other = _database.Connect();
        using var a = _session.Query("SELECT i FROM range(1000000) r(i)");
        using var b = other.Query("SELECT -i AS i FROM range(1000000) r(i)");
        long sum = 0;
        while (true)
        {
            using var x = a.Next();
            using var y = b.Next();
            if (x is null && y is null) break;
            foreach (var v in ((Int64Array)x!.Column(0)).Values) sum += v;
            foreach (var v in ((Int64Array)y!.Column(0)).Values) sum += v;
        }
        Assert.Equal(0, sum);
    }

    [Fact]
    public void Query_BatchAfterDispose_Throws()
    {
        using var reader = _session.Query("SELECT 42 AS a");
        var batch = reader.Next()!;
        var column = (Int32Array)batch.Column(0);
        Assert.Equal(42, column.GetValue(0));
        batch.Dispose();
        Assert.Throws<ObjectDisposedException>(() => batch.Column(0));
        Assert.Throws<ObjectDisposedException>(() => column.GetValue(0));
    }

    [Fact]
    public void Query_BatchesOutliveReaderAndSession()
    {
        var database = DuckDatabase.Open();
        var session = database.Connect();
        var reader = session.Query("SELECT 'a text long enough for the heap ' || i AS t FROM range(20000) r(i)");
        var batches = reader.ToList();
        reader.Dispose();
        session.Dispose();
        database.Dispose();
        Assert.Equal("a text long enough for the heap 19999", batches[^1].Column(0).GetObject(batches[^1].Length - 1));
        foreach (var batch in batches) batch.Dispose();
    }

    [Fact]
    public async Task ReadAllAsync_Cancelled_ThrowsAndFreesTheSession()
    {
        using var stop = new CancellationTokenSource();
        using (var reader = _session.Query("SELECT * FROM range(10000000000)"))
        {
            stop.CancelAfter(50);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (var batch in reader.ReadAllAsync(stop.Token)) batch.Dispose();
            });
        }
        Assert.Equal(1, _session.Scalar<int>("SELECT 1", TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Cancel_BetweenBatches_ThrowsAtTheNext()
    {
        using var stop = new CancellationTokenSource();
        using var reader = _session.Query("SELECT * FROM range(10000000000)", stop.Token);
        reader.Next()!.Dispose();
        stop.Cancel();
        var e = Assert.Throws<OperationCanceledException>(() => reader.Next());
        Assert.Equal(stop.Token, e.CancellationToken);
        reader.Dispose();
        Assert.Equal(1, _session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Cancel_BeforeItStarts_RunsNothing()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => _session.Execute("CREATE TABLE never(a INT)", stop.Token));
        Assert.Equal(0, _session.Scalar<long>("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'never'"));
    }

    [Fact]
    public void Cancel_ManyTimesAtRandomMoments_AlwaysEndsAndStaysUsable()
    {
        var random = new Random(1);
        for (var round = 0; round < 40; round++)
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromMicroseconds(random.Next(0, 8000)));
            var clock = Stopwatch.StartNew();
            try
            {
                _session.Scalar<long>("SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b", stop.Token);
                Assert.Fail("it cannot end by itself");
            }
            catch (OperationCanceledException)
            {
                Assert.InRange(clock.Elapsed.TotalSeconds, 0, 30);
            }
        }
        Assert.Equal(1, _session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public async Task Cancel_SourceThatWaits_IsWokenByItsToken()
    {
        using var waits = new ManualResetEventSlim();
        IEnumerable<RecordBatch> Source(CancellationToken ct)
        {
            yield return Batch(0, 10);
            waits.Set();
            ct.WaitHandle.WaitOne();
            ct.ThrowIfCancellationRequested();
        }
        _session.RegisterSource("slow", Ints, Source);
        using var stop = new CancellationTokenSource();
        var canceller = Task.Run(() =>
        {
            waits.Wait();
            stop.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => _session.Scalar<long>("SELECT sum(i) FROM slow", stop.Token));
        await canceller;
        Assert.Equal(1, _session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public async Task Interrupt_WithoutToken_IsAnInterruptError()
    {
        using var started = new ManualResetEventSlim();
        IEnumerable<RecordBatch> Endless()
        {
            started.Set();
            while (true) yield return Batch(0, 1000);
        }
        _session.RegisterSource("endless", Ints, Endless);
        var interrupter = Task.Run(() =>
        {
            started.Wait();
            _session.Interrupt();
        });
        var e = Assert.Throws<DuckException>(() => _session.Scalar<long>("SELECT sum(i) FROM endless"));
        Assert.Equal(DuckErrorKind.Interrupt, e.Kind);
        await interrupter;
        Assert.Equal(1, _session.Scalar<int>("SELECT 1"));
    }

    [Fact]
    public void Source_ScannedTwiceInOneStatement_IsOpenedTwiceAndEachBatchDisposed()
    {
        var opened = 0;
        var given = new List<RecordBatch>();
        IEnumerable<RecordBatch> Source()
        {
            Interlocked.Increment(ref opened);
            for (var i = 0; i < 5; i++)
            {
                var batch = Batch(i * 100, 100);
                lock (given) given.Add(batch);
                yield return batch;
            }
        }
        _session.RegisterSource("s", Ints, Source);
        Assert.Equal(500, _session.Scalar<long>("SELECT count(*) FROM s a JOIN s b USING (i)"));
        Assert.Equal(2, opened);
        Assert.All(given, b => Assert.Throws<ObjectDisposedException>(() => b.Column(0)));
        Assert.Equal(10, given.Count);
    }

    [Fact]
    public void Source_LeftEarly_IsDisposed()
    {
        var closed = 0;
        IEnumerable<RecordBatch> Source()
        {
            try
            {
                while (true) yield return Batch(0, 1000);
            }
            finally
            {
                Interlocked.Increment(ref closed);
            }
        }
        _session.RegisterSource("s", Ints, Source);
        Assert.Equal(5, _session.Rows("SELECT * FROM s LIMIT 5").Count);
        Assert.Equal(1, closed);
    }

    [Fact]
    public void Source_Projection_WorksForAnySubset()
    {
        var schema = new Schema([new Field("a", Int32Type.Default), new Field("b", StringType.Default), new Field("c", DoubleType.Default)]);
        IEnumerable<RecordBatch> Source()
        {
            var builder = new RecordBatchBuilder(schema);
            for (var i = 0; i < 5000; i++) builder.AppendRow(i, $"b{i}", i * 0.5);
            yield return builder.Build();
        }
        _session.RegisterSource("s", schema, Source);
        Assert.Equal(5000, _session.Scalar<long>("SELECT count(*) FROM s"));
        Assert.Equal("b4999", _session.Scalar<string>("SELECT b FROM s WHERE c = 2499.5"));
        Assert.Equal([0.5, 1L], _session.Rows("SELECT c, a FROM s WHERE b = 'b1'")[0]);
        Assert.Equal(12_497_500, _session.Scalar<long>("SELECT sum(a) FROM (SELECT b, a FROM s)"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Source_OfSmallBatches_IsHandedOnTogetherWhenItGathers(bool gathers)
    {
        var calls = 0;
        _session.RegisterScalar<long, long>("seen", (rows, same) =>
        {
            Interlocked.Increment(ref calls);
            rows.CopyTo(same);
        });
        // An empty one is among them.
        _session.RegisterSource("s", Ints, _ => Enumerable.Range(0, 4996).Select(i => Batch(i, 1)).Append(Batch(0, 0)).Append(Batch(4996, 1)), gathers);
        Assert.Equal(4997 * 4996L / 2, _session.Scalar<long>("SELECT sum(seen(i)) FROM s"));
        // Each thread of DuckDB's puts together what it gets.
        if (gathers) Assert.InRange(calls, 3, 3 + Environment.ProcessorCount);
        else Assert.Equal(4997, calls);
        Assert.Equal(2048, _session.Scalar<long>("SELECT count(*) FROM (SELECT seen(i) FROM s LIMIT 2048)"));
        _session.RegisterSource("s", Ints, _ => [Batch(0, 5000), Batch(5000, 1), Batch(5001, 3000)], gathers);
        Assert.Equal("8001|8000|32004000", string.Join("|", _session.Rows("SELECT count(*), max(i), sum(i) FROM s")[0]));
    }

    [Fact]
    public void Source_ThatGathersAndFails_GivesTheOriginalAndNoRows()
    {
        var boom = new InvalidOperationException("boom");
        IEnumerable<RecordBatch> Source()
        {
            yield return Batch(1, 1);
            throw boom;
        }
        _session.RegisterSource("s", Ints, _ => Source(), gathers: true);
        var e = Assert.Throws<DuckException>(() => _session.Execute("CREATE TABLE t AS FROM s"));
        Assert.Same(boom, e.InnerException);
        Assert.Empty(_session.Rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 't'"));
    }

    [Fact]
    public void Source_BatchOfAnotherShape_IsAnErrorThatNamesTheColumn()
    {
        var other = new Schema([new Field("i", StringType.Default)]);
        _session.RegisterSource("s", Ints, () => [new RecordBatchBuilder(other).Build()]);
        var e = Assert.Throws<DuckException>(() => _session.Rows("FROM s"));
        Assert.Equal("Source 's' failed: Column 'i' of a batch is string, the schema of the source says int64.", e.Message);
    }

    [Fact]
    public void Source_InvalidUtf8_IsAnErrorThatNamesColumnAndValue()
    {
        var schema = new Schema([new Field("t", StringType.Default)]);
        IEnumerable<RecordBatch> Source()
        {
            var builder = new StringArray.Builder();
            builder.Append("fine"u8);
            builder.Append([0xC3, 0x28]);
            yield return new RecordBatch(schema, [builder.Build()], 2);
        }
        _session.RegisterSource("s", schema, Source);
        var e = Assert.Throws<DuckException>(() => _session.Rows("FROM s"));
        Assert.Equal("Source 's' failed: Column 't': Value 1 is not valid UTF-8.", e.Message);
    }

    [Fact]
    public void Source_Asynchronous_IsRead()
    {
        async IAsyncEnumerable<RecordBatch> Source([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
        {
            for (var i = 0; i < 5; i++)
            {
                await Task.Yield();
                ct.ThrowIfCancellationRequested();
                yield return Batch(i * 1000, 1000);
            }
        }
        _session.RegisterSource("s", Ints, ct => Source(ct));
        Assert.Equal(12_497_500, _session.Scalar<long>("SELECT sum(i) FROM s"));
    }

    [Fact]
    public void Source_OfAnotherSession_IsNotSeenAndNamesMayRepeat()
    {
        using var other = _database.Connect();
        _session.RegisterSource("s", Ints, () => [Batch(1, 1)]);
        other.RegisterSource("S", Ints, () => [Batch(2, 1)]);
        Assert.Equal((1L, 2L), (_session.Scalar<long>("FROM s"), other.Scalar<long>("FROM s")));
        _session.RegisterSource("s", Ints, () => [Batch(3, 1)]);
        Assert.Equal((3L, 2L), (_session.Scalar<long>("FROM s"), other.Scalar<long>("FROM s")));
        other.UnregisterSource("s");
        Assert.Equal(DuckErrorKind.Catalog, Assert.Throws<DuckException>(() => other.Rows("FROM s")).Kind);
        Assert.Equal(3, _session.Scalar<long>("FROM s()"));
    }

    [Fact]
    public void Progress_WhileASourceIsRead_CountsUp()
    {
        _session.TrackProgress();
        _session.Execute("CREATE TABLE t AS SELECT i FROM range(3000000) r(i)");
        var seen = new List<double>();
        _session.RegisterScalar<long, long>("look", (input, output) =>
        {
            lock (seen) seen.Add(_session.Progress);
            input.CopyTo(output);
        });
        _session.Execute("CREATE TABLE u AS SELECT look(i) AS i FROM t");
        Assert.All(seen, p => Assert.InRange(p, -1, 100));
        Assert.Contains(seen, p => p is > 0 and < 100);
    }

    [Fact]
    public void Stream_ThirtyMillionRowsInAndOut_KeepsMemoryFlat()
    {
        static IEnumerable<RecordBatch> Source()
        {
            // One array, sliced again and again: the source costs next to nothing.
            using var whole = Batch(0, 65536);
            for (var i = 0; i < 30_000_000 / 65536 + 1; i++) yield return whole.Slice(0, whole.Length);
        }
        _session.RegisterSource("s", Ints, Source);
        using var reader = _session.Query("SELECT i, i + 1 AS j FROM s");
        long rows = 0, early = 0, late = 0;
        while (reader.Next() is { } batch)
        {
            using (batch) rows += batch.Length;
            if (rows % (1 << 20) != 0) continue;
            var now = Environment.WorkingSet;
            if (rows < 8_000_000) early = Math.Max(early, now);
            else late = Math.Max(late, now);
        }
        Assert.InRange(rows, 30_000_000, 30_100_000);
        Assert.InRange((late - early) >> 20, long.MinValue, 64);
    }

    private static RecordBatch Batch(long from, int count)
    {
        var builder = new Int64Array.Builder();
        for (var i = 0; i < count; i++) builder.Append(from + i);
        return new RecordBatch(Ints, [builder.Build()], count);
    }
}
