using FlowForge.Columnar;
using FlowForge.Duck;

namespace FlowForge.Benchmarks;

/// <summary>Managed batches into DuckDB and on to Parquet, against COPY of a DuckDB table with the same rows.</summary>
internal sealed class InBenchmark : IBenchmark
{
    public string Name => "in";
    public string About => "COPY of a managed source to Parquet (snappy); peer: COPY of the same rows from a DuckDB table";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var rows = isShort ? 200_000L : 5_000_000L;
        var folder = Directory.CreateTempSubdirectory("ff-bench-in-");
        try
        {
            foreach (var ordered in new[] { true, false })
            {
                using var database = DuckDatabase.Open(new DuckOptions { PreserveInsertionOrder = ordered });
                using var session = database.Connect();
                session.Execute($"CREATE TABLE t AS SELECT i, i * 0.5 AS d, 'name ' || i % 1000 AS s, CASE WHEN i % 10 = 0 THEN NULL ELSE i END AS n, (i / 100)::DECIMAL(18,2) AS m, i % 3 = 0 AS b, TIMESTAMP '2020-01-01' + INTERVAL (i) SECOND AS t, 'a longer text of row ' || i AS l FROM range({rows}) r(i)");
                var batches = Load(session, "SELECT * FROM t LIMIT 1000000");
                session.RegisterSource("managed", batches[0].Schema, () => Repeat(batches, rows));
                var text = Path.Combine(folder.FullName, "out.parquet");
                foreach (var (what, columns, target) in new (string, string, double?)[] { ("two numbers", "i, d", 0.8), ("eight mixed columns", "*", 0.8) })
                {
                    var (ours, peer) = Stopclock.Best(rows, isShort ? 1 : 4,
                        () => session.Execute($"COPY (SELECT {columns} FROM managed) TO {SqlText.Literal(text)} (FORMAT parquet)"),
                        () => session.Execute($"COPY (SELECT {columns} FROM t) TO {SqlText.Literal(text)} (FORMAT parquet)"));
                    // Kept in order, a managed source runs on one thread (see decision 0005): shown, not judged.
                    yield return new Ratio($"{what}, {(ordered ? "ordered" : "any order")}", ours, peer, "M rows/s", ordered ? null : target);
                    if (!ordered) continue;
                    // As every write to a table of the lake: files of a size, for which DuckDB keeps no order whatever the database is set to.
                    var files = Path.Combine(folder.FullName, "files");
                    (ours, peer) = Stopclock.Best(rows, isShort ? 1 : 4, () => Files($"SELECT {columns} FROM managed"), () => Files($"SELECT {columns} FROM t"));
                    yield return new Ratio($"{what}, as the lake writes", ours, peer, "M rows/s");

                    void Files(string select)
                    {
                        if (Directory.Exists(files)) Directory.Delete(files, true);
                        session.Execute($"COPY ({select}) TO {SqlText.Literal(files)} (FORMAT parquet, FILE_SIZE_BYTES 536870912)");
                    }
                }
                var (scan, table) = Stopclock.Best(rows, isShort ? 1 : 4,
                    () => session.Execute("SELECT sum(i), sum(d), max(length(s)), max(t) FROM managed"), () => session.Execute("SELECT sum(i), sum(d), max(length(s)), max(t) FROM t"));
                yield return new Ratio($"aggregate, {(ordered ? "ordered" : "any order")}", scan, table, "M rows/s");
                foreach (var batch in batches) batch.Dispose();
            }
        }
        finally
        {
            folder.Delete(true);
        }
    }

    private static List<RecordBatch> Load(DuckSession session, string sql)
    {
        using var reader = session.Query(sql);
        return reader.ToList();
    }

    /// <summary>The batches again and again as slices: DuckDB disposes what it is given.</summary>
    private static IEnumerable<RecordBatch> Repeat(List<RecordBatch> batches, long rows)
    {
        while (rows > 0)
        {
            foreach (var batch in batches)
            {
                var take = (int)Math.Min(rows, batch.Length);
                if (take == 0) yield break;
                yield return batch.Slice(0, take);
                rows -= take;
            }
        }
    }
}
