using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Many tables of a source in one job.</summary>
public sealed class ManyTablesTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Patterns_EachTableHasItsOwnRowsVersionAndCursor()
    {
        _bench.Write("tables/orders.csv", "id:long,n:long\n1,5\n2,9\n");
        _bench.Write("tables/dim_Color.csv", "n:long\n3\n");
        _bench.Write("tables/dim_size.csv", "n:long\n7\n8\n");
        _bench.Write("tables/other.csv", "n:long\n1\n");
        const string Yaml = "source_type: test_tables\ntables: [orders, dim_*]\ntable_prefix: crm_\nincremental_mode: incremental\nwatermark_column: n";
        var first = await _bench.RunAsync(Yaml);
        Assert.Equal(new RowCounts(5, 5), first.Counts);
        Assert.Equal(["orders bronze.crm_orders 0 2", "dim_Color bronze.crm_dim_color 0 1", "dim_size bronze.crm_dim_size 0 2"], first.Tables.Select(t => $"{t.Source} {t.Table} {t.Version} {t.Counts.Loaded}"));
        Assert.Equal(["bronze.crm_dim_color", "bronze.crm_dim_size", "bronze.crm_orders"], _bench.Lake.Tables().Select(t => t.ToString()));
        _bench.Write("tables/dim_Color.csv", "n:long\n3\n4\n");
        var request = _bench.Request(Bench.Job(Yaml)) with { TxnVersion = 2 };
        var second = await _bench.RunAsync(Bench.Job(Yaml), request);
        Assert.Equal(["0 nothing new", "1 ", "0 nothing new"], second.Tables.Select(t => $"{t.Version} {t.Note}"));
        Assert.Equal(["3", "4"], _bench.Query("SELECT n FROM {t} ORDER BY n", "crm_dim_color"));
        Assert.Equal("9", _bench.Lake.Table(new TableName(Layer.Bronze, "crm_orders")).Latest()!.State!.Cursor);
    }

    [Fact]
    public async Task OneThatFails_DoesNotStopTheOthers_AndTheNextAttemptDoesOnlyIt()
    {
        _bench.Write("tables/a.csv", "id:long\n1\n");
        _bench.Write("tables/b.csv", "!The disk of the database is full.");
        _bench.Write("tables/c.csv", "id:long\n3\n");
        var job = Bench.Job("source_type: test_tables\ntables: ['*']");
        var request = _bench.Request(job);
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, request));
        Assert.Equal(("FF2003", "1 of 3 tables failed: b: test_tables:b: The disk of the database is full."), (failure.Code, failure.Message));
        Assert.Equal(["a 0 ", "b  FF2003", "c 0 "], failure.Tables.Select(t => $"{t.Source} {t.Version} {t.Error?.Code}"));
        _bench.Write("tables/b.csv", "id:long\n2\n");
        var again = await _bench.RunAsync(job, request with { Attempt = 2 });
        Assert.Equal(new RowCounts(3, 3), again.Counts);
        Assert.Equal(["0", "0", "0"], again.Tables.Select(t => $"{t.Version}"));
    }

    [Fact]
    public async Task Checks_OfEachTable_AreKeptWithTheirRows()
    {
        _bench.Write("tables/a.csv", "id:long\n1\n");
        _bench.Write("tables/b.csv", "id:long\n2\n\n");
        var job = Bench.Job("source_type: test_tables\ntables: ['*']\nchecks: [ { not_null: id, on_fail: warn } ]");
        var request = _bench.Request(job);
        await _bench.RunAsync(job, request);
        Assert.Equal(["bronze.a True 0", "bronze.b False 1"], _bench.Catalog.Checks.OfRun(request.RunId).Select(c => $"{c.Table} {c.Passed} {c.FailingRows}"));
        Assert.Equal(("[]", """[{"id":null}]"""), (_bench.Catalog.Checks.Samples(request.RunId, "ingest.things", "not_null(id)", "bronze.a") ?? "[]", _bench.Catalog.Checks.Samples(request.RunId, "ingest.things", "not_null(id)", "bronze.b")));
        // A later attempt's results take the place of its own table's only.
        await _bench.RunAsync(job, request with { Attempt = 2 });
        Assert.Equal(2, _bench.Catalog.Checks.OfRun(request.RunId).Count);
    }

    [Fact]
    public async Task TwoTablesOfOneName_AreRefusedBeforeReading()
    {
        _bench.Write("tables/a.x.csv", "id:long\n1\n");
        _bench.Write("tables/b.x.csv", "id:long\n1\n");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync("source_type: test_tables\ntables: ['x*']"));
        Assert.Equal(("FF2095", "a.x and b.x would both become bronze.x. Nothing was read."), (failure.Code, failure.Message));
        Assert.Equal(["bronze.a_x", "bronze.b_x"], (await _bench.RunAsync("source_type: test_tables\ntables: ['*.x']")).Tables.Select(t => t.Table));
    }

    [Fact]
    public async Task Merge_WithoutKeys_SaysWhichTableHasNone()
    {
        _bench.Write("tables/a.csv", "id:long\n1\n");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync("source_type: test_tables\ntables: [a]\nwrite_mode: merge"));
        Assert.Equal(("FF2123", "1 of 1 tables failed: a: The table a has no key at the source, and write_mode merge needs one."), (failure.Code, failure.Message));
    }
}
