using FlowForge.Pipelines;
using static FlowForge.Catalog.Tests.TemporaryCatalog;

namespace FlowForge.Catalog.Tests;

public sealed class TableStoreTests
{
    private static readonly FileSeen Seen = new("bronze.f", "a.csv", 10, null, Noon, "aa", 7, "r1", Noon);

    [Fact]
    public void Files_Find_NeedsPathSizeAndTime()
    {
        using var catalog = new TemporaryCatalog();
        var files = catalog.Database.Files;
        files.Record([Seen, Seen with { Path = "b.csv", ETag = "e", Modified = null, Sha256 = null }]);
        Assert.Equal(Seen, files.Find("bronze.f", "a.csv", 10, null, Noon));
        Assert.Null(files.Find("bronze.f", "a.csv", 11, null, Noon));
        Assert.Null(files.Find("bronze.f", "a.csv", 10, null, Noon.AddSeconds(1)));
        Assert.Null(files.Find("bronze.g", "a.csv", 10, null, Noon));
        Assert.Equal("e", files.Find("bronze.f", "b.csv", 10, "e", null)!.ETag);
    }

    [Fact]
    public void Files_OverwrittenAndCopied_AreAllListed()
    {
        using var catalog = new TemporaryCatalog();
        var files = catalog.Database.Files;
        files.Record([Seen]);
        files.Record([Seen with { Rows = 999 }]); // known: stays
        files.Record([Seen with { Size = 12, Sha256 = "bb", SeenAt = Noon.AddHours(1) }]);
        files.Record([Seen with { Path = "copy.csv", DuplicateOf = "a.csv", SeenAt = Noon.AddHours(2) }]);
        Assert.Equal(["copy.csv", "a.csv", "a.csv"], files.List("bronze.f").Items.Select(f => f.Path));
        Assert.Equal(Seen, files.FindHash("bronze.f", "aa"));
        Assert.Null(files.FindHash("bronze.f", "cc"));
        files.Rebuild("bronze.f", [Seen with { Path = "only.csv" }]);
        Assert.Equal(["only.csv"], files.List("bronze.f").Items.Select(f => f.Path));
    }

    [Fact]
    public void Schemas_Record_OnlyChanges()
    {
        using var catalog = new TemporaryCatalog();
        var schemas = catalog.Database.Schemas;
        SchemaHistoryEntry Entry(long version, params SchemaColumn[] columns) => new("bronze.f", version, "r1", Noon, columns);
        Assert.True(schemas.Record(Entry(0, new("a", "INTEGER"), new("c", "VARCHAR"))));
        Assert.False(schemas.Record(Entry(0, new("a", "INTEGER"), new("c", "VARCHAR"))));
        Assert.False(schemas.Record(Entry(1, new("a", "INTEGER"), new("c", "VARCHAR"))));
        Assert.True(schemas.Record(Entry(2, new("a", "BIGINT", false, "A"), new("b", "DATE"))));
        Assert.True(schemas.Record(Entry(3, new("b", "DATE"), new("a", "BIGINT", false, "A"))));
        Assert.Equal(
            ["columns in another order", "added b (DATE); removed c; a: INTEGER → BIGINT; a: must not be empty now; a: comes from 'A'", null],
            schemas.List("bronze.f").Select(s => s.Change));
        Assert.Equal(new SchemaColumn("a", "BIGINT", false, "A"), schemas.List("bronze.f")[1].Columns[0]);
    }

    [Fact]
    public void Checks_SecondAttempt_ReplacesTheFirst()
    {
        using var catalog = new TemporaryCatalog();
        var checks = catalog.Database.Checks;
        checks.Record("r1", "silver.a", "silver.a", [new("not_null(x)", CheckAction.Fail, false, 3, "3 rows"), new("unique(x)", CheckAction.Warn, true, 0)], Noon);
        checks.Record("r1", "silver.a", "silver.a", [new("not_null(x)", CheckAction.Fail, true, 0)], Noon.AddSeconds(1));
        checks.Record("r2", "silver.a", "silver.a", [new("not_null(x)", CheckAction.Quarantine, false, 1, "1 row")], Noon.AddSeconds(2));
        Assert.Equal([new CheckResult("r1", "silver.a", "silver.a", "not_null(x)", CheckAction.Fail, true, 0, null, Noon.AddSeconds(1))], checks.OfRun("r1"));
        Assert.Equal(["r2", "r1"], checks.OfTable("silver.a").Select(c => c.RunId));
        Assert.Empty(checks.OfRun("r1", "silver.b"));
    }

    [Fact]
    public void Rejects_Record_ReplacesOfTheRun()
    {
        using var catalog = new TemporaryCatalog();
        var rejects = catalog.Database.Rejects;
        rejects.Record("bronze.f", "r1", new Dictionary<string, long> { ["cast"] = 5, ["null"] = 9 });
        rejects.Record("bronze.f", "r1", new Dictionary<string, long> { ["cast"] = 2, ["null"] = 3 });
        rejects.Record("bronze.f", "r2", new Dictionary<string, long> { ["cast"] = 4 });
        Assert.Equal([new("bronze.f", "r1", "null", 3), new("bronze.f", "r1", "cast", 2)], rejects.OfRun("r1"));
        Assert.Equal([("cast", 6), ("null", 3)], rejects.OfTable("bronze.f").Select(r => (r.Reason, (int)r.Count)));
    }

    [Fact]
    public void Lineage_Record_ReplacesInputs()
    {
        using var catalog = new TemporaryCatalog();
        var lineage = catalog.Database.Lineage;
        lineage.Record("gold.g", "p", "gold.g", ["silver.a", "silver.b", "silver.a"]);
        lineage.Record("gold.g", "p", "gold.g", ["silver.b"]);
        lineage.Record("gold.h", "p", "gold.h", ["silver.b"]);
        Assert.Equal(["silver.b"], lineage.Inputs("gold.g").Select(e => e.Input));
        Assert.Equal(["gold.g", "gold.h"], lineage.Outputs("silver.b").Select(e => e.Table));
        Assert.Equal(2, lineage.All().Count);
    }

    [Fact]
    public void Profiles_Get_NewestOrAsked()
    {
        using var catalog = new TemporaryCatalog();
        var profiles = catalog.Database.Profiles;
        Assert.Null(profiles.Get("gold.g"));
        profiles.Record(new TableProfile("gold.g", 1, Noon, "{}"));
        profiles.Record(new TableProfile("gold.g", 3, Noon, "{\"a\":1}"));
        profiles.Record(new TableProfile("gold.g", 3, Noon, "{\"a\":2}"));
        Assert.Equal("{\"a\":2}", profiles.Get("gold.g")!.Json);
        Assert.Equal("{}", profiles.Get("gold.g", 1)!.Json);
        Assert.Null(profiles.Get("gold.g", 2));
    }

    [Fact]
    public void Watermarks_Record_Replaces()
    {
        using var catalog = new TemporaryCatalog();
        var mark = new Watermark("bronze.o", "p", "ingest.o", "updated_at", "2024-01-01", "r1", Noon);
        catalog.Database.Watermarks.Record(mark);
        catalog.Database.Watermarks.Record(mark with { Value = null, RunId = "r2" });
        Assert.Equal([mark with { Value = null, RunId = "r2" }], catalog.Database.Watermarks.OfTable("bronze.o"));
    }

    [Fact]
    public void Settings_SetNull_TakesAway()
    {
        using var catalog = new TemporaryCatalog();
        catalog.Database.Settings.Set("a", "1");
        catalog.Database.Settings.Set("a", "2");
        Assert.Equal(("a", "2"), catalog.Database.Settings.All().Select(s => (s.Key, s.Value)).Single());
        catalog.Database.Settings.Set("a", null);
        Assert.Null(catalog.Database.Settings.Get("a"));
    }
}
