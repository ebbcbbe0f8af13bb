using FlowForge.Pipelines;
using Microsoft.Data.Sqlite;

namespace FlowForge.Catalog.Tests;

public sealed class CatalogDatabaseTests
{
    [Fact]
    public void Open_NewFile_MakesFolderAndTables()
    {
        using var catalog = new TemporaryCatalog();
        Assert.True(File.Exists(catalog.Path));
        Assert.Empty(catalog.Database.Runs.List(new RunFilter()).Items);
    }

    [Fact]
    public void Open_Twice_KeepsWhatWasWritten()
    {
        using var catalog = new TemporaryCatalog();
        catalog.Database.Settings.Set("theme", "dark");
        catalog.Reopen();
        Assert.Equal("dark", catalog.Database.Settings.Get("theme"));
    }

    [Fact]
    public void SqliteVersion_OnThisSystem_IsNewEnoughForStrictTables() => Assert.True(Version.Parse(CatalogDatabase.SqliteVersion) >= new Version(3, 37));

    [Fact]
    public void Open_NoDatabase_SaysWhatToDo()
    {
        var folder = Directory.CreateTempSubdirectory("ff-catalog-").FullName;
        var path = Path.Combine(folder, "catalog.db");
        File.WriteAllText(path, new string('x', 5000));
        var error = Assert.Throws<CatalogException>(() => CatalogDatabase.Open(path));
        Assert.Equal(
            $"The catalog {path} cannot be opened: SQLite Error 26: 'file is not a database'. Check that the file is a FlowForge catalog and that its folder can be written.",
            error.Message);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Open_NewerCatalog_IsRefused()
    {
        using var catalog = new TemporaryCatalog();
        using (var connection = new SqliteConnection($"Data Source={catalog.Path};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "INSERT INTO catalog_version VALUES (999, 'future', 0)";
            command.ExecuteNonQuery();
        }
        var error = Assert.Throws<CatalogException>(() => CatalogDatabase.Open(catalog.Path));
        Assert.StartsWith($"The catalog {catalog.Path} has version 999, and this FlowForge knows versions up to ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Use_AfterDispose_Throws()
    {
        using var catalog = new TemporaryCatalog();
        catalog.Database.Dispose();
        Assert.Throws<ObjectDisposedException>(() => catalog.Database.Settings.Get("x"));
        Assert.Throws<ObjectDisposedException>(() => catalog.Database.Settings.Set("x", "y"));
        catalog.Database.Dispose();
    }

    [Fact]
    public async Task Stores_ManyThreads_LoseNothing()
    {
        using var catalog = new TemporaryCatalog();
        var db = catalog.Database;
        db.Runs.Create(TemporaryCatalog.Run("r1"));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(t => Task.Run(() =>
        {
            for (var i = 0; i < 50; i++)
            {
                db.Logs.Append("r1", null, JobLogLevel.Info, TemporaryCatalog.Noon, $"{t}/{i}");
                db.Runs.UpsertJob(TemporaryCatalog.Job("r1", $"ingest.t{t}", RunState.Running, i + 1));
                Assert.NotEmpty(db.Logs.Read("r1"));
            }
        })));
        Assert.Equal(400, db.Logs.Read("r1").Select(l => l.Message).Distinct().Count());
        Assert.All(db.Runs.Jobs("r1"), j => Assert.Equal(50, j.Attempt));
        Assert.Equal(8, db.Runs.Jobs("r1").Count);
    }
}

public sealed class PipelineStoreTests
{
    [Fact]
    public void Put_SameText_GivesSameVersion()
    {
        using var catalog = new TemporaryCatalog();
        var store = catalog.Database.Pipelines;
        var first = store.Put("flights", "pipeline: flights # mine", PipelineFormat.Yaml, "/w");
        Assert.Equal((1, "pipeline: flights # mine"), (first.Version, first.Text));
        Assert.Equal(first, store.Put("flights", "pipeline: flights # mine", PipelineFormat.Yaml, "/w"));
        Assert.Equal(first, store.Get("flights"));
        Assert.Equal(2, store.Put("flights", "pipeline: flights", PipelineFormat.Yaml, "/w").Version);
        Assert.Equal(3, store.Put("flights", "pipeline: flights", PipelineFormat.Yaml, "/other").Version);
        Assert.Equal([3, 2, 1], store.Versions("flights").Select(v => v.Version));
        Assert.Equal(first, store.Get("flights", 1));
    }

    [Fact]
    public void Delete_ThenPut_CountsOnAndKeepsOldVersions()
    {
        using var catalog = new TemporaryCatalog();
        var store = catalog.Database.Pipelines;
        store.Put("flights", "a", PipelineFormat.Yaml, "/w");
        Assert.True(store.Delete("flights"));
        Assert.False(store.Delete("flights"));
        Assert.False(store.Delete("unknown"));
        Assert.Null(store.Get("flights"));
        Assert.Empty(store.List().Items);
        Assert.True(store.Get("flights", 1)!.Deleted);
        Assert.Equal(2, store.Put("flights", "b", PipelineFormat.Yaml, "/w").Version);
        store.Delete("flights");
        var back = store.Put("flights", "b", PipelineFormat.Yaml, "/w");
        Assert.Equal((2, false), (back.Version, back.Deleted));
        Assert.Equal("b", store.Get("flights")!.Text);
    }

    [Fact]
    public void List_SearchAndPages_AreExact()
    {
        using var catalog = new TemporaryCatalog();
        var store = catalog.Database.Pipelines;
        foreach (var name in new[] { "b_1", "a_1", "ax1", "c" })
        {
            store.Put(name, "x", PipelineFormat.Yaml, "/w");
        }
        Assert.Equal(["a_1", "ax1", "b_1", "c"], store.List().Items.Select(p => p.Name));
        Assert.Equal(["a_1", "b_1"], store.List(search: "_1").Items.Select(p => p.Name));
        var page = store.List(2, 3);
        Assert.Equal((4, 2, 3), (page.Total, page.Number, page.Size));
        Assert.Equal(["c"], page.Items.Select(p => p.Name));
        Assert.Empty(store.List(3, 3).Items);
    }
}
