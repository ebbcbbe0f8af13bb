using System.Diagnostics;
using System.Globalization;
using FlowForge.Duck;
using FlowForge.Lake;

namespace FlowForge.Benchmarks;

/// <summary>Commits to a table with a long log, against the limit of 50 ms; and a merge of 1 % against DuckDB's own rewrite of the touched files.</summary>
internal sealed class LakeBenchmark : IBenchmark
{
    public string Name => "lake";
    public string About => "commit to a table of 10,000 versions (peer: the limit of 50 ms); merge of 1 % (peer: DuckDB rewriting the touched files)";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var folder = Directory.CreateTempSubdirectory("ff-bench-lake-").FullName;
        try
        {
            using var database = DuckDatabase.Open();
            using var session = database.Connect();
            foreach (var ratio in Commits(folder, session, 10_000)) yield return ratio;
            yield return Merge(folder, session, isShort ? 5_000_000 : int.Parse(Environment.GetEnvironmentVariable("FLOWFORGE_ROWS") ?? "50000000", CultureInfo.InvariantCulture));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<Ratio> Commits(string folder, DuckSession session, int versions)
    {
        var name = TableName.Parse("bronze.long_log");
        Commit(new LakeStore(folder).Table(name), session, 0);
        Commit(new LakeStore(folder).Table(name), session, 1);
        var log = Path.Combine(folder, "bronze", "long_log", "_delta_log");
        var entry = File.ReadAllText(Path.Combine(log, $"{1:D20}.json"));
        // Entries like the real ones; their files are not looked at by a commit.
        for (var version = 2; version < versions - 1; version++) File.WriteAllText(Path.Combine(log, $"{version:D20}.json"), entry.Replace("\"path\":\"part-", $"\"path\":\"v{version}-", StringComparison.Ordinal));

        var table = new LakeStore(folder).Table(name);
        var clock = Stopwatch.StartNew();
        _ = table.Latest();
        var replay = clock.Elapsed.TotalMilliseconds;
        for (var i = 0; i < 12; i++) Commit(table, session, versions + i);
        table.Checkpointing.Wait();
        clock.Restart();
        _ = new LakeStore(folder).Table(name).Latest();
        var cold = clock.Elapsed.TotalMilliseconds;
        var times = Enumerable.Range(0, 30).Select(i => Commit(table, session, versions + 100 + i)).Order().ToList();
        table.Checkpointing.Wait();
        yield return new Ratio($"commit to {versions} versions, median", times[15], 50, "ms", 1, LessIsBetter: true);
        yield return new Ratio($"commit to {versions} versions, slowest of 30", times[^1], 50, "ms");
        yield return new Ratio("open at a checkpoint; peer: replay all entries", cold, replay, "ms", 1, LessIsBetter: true);
    }

    private static double Commit(LakeTable table, DuckSession session, int value)
    {
        using var transaction = table.Begin();
        transaction.Write(session, $"SELECT {value} AS a, 'text {value}' AS b");
        var clock = Stopwatch.StartNew();
        transaction.Commit(new CommitOptions { Transaction = ("bench/" + value, value) });
        return clock.Elapsed.TotalMilliseconds;
    }

    // Several merges, each of another 1 % and each beside the peer's rewrite of the files that it touched; the best of both count.
    private static Ratio Merge(string folder, DuckSession session, int rows)
    {
        const int rounds = 4;
        var table = new LakeStore(folder).Table(TableName.Parse("bronze.merged"));
        using (var transaction = table.Begin())
        {
            transaction.Write(session, $"SELECT i AS id, i % 1000 AS g, 'value of row ' || i AS v, i * 0.5 AS d FROM range({rows}) t(i)", new WriteOptions { TargetFileBytes = 16 << 20 });
            transaction.Commit(new CommitOptions());
        }
        var (ours, peer, touchedFiles, allFiles) = (0.0, 0.0, 0, 0);
        for (var round = 0; round < rounds; round++)
        {
            var first = rows / 2 + (rows / 100 * round);
            var source = $"SELECT i AS id, i % 1000 AS g, 'changed' AS v, i * 0.5 AS d FROM range({first}, {first + (rows / 100)}) t(i)";
            var before = table.Latest()!;
            var seconds = Stopclock.Seconds(() =>
            {
                using var transaction = table.Begin();
                transaction.Merge(session, source, new MergeOptions { Keys = ["id"] });
                transaction.Commit(new CommitOptions { Operation = "MERGE" });
            });
            var kept = table.Latest()!.Files.Select(f => f.Path).ToHashSet();
            var touched = before.Files.Where(f => !kept.Contains(f.Path)).ToList();
            var touchedRows = touched.Sum(f => f.Rows ?? 0);
            var scan = before.ScanSql(touched);
            var peerSeconds = Stopclock.Seconds(() => session.Execute(
                $"COPY (SELECT t.id, t.g, coalesce(s.v, t.v) AS v, t.d FROM {scan} t LEFT JOIN ({source}) s USING (id)) TO {SqlText.Literal(Path.Combine(folder, $"peer{round}.parquet"))} (FORMAT parquet, COMPRESSION zstd)"));
            (ours, peer) = (Math.Max(ours, touchedRows / seconds / 1e6), Math.Max(peer, touchedRows / peerSeconds / 1e6));
            (touchedFiles, allFiles) = (touched.Count, before.Files.Count);
        }
        return new Ratio($"merge 1 % into {rows} rows ({touchedFiles} of {allFiles} files)", ours, peer, "Mrows/s", 0.8);
    }
}
