using FlowForge.Api.Mapping;
using FlowForge.Api.Tables;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;

namespace FlowForge.Api.Tests.Tables;

/// <summary>Lists of tables stay quick because a version is read once: counted, not timed.</summary>
public sealed class TableShelfTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("flowforge-shelf-").FullName;

    [Fact]
    public void Pages_AskedAgain_ReadOnlyWhatIsNew()
    {
        using var catalog = CatalogDatabase.Open(Path.Combine(folder, "catalog.db"));
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        var lake = new LakeStore(Path.Combine(folder, "lake"));
        for (var i = 0; i < 7; i++) Commit(lake, session, $"{(i < 5 ? "bronze" : "gold")}.t{i}", 10);
        var shelf = new TableShelf(new KnownTables(lake), catalog, TimeProvider.System);

        var first = shelf.Pages(null, null, 1, 3);
        Assert.Equal(["Bronze 5 50: t0 t1 t2", "Silver 0 0: ", "Gold 2 20: t5 t6"], first.Select(l => $"{l.Layer} {l.Tables.Total} {l.Rows}: {string.Join(' ', l.Tables.Items.Select(t => t.Name))}"));
        Assert.Equal(7, shelf.VersionsRead);
        Assert.Equal(["t3", "t4"], Assert.Single(shelf.Pages(Contracts.TableLayer.Bronze, null, 2, 3)).Tables.Items.Select(t => t.Name));
        Assert.Equal(7, shelf.VersionsRead);

        Commit(lake, session, "bronze.t1", 5);
        Assert.Equal(55, shelf.Pages(null, null, 1, 3)[0].Rows);
        Assert.Equal(8, shelf.VersionsRead);
        Directory.Delete(Path.Combine(folder, "lake", "gold", "t5"), recursive: true);
        Assert.Equal(["t6"], shelf.Find(Contracts.TableLayer.Gold, null).Select(t => t.Name));
        Assert.Equal(8, shelf.VersionsRead);
    }

    [Fact]
    public async Task Pages_WhereALookIsARequest_LooksAtWhatIsShownAndAtTheOthersLater()
    {
        using var catalog = CatalogDatabase.Open(Path.Combine(folder, "catalog.db"));
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        var (lake, elsewhere, clock) = (new LakeStore(Path.Combine(folder, "lake")), new LakeStore(Path.Combine(folder, "lake")), new HandClock());
        for (var i = 0; i < 5; i++) Commit(elsewhere, session, $"bronze.t{i}", 10);
        var shelf = new TableShelf(new KnownTables(lake), catalog, clock, looksAreCheap: false);
        Assert.Equal(50, Bronze().Rows);

        // What this process commits counts at once; of somebody else's the shown tables are right, the sum follows.
        Commit(lake, session, "bronze.t4", 1);
        Assert.Equal(51, Bronze().Rows);
        Commit(elsewhere, session, "bronze.t0", 5);
        Commit(elsewhere, session, "bronze.t3", 5);
        Assert.Equal(["t0 15", "t1 10"], Bronze().Tables.Items.Select(t => $"{t.Name} {t.Rows}"));
        Assert.Equal(56, Bronze().Rows);
        clock.Now += 31 * TimeSpan.TicksPerSecond;
        for (var i = 0; i < 600 && Bronze().Rows != 61; i++) await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Equal(61, Bronze().Rows);

        Contracts.LayerPage Bronze() => Assert.Single(shelf.Pages(Contracts.TableLayer.Bronze, null, 1, 2));
    }

    private sealed class HandClock : TimeProvider
    {
        public long Now { get; set; } = TimeSpan.TicksPerDay;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now;
    }

    private static void Commit(LakeStore lake, DuckSession session, string table, int rows)
    {
        using var transaction = lake.Table(TableName.Parse(table)).Begin();
        transaction.Write(session, $"SELECT i AS id FROM range({rows}) t(i)");
        transaction.Commit(new CommitOptions());
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
