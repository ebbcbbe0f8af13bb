using FlowForge.Conformance.Tests.Support;
using FlowForge.Temporal.DevServer.Persistence;
using Microsoft.Data.Sqlite;

namespace FlowForge.Conformance.Tests.Wire;

/// <summary>The database file across versions, and what may not be opened.</summary>
public sealed class StorageTests
{
    [Fact]
    public async Task Open_FileOfANewerServer_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("t.db");
        await (await DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = file }, TestContext.Current.CancellationToken)).DisposeAsync();
        using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            command.ExecuteNonQuery();
        }
        var error = await Assert.ThrowsAsync<DatabaseException>(() => DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = file }));
        Assert.Equal($"The database {file} has schema version 99; this server knows {Migrations.Current}. Start the newer server, or name another file.", error.Message);
    }

    [Fact]
    public async Task Open_FileThatIsNoDatabase_SaysSo()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("t.db");
        await File.WriteAllTextAsync(file, string.Join('\n', Enumerable.Repeat("this is no database", 200)), TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<DatabaseException>(() => DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = file }));
        Assert.Equal($"Cannot open the database {file}: SQLite Error 26: 'file is not a database'.", error.Message);
    }

    [Fact]
    public async Task Open_FileThatAnotherServerHolds_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("t.db");
        await using var first = await DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = file }, TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<DatabaseException>(() => DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = file }));
        Assert.Equal($"Another server holds the database {file}. Stop it first, or name another file.", error.Message);
    }
}
