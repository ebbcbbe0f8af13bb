using System.Globalization;
using Microsoft.Data.Sqlite;

namespace FlowForge.Catalog.Tests;

public sealed class KillTests
{
    [Fact]
    public async Task Catalog_WriterKilledAtRandom_KeepsAllThatWasAcknowledged()
    {
        using var catalog = new TemporaryCatalog();
        catalog.Database.Dispose();
        var random = new Random(7);
        var acknowledged = new Dictionary<int, long>();
        for (var round = 0; round < 6; round++)
        {
            using var writer = KilledWriter.Start(catalog.Path);
            try
            {
                for (var wanted = random.Next(1, 25); wanted > 0; wanted--)
                {
                    var line = await writer.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
                    Assert.NotNull(line);
                    var parts = line.Split(' ');
                    acknowledged.Add(int.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
                }
                // Somewhere inside the writes of the next run.
                Thread.SpinWait(random.Next(2_000_000));
            }
            finally
            {
                writer.Kill();
                await writer.WaitForExitAsync(TestContext.Current.CancellationToken);
            }
            // Lines that were already on their way when the writer died are acknowledged as well.
            while (await writer.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } late && late.Split(' ') is [var i, var pin])
            {
                acknowledged.Add(int.Parse(i, CultureInfo.InvariantCulture), long.Parse(pin, CultureInfo.InvariantCulture));
            }
            Check(catalog, acknowledged);
        }
        Assert.Equal(acknowledged.Count, acknowledged.Values.Distinct().Count()); // no pin is given twice, whoever died with it
    }

    private static void Check(TemporaryCatalog catalog, Dictionary<int, long> acknowledged)
    {
        using var connection = new SqliteConnection($"Data Source={catalog.Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        Assert.Equal("ok", command.ExecuteScalar());

        using var database = CatalogDatabase.Open(catalog.Path);
        foreach (var i in acknowledged.Keys)
        {
            Assert.Equal(RunState.Succeeded, database.Runs.Get(KilledWriter.RunId(i))!.State);
            Assert.Equal(KilledWriter.JobsPerRun, database.Runs.Jobs(KilledWriter.RunId(i)).Count);
            Assert.Single(database.Logs.Read(KilledWriter.RunId(i)));
        }
        // A run that was cut off has all of its jobs or none, and does not hold the table once it is closed.
        foreach (var open in database.Runs.Open())
        {
            Assert.Contains(database.Runs.Jobs(open.RunId).Count, new[] { 0, KilledWriter.JobsPerRun });
            database.Runs.SetState(open.RunId, RunState.Failed, null, TemporaryCatalog.Noon);
        }
        Assert.Null(database.Claims.Holder("bronze.t"));
    }
}
