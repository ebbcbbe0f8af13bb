using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Tests;

/// <summary>Drift rules of single columns, and changes that wait for a person: nothing is lost, nothing is read twice.</summary>
public sealed class DriftTests : IDisposable
{
    private Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static string Csv(string more) => $$"""
        source_type: file_local
        format: csv
        {{more}}
        config: { path: "data/*.csv" }
        """;

    private const string Rows = "source_type: test_tables\nincremental_mode: incremental\nwatermark_column: n\ndrift: hold\nconfig: { table_name: t }";
    private string[] Reads => File.ReadAllLines(Path.Combine(_bench.Workspace, "reads.txt"));
    private TableSnapshot Table => _bench.Lake.Table(new TableName(Layer.Bronze, "things")).Latest()!;

    private Task<JobOutcome> LoadAsync(string file, string content, string yaml)
    {
        _bench.Write($"data/{file}.csv", content);
        return _bench.RunAsync(yaml);
    }

    private async Task<SchemaHold> HeldAsync(string yaml)
    {
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(yaml));
        Assert.Equal("FF2053", failure.Code);
        Assert.False(failure.Transient);
        return _bench.Catalog.Holds.OfTable("bronze.things")[0];
    }

    private void Approve(SchemaHold hold, Dictionary<string, string>? renames = null, params string[] discard) =>
        Assert.True(_bench.Catalog.Holds.Decide(hold, true, new HoldDecision("a test", renames ?? [], discard, null), DateTimeOffset.UtcNow));

    [Theory]
    [InlineData("append", "VARCHAR", "DECIMAL(12,2)", "1.5\nabc", "1 row that is there does not fit, such as 'abc'")]
    [InlineData("merge", "VARCHAR", "DECIMAL(12,2)", "1.5\nabc", "1 row that is there does not fit, such as 'abc'")]
    [InlineData("append", "DECIMAL(4,2)", "INTEGER", "10.50\n11.00\n12.25", "2 rows that are there do not fit, such as '10.50'")]
    public async Task DeclaredType_RowsThatAreThereDoNotFit_NothingIsLostOrRounded(string mode, string was, string declared, string values, string said)
    {
        var keys = mode == "merge" ? "write_mode: merge\ndedupe_keys: [id]\n" : "";
        await LoadAsync("a", "id,v\n" + string.Join('\n', values.Split('\n').Select((v, i) => $"{i},{v}")) + "\n", Csv(keys + $"schema_mode: user\nuser_schema: {{ id: BIGINT, v: \"{was}\" }}"));
        _bench.Write("data/b.csv", "id,v\n9,7\n");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(Csv(keys + $"schema_mode: user\nuser_schema: {{ id: BIGINT, v: \"{declared}\" }}")));
        Assert.Equal(("FF2055", false), (failure.Code, failure.Transient));
        Assert.Equal($"v of bronze.things is {was} and would become {declared}, but {said}. Nothing was published.", failure.Message);
        Assert.Equal(values.Split('\n'), _bench.Query("SELECT v FROM {t} ORDER BY id"));
        Assert.Equal(0, Table.Version);
    }

    [Fact]
    public async Task DeclaredType_RowsThatAreThereFit_TheyTakeIt()
    {
        await LoadAsync("a", "id,v\n1,1.50\n2,\n", Csv("schema_mode: user\nuser_schema: { id: BIGINT, v: VARCHAR }"));
        Assert.Equal(new RowCounts(1, 1), (await LoadAsync("b", "id,v\n3,3.75\n", Csv("schema_mode: user\nuser_schema: { id: BIGINT, v: \"DECIMAL(12,2)\" }"))).Counts);
        Assert.Equal(["1|1.50", "2|NULL", "3|3.75"], _bench.Query("SELECT id, v FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Columns_EachWithItsOwnRule()
    {
        await LoadAsync("a", "id,n\n1,5\n", Csv(""));
        var yaml = Csv("drift: evolve\nerror_handling: quarantine\nquarantine_path: quarantine/things\ndrift_columns: { ID: freeze, secret: discard, n: discard }");
        var outcome = await LoadAsync("b", "id,n,secret,extra\n2,6,x,y\n3,six,x,y\n", yaml);
        Assert.Equal(new RowCounts(2, 1, 1), outcome.Counts);
        Assert.Equal("id BIGINT, n BIGINT, extra VARCHAR", _bench.Schema());
        Assert.Equal(["WRONG_TYPE|n"], _bench.Rejects("SELECT reason, column_name FROM {t}"));
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => LoadAsync("c", "id,n,extra\nx,7,z\n", yaml));
        Assert.Equal(("FF2051", "The source has changed against the table: wider types id BIGINT → VARCHAR. Nothing was published."), (failure.Code, failure.Message));
        File.Delete(Path.Combine(_bench.Workspace, "data/c.csv"));
        failure = await Assert.ThrowsAsync<JobFailedException>(() => LoadAsync("d", "n,extra\n7,z\n", yaml));
        Assert.Equal("The source has changed against the table: missing columns id. Nothing was published.", failure.Message);
        Assert.Equal(["1|5|NULL", "2|6|y"], _bench.Query("SELECT * FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task JsonFields_OneLeftOutAndOthersTaken()
    {
        const string Yaml = "source_type: file_local\nformat: json\ndrift_columns: { secret: discard }\nconfig: { path: \"data/*.json\" }";
        _bench.Write("data/a.json", "{\"id\": 1}\n");
        await _bench.RunAsync(Yaml);
        _bench.Write("data/b.json", string.Concat(Enumerable.Range(2, 30_000).Select(i => $"{{\"id\": {i}}}\n")) + "{\"id\": 0, \"secret\": \"x\", \"more\": 2}\n");
        Assert.Equal(new RowCounts(30_001, 30_001), (await _bench.RunAsync(Yaml)).Counts);
        Assert.Equal("id BIGINT, more BIGINT", _bench.Schema());
    }

    [Fact]
    public async Task Replace_FreezeAndDiscard_GuardTheTable()
    {
        await LoadAsync("a", "id,n\n1,5\n", Csv("write_mode: replace"));
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => LoadAsync("a", "id,m\n1,5\n", Csv("write_mode: replace\ndrift: freeze")));
        Assert.Equal("The source has changed against the table: new columns m BIGINT; missing columns n. Nothing was published.", failure.Message);
        Assert.Equal(new RowCounts(1, 1), (await LoadAsync("a", "id,m\n2,5\n", Csv("write_mode: replace\ndrift: discard"))).Counts);
        Assert.Equal("id BIGINT, n BIGINT", _bench.Schema());
        Assert.Equal(["2|NULL"], _bench.Query("FROM {t}"));
        await LoadAsync("a", "id,m\n3,five\n", Csv("write_mode: replace"));
        Assert.Equal("id BIGINT, m VARCHAR", _bench.Schema());
    }

    [Fact]
    public async Task Hold_Files_LandedCopyIsLoadedAfterApproval_ThoughTheSourceIsGone()
    {
        var yaml = Csv("drift: hold");
        await LoadAsync("a", "id,n\n1,5\n", yaml);
        _bench.Write("data/b.csv", "id,n,extra\n2,6.5,x\n3,7,y\n");
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(yaml));
        Assert.Equal("The source of bronze.things has changed, and its job asks a person first: new column extra VARCHAR, n BIGINT → DECIMAL(38,1). What was read (2 records) is kept in the landing layer, and nothing was published.", failure.Message.Replace("DOUBLE", "DECIMAL(38,1)", StringComparison.Ordinal));
        Assert.Equal("Look at the changes of bronze.things and approve or reject them: in the workbench, or by: flowforge drift approve run-2-things. Then retry the run, or start the next one: it loads what was landed.", failure.Suggestion);
        var hold = Assert.Single(_bench.Catalog.Holds.OfTable("bronze.things"));
        Assert.Equal((HoldState.Pending, "run-2", 2L, 0L, "ingest.things"), (hold.State, hold.RunId, hold.RowsRead, hold.RowsRejected, hold.JobId));
        // Other runs read nothing until then.
        _bench.Write("data/c.csv", "id,n,extra\n9,9,\n");
        var waiting = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(yaml));
        Assert.EndsWith(" run-2 has read it, and no run reads more until then.", waiting.Message, StringComparison.Ordinal);
        Assert.Equal(["1|5"], _bench.Query("FROM {t}"));

        File.Delete(Path.Combine(_bench.Workspace, "data/b.csv"));
        _bench = _bench.Reopened();
        Approve(hold);
        Assert.False(_bench.Catalog.Holds.Decide(hold, false, new HoldDecision("another", new Dictionary<string, string>(), [], null), DateTimeOffset.UtcNow));
        var outcome = await _bench.RunAsync(yaml);
        Assert.Equal((new RowCounts(2, 2), "what run-2 had landed; the next run reads the source"), (outcome.Counts, outcome.Note));
        Assert.Equal((HoldState.Loaded, 1L), (_bench.Catalog.Holds.Get(hold.HoldId)!.State, _bench.Catalog.Holds.Get(hold.HoldId)!.DoneVersion!.Value));
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(yaml)).Counts);
        Assert.Equal(["1|NULL", "2|x", "3|y", "9|NULL"], _bench.Query("SELECT id, extra FROM {t} ORDER BY id"));
        Assert.Equal("nothing new", (await _bench.RunAsync(yaml)).Note);
        var entry = Assert.Single(_bench.Catalog.Audit.List("bronze.things"));
        Assert.Equal(("a test", "approve schema change"), (entry.By, entry.Action));
    }

    [Fact]
    public async Task Hold_Rename_KeepsOneColumn_NowAndLater()
    {
        var yaml = Csv("drift: hold\ndedupe_keys: [id]");
        await LoadAsync("a", "id,customer_name,amount\n1,ann,10\n2,bob,20\n3,cy,30\n4,ann,40\n5,bob,50\n", yaml);
        _bench.Write("data/b.csv", "id,cust_name,amount\n6,ann,60\n7,bob,70\n");
        var hold = await HeldAsync(yaml);
        Assert.Equal("new column cust_name VARCHAR, missing column customer_name", string.Join(", ", hold.Changes));
        var rename = Assert.Single(hold.Renames);
        Assert.Equal(("customer_name", "cust_name", "the names are alike (95 %), both are VARCHAR, 100 % of the new column's values are in the old one"), (rename.From, rename.To, rename.Reason));
        Approve(hold, new() { ["cust_name"] = "customer_name" });
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(yaml)).Counts);
        Assert.Equal("id BIGINT, customer_name VARCHAR, amount BIGINT", _bench.Schema());
        await LoadAsync("c", "id,cust_name,amount\n8,cy,80\n", yaml);
        Assert.Equal(["1|ann", "6|ann", "7|bob", "8|cy"], _bench.Query("SELECT id, customer_name FROM {t} WHERE id IN (1, 6, 7, 8) ORDER BY id"));
    }

    [Fact]
    public async Task Hold_RenamedKeyAndComputedColumn_AskBeforeAnythingElseFails()
    {
        var yaml = Csv("drift: hold\ndedupe_keys: [order_id]\ncomputed: { twice: amount * 2 }\nfilter: amount > 0");
        await LoadAsync("a", "order_id,amount\n1,10\n2,20\n", yaml);
        _bench.Write("data/b.csv", "orderid,amt\n3,15\n");
        var hold = await HeldAsync(yaml);
        Assert.Equal("new column orderid BIGINT, new column amt BIGINT, missing column order_id, missing column amount", string.Join(", ", hold.Changes));
        Assert.Equal(["order_id|orderid", "amount|amt"], hold.Renames.OrderByDescending(r => r.From).Select(r => $"{r.From}|{r.To}"));
        Approve(hold, new() { ["orderid"] = "order_id", ["amt"] = "amount" });
        await _bench.RunAsync(yaml);
        Assert.Equal(["1|10|20", "2|20|40", "3|15|30"], _bench.Query("SELECT * FROM {t} ORDER BY order_id"));
    }

    [Fact]
    public async Task Hold_ApprovedWithoutAColumn_LeavesItOutForGood_AndAMissingOneIsRemembered()
    {
        var yaml = Csv("drift: hold");
        await LoadAsync("a", "id,old\n1,x\n", yaml);
        _bench.Write("data/b.csv", "id,new\n2,1\n");
        Approve(await HeldAsync(yaml), null, "new");
        await _bench.RunAsync(yaml);
        Assert.Equal("id BIGINT, old VARCHAR", _bench.Schema());
        await LoadAsync("c", "id,new\n3,1\n", yaml);
        Assert.Equal(["1|x", "2|NULL", "3|NULL"], _bench.Query("FROM {t} ORDER BY id"));
        // What the definition says goes before what was said once.
        await LoadAsync("d", "id,new\n4,1\n", Csv("drift: evolve"));
        Assert.Equal("id BIGINT, old VARCHAR, new BIGINT", _bench.Schema());
    }

    [Fact]
    public async Task Hold_Rejected_ReadsTheSourceAnew()
    {
        var yaml = Csv("drift: hold");
        await LoadAsync("a", "id\n1\n", yaml);
        _bench.Write("data/b.csv", "id,oops\n2,x\n");
        var hold = await HeldAsync(yaml);
        Assert.True(_bench.Catalog.Holds.Decide(hold, false, new HoldDecision("a test", new Dictionary<string, string>(), [], "a mistake of theirs"), DateTimeOffset.UtcNow));
        _bench.Write("data/b.csv", "id\n2\n3\n");
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(yaml)).Counts);
        Assert.Equal("id BIGINT", _bench.Schema());

        // The same run, taken up again, does so too.
        _bench.Write("data/c.csv", "id,oops\n4,x\n");
        var job = Bench.Job(yaml);
        var request = _bench.Request(job);
        await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, request));
        hold = _bench.Catalog.Holds.OfTable("bronze.things")[0];
        Assert.True(_bench.Catalog.Holds.Decide(hold, false, new HoldDecision("a test", new Dictionary<string, string>(), [], null), DateTimeOffset.UtcNow));
        _bench.Write("data/c.csv", "id\n4\n5\n");
        Assert.Equal(new RowCounts(2, 2), (await _bench.RunAsync(job, request with { Attempt = 2 })).Counts);
        Assert.Equal(["1", "2", "3", "4", "5"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Hold_Rows_SourceIsReadOnce_CursorAndSameRunGoOn()
    {
        _bench.Write("tables/t.csv", "n:long,v:string\n1,a\n2,b\n");
        await _bench.RunAsync(Rows);
        _bench.Write("tables/t.csv", "n:long,v:string,w:long\n2,b,0\n3,c,1\n");
        var job = Bench.Job(Rows);
        var request = _bench.Request(job);
        await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, request));
        Assert.Equal(2, Reads.Length);
        Assert.Equal("2", Table.State!.Cursor);
        await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, request with { Attempt = 2 }));
        Approve(_bench.Catalog.Holds.OfTable("bronze.things")[0]);
        var outcome = await _bench.RunAsync(job, request with { Attempt = 3 });
        Assert.Equal(2, Reads.Length);
        Assert.Equal("3", Table.State!.Cursor);
        Assert.Equal(2, outcome.Counts.Read);
        Assert.Equal(["3|1"], _bench.Query("SELECT n, w FROM {t} WHERE w = 1"));
    }

    [Fact]
    public async Task Hold_CatalogForgetsTheCommit_NothingIsLoadedTwice()
    {
        _bench.Write("tables/t.csv", "n:long\n1\n");
        const string Append = "source_type: test_tables\nwrite_mode: append\ndrift: hold\nconfig: { table_name: t }";
        await _bench.RunAsync(Append);
        _bench.Write("tables/t.csv", "n:long,w:long\n2,0\n");
        var hold = await HeldAsync(Append);
        Approve(hold);
        await _bench.RunAsync(Append);
        // As if the process had been killed between the commit and the note of it.
        using (var sqlite = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(_bench.Root, "catalog.db")};Pooling=False"))
        {
            sqlite.Open();
            using var command = sqlite.CreateCommand();
            command.CommandText = "UPDATE schema_holds SET state = 'approved', done_run = NULL, done_version = NULL";
            Assert.Equal(1, command.ExecuteNonQuery());
        }
        _bench.Write("tables/t.csv", "n:long,w:long\n3,0\n");
        await _bench.RunAsync(Append);
        Assert.Equal(["1", "2", "3"], _bench.Query("SELECT n FROM {t} ORDER BY n"));
        Assert.Equal(HoldState.Loaded, _bench.Catalog.Holds.Get(hold.HoldId)!.State);
    }

    [Fact]
    public async Task Hold_DefinitionNoLongerAsks_LandedCopyIsLoadedFirst()
    {
        _bench.Write("tables/t.csv", "n:long\n1\n");
        await _bench.RunAsync(Rows);
        _bench.Write("tables/t.csv", "n:long,w:long\n2,0\n");
        await HeldAsync(Rows);
        var reads = Reads.Length;
        var outcome = await _bench.RunAsync(Rows.Replace("drift: hold", "drift: evolve", StringComparison.Ordinal));
        Assert.Equal((reads, 1L), (Reads.Length, outcome.Counts.Loaded));
        Assert.Equal("n BIGINT, w BIGINT", _bench.Schema());
    }

    [Fact]
    public async Task Hold_LandedCopyIsGone_SourceIsReadAnew()
    {
        var yaml = Csv("drift: hold");
        await LoadAsync("a", "id\n1\n", yaml);
        _bench.Write("data/b.csv", "id,x\n2,x\n");
        Approve(await HeldAsync(yaml));
        foreach (var file in Directory.EnumerateFiles(_bench.Lake.LandingFolder, "*b.csv", SearchOption.AllDirectories).ToList()) File.Delete(file);
        Assert.Equal(new RowCounts(1, 1), (await _bench.RunAsync(yaml)).Counts);
        Assert.Equal(HoldState.Loaded, _bench.Catalog.Holds.OfTable("bronze.things")[0].State);
        Assert.Contains("Warning: The landed copy of run-2 is not whole any more: the source is read anew.", _bench.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hold_ApprovalDoesNotCoverAll_IsAskedAgain_AndKeepsWhatWasSaid()
    {
        var yaml = Csv("drift: hold");
        await LoadAsync("a", "id,name\n1,x\n", yaml);
        _bench.Write("data/b.csv", "id,name2,extra\n2,x,y\n");
        var first = await HeldAsync(yaml);
        Approve(first, new() { ["name2"] = "name" });
        foreach (var file in Directory.EnumerateFiles(_bench.Lake.LandingFolder, "*b.csv", SearchOption.AllDirectories).ToList()) File.Delete(file);
        _bench.Write("data/b.csv", "id,name2,extra,more\n2,x,y,z\n");
        var second = await HeldAsync(yaml);
        Assert.Equal(["name2", "name", "extra", "more"], second.Changes.Select(c => c.Column));
        Assert.Equal("name", second.Decision!.Renames["name2"]);
        Assert.Equal(HoldState.Rejected, _bench.Catalog.Holds.Get(first.HoldId)!.State);
        Approve(second, new() { ["name2"] = "name" });
        await _bench.RunAsync(yaml);
        Assert.Equal("id BIGINT, name VARCHAR, extra VARCHAR, more VARCHAR", _bench.Schema());
        Assert.Equal(["1|x|NULL|NULL", "2|x|y|z"], _bench.Query("FROM {t} ORDER BY id"));
    }

    [Fact]
    public async Task Hold_ManyTables_OthersAreLoaded()
    {
        const string Yaml = "source_type: test_tables\ntables: [a, b]\ndrift: hold";
        _bench.Write("tables/a.csv", "n:long\n1\n");
        _bench.Write("tables/b.csv", "n:long\n1\n");
        await _bench.RunAsync(Yaml);
        _bench.Write("tables/a.csv", "n:long,w:long\n2,2\n");
        _bench.Write("tables/b.csv", "n:long\n2\n");
        var job = Bench.Job(Yaml);
        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _bench.RunAsync(job, _bench.Request(job) with { TxnVersion = 2 }));
        Assert.Equal("FF2053", failure.Code);
        Assert.StartsWith("1 of 2 tables are held: a: ", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["2"], _bench.Query("FROM {t}", "b"));
        Approve(Assert.Single(_bench.Catalog.Holds.OfTable("bronze.a")));
        await _bench.RunAsync(job, _bench.Request(job) with { TxnVersion = 3 });
        Assert.Equal(["2|2"], _bench.Query("FROM {t}", "a"));
    }
}
