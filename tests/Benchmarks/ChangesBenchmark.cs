using System.Diagnostics;
using System.Globalization;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Benchmarks;

/// <summary>Changes of a PostgreSQL table from its replication slot into the published table, merged by key, against the goal of 50,000 changes a second.</summary>
internal sealed class ChangesBenchmark : IBenchmark
{
    private const double Goal = 50;
    private const string Columns = "count(*) || '|' || sum(id) || '|' || sum(n) || '|' || sum(price) || '|' || count(DISTINCT customer)";

    public string Name => "cdc";
    public string About => "changes (6 updates, 3 inserts, 1 delete of ten) from the slot to the committed table; the goal of 50,000 changes/s stands in for the peer";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var rows = isShort ? 20_000L : long.TryParse(Environment.GetEnvironmentVariable("FLOWFORGE_ROWS"), out var wanted) ? wanted : 1_000_000L;
        using var server = new PostgresServer();
        if (!server.IsInstalled)
        {
            Console.WriteLine("  PostgreSQL is not installed (apt-get install postgresql)");
            yield break;
        }
        server.Start();
        server.Sql($"""
            CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz, n int, code text, price numeric(18,4), customer text, flag bool);
            INSERT INTO t SELECT i, now() - i * interval '1 second', (i % 3650)::int, md5(i::text), (i / 7.0)::numeric(18,4), 'customer ' || (i % 5000), i % 3 = 0 FROM generate_series(1::bigint, {rows}) i;
            CREATE SEQUENCE new_id START {rows + 1};
            CREATE FUNCTION change(i bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
              IF i % 10 < 6 THEN UPDATE t SET n = n + 1, price = price + 0.5, at = now() WHERE id = (i * 7919) % {rows} + 1;
              ELSIF i % 10 < 9 THEN INSERT INTO t SELECT s, now(), (s % 100)::int, md5(s::text), s / 3.0, 'new customer ' || (s % 700), true FROM nextval('new_id') s;
              ELSE DELETE FROM t WHERE id = (i * 104729) % {rows} + 1; END IF; END $$;
            CREATE PROCEDURE change(first bigint, last bigint, each bigint) LANGUAGE plpgsql AS $$ BEGIN
              FOR i IN first..last LOOP PERFORM change(i); IF i % each = 0 THEN COMMIT; END IF; END LOOP; END $$;
            SET synchronous_commit = off; ANALYZE t; CHECKPOINT
            """);
        using var place = new PostgresPlace(server);
        using var lake = place.NewLake();
        var job = place.Changes("t");
        var clock = Stopwatch.StartNew();
        var first = lake.Run("postgres_cdc", "t", job).Counts.Loaded;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  snapshot of {first:N0} rows in {clock.Elapsed.TotalSeconds:N1} s"));
        var next = 1L;
        var small = rows / 5;
        // The first one warms up.
        foreach (var (what, changes, each, target) in new (string, long, long, double?)[]
        {
            ("", small / 4, 100, null), ("transactions of 100 changes", rows, 100, 1), ("transactions of one change", rows / 2, 1, 1), ("one transaction", rows, long.MaxValue, 1),
        })
        {
            server.Sql($"SET synchronous_commit = off; CALL change({next}, {next + changes - 1}, {each})");
            next += changes;
            var cpu = Environment.CpuUsage.TotalTime;
            FlowForge.Catalog.RowCounts counts = default;
            // With FLOWFORGE_CPU our processor time counts, not the server's beside it.
            var seconds = Stopclock.Seconds(() => counts = lake.Run("postgres_cdc", "t", job).Counts);
            cpu = Environment.CpuUsage.TotalTime - cpu;
            // A delete that finds no row is no change.
            if (counts.Read < changes * 0.9 || !counts.Balanced) throw new InvalidOperationException($"{counts} of {changes} changes");
            if (what.Length == 0) continue;
            yield return new Ratio(what, counts.Read / seconds / 1e3, Goal, "k/s", target);
            yield return new Ratio(what + ": our processor time", cpu.TotalSeconds * 1e6 / counts.Read, 0, "µs/change");
        }
        yield return new Ratio("peak resident memory of the process", Process.GetCurrentProcess().PeakWorkingSet64 / 1048576.0, 1024, "MiB", 1, LessIsBetter: true);
        var (there, here) = (server.Sql($"SELECT {Columns} FROM t"), lake.Ask("t", $"SELECT {Columns} FROM t"));
        if (there != here) throw new InvalidOperationException($"The source has {there}, the table {here}.");
    }
}
