using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;

namespace FlowForge.Datasets;

/// <summary>What a query gave.</summary>
/// <param name="Rows">In the columns' order.</param>
/// <param name="IsCut">There were more rows than asked for.</param>
/// <param name="Files">Files of the tables that it reads.</param>
/// <param name="FilesRead">Those that could have rows for it.</param>
public sealed record LakeQueryResult(IReadOnlyList<DuckColumn> Columns, IReadOnlyList<object?[]> Rows, bool IsCut, int Files, int FilesRead);

/// <summary>
/// One SELECT over the newest versions of the lake's tables and over the catalog's views (<c>system.runs</c> …), which may call the functions of plugins. It reads nothing else of the machine and writes nothing.
/// Thread-safe; each query has an engine of its own.
/// </summary>
public sealed class LakeQuery(LakeStore lake, CatalogDatabase catalog, DatasetOptions options, PluginRegistry? plugins = null)
{
    /// <param name="most">Rows, at most.</param>
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
            DatasetInputs.CreateViews(engine.Session, inputs);
            DatasetInputs.CreateSystemTables(engine.Session, catalog, dataset);
            PluginFunctions.Register(engine.Session, functions.Functions);
            sql = SystemTables.Qualified(sql);
            var columns = engine.Session.Describe(sql);
            engine.Session.Execute($"CREATE TEMP VIEW query_rows AS {sql}");
            var left = DatasetInputs.SkipFiles(engine.Session, inputs, dataset, "SELECT * FROM query_rows", ct);
            var rows = engine.Session.Rows($"SELECT * FROM query_rows LIMIT {most + 1}", ct);
            return new LakeQueryResult(columns, rows.Count > most ? [.. rows.Take(most)] : rows, rows.Count > most, inputs.Sum(i => i.Snapshot.Files.Count), left.Sum());
        }
        catch (Exception e) when (e is DuckException or LakeException)
        {
            throw EngineFailure.From(e, dataset);
        }
    }
}
