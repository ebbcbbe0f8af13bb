using System.Globalization;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Benchmarks;

/// <summary>The most memory that this process holds while changes of one transaction are read and merged: it must not grow with them. The peer is the limit.</summary>
internal sealed class ChangesMemoryBenchmark : IBenchmark
{
    private const double LimitMiB = 1024;
    private const string Columns = "count(*) || '|' || sum(id) || '|' || sum(n) || '|' || sum(price) || '|' || count(DISTINCT customer)";

    public string Name => "cdc-memory";
    public string About => "peak resident memory while the changes of one transaction, to a table of a million rows, go into the published table (.NET and DuckDB); peer: 1 GiB";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var rows = isShort ? 20_000L : long.TryParse(Environment.GetEnvironmentVariable("FLOWFORGE_ROWS"), out var wanted) ? wanted : 1_000_000L;
        using var server = new PostgresServer();
        if (!OperatingSystem.IsLinux() || !server.IsInstalled)
        {
            Console.WriteLine("  Linux and an installed PostgreSQL are needed");
            yield break;
        }
        server.Start();
        server.Sql($"""
            CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz, n int, code text, price numeric(18,4), customer text, flag bool) WITH (fillfactor = 45, autovacuum_enabled = false);
            INSERT INTO t SELECT i, now() - i * interval '1 second', (i % 3650)::int, md5(i::text), (i / 7.0)::numeric(18,4), 'customer ' || (i % 5000), i % 3 = 0 FROM generate_series(1::bigint, {rows}) i
            """);
        using var place = new PostgresPlace(server);
        using var lake = place.NewLake();
        var job = place.Changes("t");
        lake.Run("postgres_cdc", "t", job);
        foreach (var times in new[] { 1, 3, 10 })
        {
            server.Sql($"BEGIN; {string.Concat(Enumerable.Repeat("UPDATE t SET n = n + 1, price = price + 0.5, at = now();", times))} COMMIT; VACUUM t");
            if (!PeakMemory.TryReset()) yield break;
            var counts = lake.Run("postgres_cdc", "t", job).Counts;
            if (counts.Read != rows * times || !counts.Balanced) throw new InvalidOperationException($"{counts} of {rows * times} changes");
            yield return new Ratio(string.Create(CultureInfo.InvariantCulture, $"{counts.Read:N0} changes"), PeakMemory.Get(), LimitMiB, "MiB", 1, LessIsBetter: true);
        }
        var (there, here) = (server.Sql($"SELECT {Columns} FROM t"), lake.Ask("t", $"SELECT {Columns} FROM t"));
        if (there != here) throw new InvalidOperationException($"The source has {there}, the table {here}.");
    }
}
