using FlowForge.Pipelines;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Benchmarks;

/// <summary>PostgreSQL tables of several shapes into bronze, against psql's binary copy of them to nowhere.</summary>
internal sealed class PostgresBenchmark : IBenchmark
{
    private static readonly (string Table, string What, string Columns)[] Shapes =
    [
        ("mixed", "9 mixed columns", "i AS id, now() - i * interval '1 second' AS at, (i % 3650)::int AS n, md5(i::text) AS code, (i / 7.0)::numeric(18,4) AS price, random() AS ratio, 'customer ' || (i % 5000) AS customer, i % 3 = 0 AS flag, date '2020-01-01' + (i % 1500)::int AS day"),
        ("narrow", "4 integers", "i AS id, (i % 1000)::int AS a, (i * 7919 % 100000)::int AS b, (i % 100)::smallint AS c"),
        ("wide", "6 texts", "i AS id, md5(i::text) || md5((i + 1)::text) AS a, 'customer number ' || (i % 5000) AS b, repeat('a note with some words, ', (i % 6)::int) AS c, md5((i % 1000)::text) AS d, CASE WHEN i % 2 = 0 THEN 'https://example.com/items/' || i END AS e, 'x' || i AS f"),
        ("numbers", "8 numerics, times, half null", "i AS id, (i / 7.0)::numeric(12,2) AS a, (i * 1.37)::numeric(30,8) AS b, CASE WHEN i % 2 = 0 THEN i::numeric(10,0) END AS c, now() - i * interval '1 second' AS d, (now() - i * interval '1 minute')::timestamp AS e, CASE WHEN i % 2 = 0 THEN date '2020-01-01' + (i % 1500)::int END AS f, CASE WHEN i % 3 = 0 THEN random() END AS g"),
    ];

    public string Name => "postgres";
    public string About => "tables read by the postgres connector (rows/s) against psql \\copy (format binary) to /dev/null";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var rows = isShort ? 50_000L : long.TryParse(Environment.GetEnvironmentVariable("FLOWFORGE_ROWS"), out var wanted) ? wanted : 1_500_000L;
        var rounds = isShort ? 1 : 3;
        using var server = new PostgresServer();
        if (!server.IsInstalled)
        {
            Console.WriteLine("  PostgreSQL is not installed (apt-get install postgresql)");
            yield break;
        }
        server.Start();
        var asked = Environment.GetEnvironmentVariable("FLOWFORGE_TABLES")?.Split(',');
        var shapes = Shapes.Where(s => asked is null || asked.Contains(s.Table)).ToList();
        foreach (var (table, _, columns) in shapes) server.Sql($"CREATE TABLE {table} AS SELECT {columns} FROM generate_series(1::bigint, {rows}) i; ANALYZE {table}; CHECKPOINT");
        using var place = new PostgresPlace(server);
        foreach (var (table, what, _) in shapes)
        {
            Console.WriteLine($"  {table}: {what}");
            var actions = new List<(string What, Action Do, double? Target)>
            {
                ("reader alone", () => place.Read(table), null), ("published, landing: reference", () => place.Ingest(table, rows, LandingMode.Reference), 0.70), ("published, landed", () => place.Ingest(table, rows, LandingMode.Copy), 0.70),
            };
            if (Environment.GetEnvironmentVariable("FLOWFORGE_WAYS")?.Split(',') is { } ways) actions.RemoveAll(a => !ways.Any(w => a.What.EndsWith(w, StringComparison.Ordinal)));
            foreach (var (doing, action, _) in actions) yield return new Ratio($"{table}, {doing}: our processor time", Processor(action, place.RemoveLakes) * 1e6 / rows, 0, "µs/row");
            foreach (var (doing, action, target) in actions)
            {
                // The peer leaves nothing behind that would have to be removed.
                var (ours, peer) = Stopclock.Best(rows, rounds, action, () => server.Sql($"\\copy {table} to '/dev/null' (format binary)"), place.RemoveLakes);
                yield return new Ratio($"{table}, {doing}", ours, peer, "M rows/s", target);
            }
        }
    }

    /// <summary>Seconds of processor time of this process: tells more than the clock on a busy machine.</summary>
    private static double Processor(Action action, Action after)
    {
        var best = double.MaxValue;
        for (var i = 0; i < 4; i++)
        {
            var before = Environment.CpuUsage.TotalTime;
            action();
            best = Math.Min(best, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
            after();
        }
        return best;
    }
}
