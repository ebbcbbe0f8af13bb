using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;

namespace FlowForge.Datasets;

/// <summary>What a query gave.</summary>
/// <param name="Rows">In the columns' order.</param>
/// <param name="IsCut">There were more rows than are here.</param>
/// <param name="IsCutBySize">The next row would have made them larger than <see cref="LakeQuery.MostBytes"/>.</param>
/// <param name="Files">Files of the tables that it reads.</param>
/// <param name="FilesRead">Those that could have rows for it.</param>
public sealed record LakeQueryResult(IReadOnlyList<DuckColumn> Columns, IReadOnlyList<object?[]> Rows, bool IsCut, bool IsCutBySize, int Files, int FilesRead);

/// <summary>
/// One SELECT over the newest versions of the lake's tables and over the catalog's views (<c>system.runs</c> …), which may call the functions of plugins. It reads nothing else of the machine and writes nothing.
/// Thread-safe; each query has an engine of its own.
/// </summary>
public sealed class LakeQuery(LakeStore lake, CatalogDatabase catalog, DatasetOptions options, PluginRegistry? plugins = null)
{
    /// <summary>A result is held in memory as a whole, so it is cut here, however few rows it has: 32 MB.</summary>
    public const long MostBytes = 32L << 20;

    /// <param name="most">Rows, at most.</param>
    /// <param name="ct">Stops the engine too, within milliseconds.</param>
    /// <exception cref="JobFailedException">The SQL is not right, or a table does not exist.</exception>
    public Task<LakeQueryResult> RunAsync(string sql, int most, DateTimeOffset now, CancellationToken ct) => Task.Run(() => Run(sql, most, now, ct), ct);

    private LakeQueryResult Run(string sql, int most, DateTimeOffset now, CancellationToken ct)
    {
        var dataset = new DatasetDefinition { Layer = "query", Name = "result", Sql = sql };
        var request = new JobRequest { RunId = "query", Pipeline = "query", PipelineVersion = 0, JobId = "query", BaseDirectory = lake.Root, RunTime = now, TxnVersion = 0 };
        try
        {
            var inputs = DatasetInputs.Resolve(dataset, request, lake);
            using var held = new HeldInputs(lake, inputs);
            using var functions = PluginFunctions.Hold(plugins, sql);
            using var engine = new DatasetEngine(options, request, lake.Root);
            DatasetInputs.CreateViews(engine.Session, inputs, forPlan: true);
            DatasetInputs.CreateSystemTables(engine.Session, catalog, dataset);
            PluginFunctions.Register(engine.Session, functions.Functions);
            sql = SystemTables.Qualified(sql);
            var columns = engine.Session.Describe(sql);
            engine.Session.Execute($"CREATE TEMP VIEW query_rows AS {sql}");
            var left = DatasetInputs.SkipFiles(engine.Session, inputs, dataset, "SELECT * FROM query_rows", ct);
            var (rows, isCut, isCutBySize) = Read(engine.Session, most, ct);
            return new LakeQueryResult(columns, rows, isCut, isCutBySize, inputs.Sum(i => i.Snapshot.Files.Count), left.Sum());
        }
        catch (JobFailedException e)
        {
            throw new JobFailedException(e.Code, e.Message.Replace(dataset.Table, "The query", StringComparison.Ordinal), e.Suggestion, e.Transient, e);
        }
        catch (Exception e) when (e is DuckException or LakeException or LakeStorageException)
        {
            throw EngineFailure.FromQuery(e);
        }
    }

    private static (List<object?[]> Rows, bool IsCut, bool IsCutBySize) Read(DuckSession session, int most, CancellationToken ct)
    {
        var (rows, bytes, isCut, isCutBySize) = (new List<object?[]>(), 0L, false, false);
        foreach (var row in session.RowsWhile($"SELECT * FROM query_rows LIMIT {most + 1}", Fits, ct)) rows.Add(row);
        return (rows, isCut, isCutBySize);

        bool Fits(RecordBatch batch, int row)
        {
            if (rows.Count < most)
            {
                for (var c = 0; c < batch.ColumnCount && bytes <= MostBytes; c++) bytes += Size(batch.Column(c), row);
                isCutBySize = bytes > MostBytes;
            }
            isCut = isCutBySize || rows.Count == most;
            return !isCut;
        }
    }

    /// <summary>About what a value takes when it is written out; of a long list it is enough that it is too long.</summary>
    private static long Size(IArrowArray column, int index)
    {
        if (column.IsNull(index)) return 12;
        switch (column)
        {
            case StringArray text: return text.GetBytes(index).Length + 3L;
            case LargeStringArray text: return text.GetBytes(index).Length + 3L;
            case UuidArray: return 39;
            case BinaryArray bytes: return (bytes.GetBytes(index).Length * 4L / 3) + 3;
            case LargeBinaryArray bytes: return (bytes.GetBytes(index).Length * 4L / 3) + 3;
            case FixedSizeBinaryArray bytes: return (bytes.GetBytes(index).Length * 4L / 3) + 3;
            case ListLikeArray list:
                // Each value takes 3 at least, so that a list that is too long is not walked to its end.
                var (start, left, size) = (list.GetValueOffset(index), list.GetValueLength(index), 3L);
                for (; left > 0 && size + (3L * left) <= MostBytes; left--, start++)
                    size += list is MapArray map ? Size(map.Keys, start) + Size(map.Items, start) : Size(list.Values, start);
                return size + (3L * left);
            case StructArray entry:
                return 3 + entry.Fields.Sum(f => Size(f, index)) + ((StructType)entry.Type).Fields.Sum(f => f.Name.Length + 3L);
            case DictionaryArray dictionary: return Size(dictionary.Dictionary, dictionary.GetIndex(index));
            default: return 12;
        }
    }
}
