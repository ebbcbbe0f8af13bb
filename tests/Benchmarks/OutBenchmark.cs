using System.Runtime.InteropServices;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Duck.Native;

namespace FlowForge.Benchmarks;

/// <summary>Rows out of DuckDB as Arrow batches, against reading the raw vectors of the same stream in place.</summary>
internal sealed unsafe class OutBenchmark : IBenchmark
{
    public string Name => "out";
    public string About => "stream of a query as record batches; peer: the same stream's raw vectors, read in place";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var rows = isShort ? 200_000L : 4_000_000L;
        using var database = DuckDatabase.Open(new DuckOptions { PreserveInsertionOrder = true });
        using var session = database.Connect();
        session.Execute($"CREATE TABLE t AS SELECT i, i * 0.5 AS d, 'name ' || i % 1000 AS s, 'a longer text of row ' || i AS l, CASE WHEN i % 10 = 0 THEN NULL ELSE i END AS n, (i / 100)::DECIMAL(18,2) AS m, i % 3 = 0 AS b, TIMESTAMP '2020-01-01' + INTERVAL (i) SECOND AS t FROM range({rows}) r(i)");
        foreach (var (what, sql, target) in new (string, string, double?)[]
        {
            ("two numbers", "SELECT i, d FROM t", 0.8),
            ("numbers with nulls", "SELECT n, d FROM t", null),
            ("short text", "SELECT s FROM t", null),
            ("long text", "SELECT l FROM t", null),
            ("eight mixed columns", "SELECT * FROM t", 0.8),
            ("eight columns, filtered and computed", "SELECT i + 1, d * 2, s, n, m, b, t, upper(l) FROM t WHERE i % 3 <> 0", 0.8),
        })
        {
            var (ours, peer) = Stopclock.Best(rows, isShort ? 1 : 15, () => Batches(session, sql), () => Raw(session, sql));
            yield return new Ratio(what, ours, peer, "M rows/s", target);
            var (again, exported) = Stopclock.Best(rows, isShort ? 1 : 8, () => Batches(session, sql), () => Exported(session, sql));
            yield return new Ratio("  against duckdb_data_chunk_to_arrow", again, exported, "M rows/s");
        }
    }

    /// <summary>All values read through the arrays.</summary>
    private static void Batches(DuckSession session, string sql)
    {
        using var reader = session.Query(sql);
        long sum = 0;
        while (reader.Next() is { } batch)
        {
            using (batch) sum += Sum(batch);
        }
        GC.KeepAlive(sum);
    }

    private static void Exported(DuckSession session, string sql)
    {
        long sum = 0;
        ArrowExport.Run(session, sql, batch => sum += Sum(batch));
        GC.KeepAlive(sum);
    }

    private static long Sum(RecordBatch batch)
    {
        long sum = 0;
        foreach (var column in batch.Arrays)
        {
            sum += column switch
            {
                Int64Array a => Sum(a.Values),
                TimestampArray a => Sum(a.Values),
                DoubleArray a => Sum(MemoryMarshal.Cast<double, long>(a.Values)),
                Decimal128Array a => Sum(MemoryMarshal.Cast<Int128, long>(a.Values)),
                StringArray a => Sum(MemoryMarshal.Cast<int, long>(a.ValueOffsets)) + Sum(MemoryMarshal.Cast<byte, long>(a.Bytes)),
                BooleanArray a => a.ValueBits[0],
                _ => throw new NotSupportedException(column.Type.Name),
            };
        }
        return sum;
    }

    /// <summary>All values read where DuckDB has them; of text the 16-byte entries and the long texts.</summary>
    private static void Raw(DuckSession session, string sql)
    {
        using var statements = new StatementList(session.Handle, sql, (m, _) => new DuckException(DuckErrorKind.Unknown, m ?? ""));
        using var statement = statements.Prepare(0);
        var result = statement.Run(streaming: true, m => new DuckException(DuckErrorKind.Unknown, m ?? ""));
        var widths = Enumerable.Range(0, (int)Api.ColumnCount(ref result)).Select(c =>
        {
            using var type = new LogicalType(Api.ColumnType(ref result, (ulong)c));
            return type.Id;
        }).ToArray();
        long sum = 0;
        while (Api.FetchChunk(result) is var chunk && chunk != 0)
        {
            var rows = (int)Api.ChunkSize(chunk);
            for (var c = 0; c < widths.Length; c++)
            {
                var vector = Api.ChunkVector(chunk, (ulong)c);
                var at = Api.VectorData(vector);
                if (widths[c] == TypeId.Boolean) sum += *(byte*)at;
                else if (widths[c] != TypeId.Varchar) sum += Sum(new ReadOnlySpan<long>(at, rows));
                else
                {
                    var texts = (NativeString*)at;
                    for (var i = 0; i < rows; i++)
                        sum += texts[i].Length <= NativeString.InlineLength ? texts[i].Length : Sum(new ReadOnlySpan<long>(texts[i].Pointer, (int)texts[i].Length / 8));
                }
            }
            Api.DestroyChunk(ref chunk);
        }
        GC.KeepAlive(sum);
        Api.DestroyResult(ref result);
    }

    private static long Sum(ReadOnlySpan<long> values)
    {
        long sum = 0;
        foreach (var value in values) sum += value;
        return sum;
    }
}
