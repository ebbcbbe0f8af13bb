using System.Diagnostics;
using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Datasets.Rebuild;
using FlowForge.Pipelines;
using FlowForge.PluginHost;

namespace FlowForge.Datasets.Testing;

/// <summary>What one test of a dataset found.</summary>
/// <param name="Passed">The SQL gave exactly the rows expected, in whatever order.</param>
/// <param name="Message">Why it failed, for people; null when it passed.</param>
/// <param name="Missing">Rows that were expected and did not come, as text; at most 10.</param>
/// <param name="Unexpected">Rows that came and were not expected; at most 10.</param>
public sealed record DatasetTestResult(string Name, string Dataset, bool Passed, string? Message, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, TimeSpan Took);

/// <summary>Runs the tests of a pipeline's datasets over the rows that they give. No lake and no catalog is touched. Thread-safe.</summary>
public sealed class DatasetTester(DatasetOptions options, PluginRegistry? plugins = null)
{
    private const int Shown = 10;

    /// <param name="pipeline">With its SQL files read and its placeholders as variables.</param>
    /// <param name="only">The name of one test; null for all.</param>
    public Task<IReadOnlyList<DatasetTestResult>> RunAsync(PipelineDefinition pipeline, string? only, CancellationToken ct) =>
        Task.Run<IReadOnlyList<DatasetTestResult>>(() => [.. pipeline.Tests.Where(t => only is null || t.Name == only).Select(t => Run(pipeline, t, ct))], ct);

    private DatasetTestResult Run(PipelineDefinition pipeline, DatasetTestDefinition test, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            var dataset = pipeline.Datasets.FirstOrDefault(d => d.Table == test.Dataset) ?? throw new JobFailedException("FF1311", $"There is no dataset '{test.Dataset}'.");
            if (dataset.Notebook is not null) throw new JobFailedException("FF1311", $"{test.Dataset} is made by a notebook, which tests do not run.");
            var (missing, unexpected) = Compare(pipeline, dataset, test, ct);
            var passed = missing.Count == 0 && unexpected.Count == 0;
            var message = passed ? null : $"{Rows(missing.Count)} expected did not come, {Rows(unexpected.Count)} came that were not expected";
            return new DatasetTestResult(test.Name, test.Dataset, passed, message, missing.First, unexpected.First, watch.Elapsed);
        }
        catch (Exception e) when (e is JobFailedException or DuckException)
        {
            return new DatasetTestResult(test.Name, test.Dataset, false, e is DuckException ? $"{test.Dataset}: {e.Message}" : e.Message, [], [], watch.Elapsed);
        }
    }

    private (Found Missing, Found Unexpected) Compare(PipelineDefinition pipeline, DatasetDefinition dataset, DatasetTestDefinition test, CancellationToken ct)
    {
        var parameters = new Dictionary<string, string>(pipeline.Parameters, StringComparer.Ordinal);
        foreach (var (name, value) in test.Parameters) parameters[name] = value;
        var request = new JobRequest
        {
            RunId = "test", Pipeline = pipeline.Name, PipelineVersion = 0, JobId = dataset.Table, BaseDirectory = options.SpillFolder, TxnVersion = 0, Parameters = parameters,
            // A fixed moment, so that a test gives the same rows each time.
            RunTime = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero),
        };
        using var functions = PluginFunctions.Hold(plugins, MadeFrom.AllSql(dataset));
        using var engine = new DatasetEngine(options, request, lakeRoot: null);
        var session = engine.Session;
        foreach (var layer in (string[])["bronze", "silver", "gold"]) session.Execute($"CREATE SCHEMA {layer}");
        foreach (var table in DatasetInputs.TablesOfSql(dataset).Select(r => r.ToString().ToLowerInvariant()).Distinct())
        {
            if (!test.Given.TryGetValue(table, out var given)) throw new JobFailedException("FF1311", $"{dataset.Table} reads {table}, and the test gives no rows of it. Add {table} under 'given'.");
            session.Execute($"CREATE TABLE {SqlText.QualifiedName(table.Split('.'))} AS {TestTable.Sql(session, given, table)}", ct);
        }
        PluginFunctions.Register(session, functions.Functions);
        DatasetInputs.CreateMacros(session, dataset);
        var sql = DatasetSql.Bind(session, dataset);
        session.Execute($"CREATE TEMP TABLE test_actual AS {sql.Select}", ct);
        var columns = Columns(session, test, sql);
        return (Difference(session, "test_expected", "test_actual", columns, ct), Difference(session, "test_actual", "test_expected", columns, ct));
    }

    // Makes the table of expected rows; gives the columns to compare.
    private static List<DuckColumn> Columns(DuckSession session, DatasetTestDefinition test, DatasetSql sql)
    {
        if (test.Expect.Sql is { } select) session.Execute($"CREATE TEMP TABLE test_expected AS {select}");
        var names = test.Expect.Sql is not null ? [.. session.Describe("FROM test_expected").Select(c => c.Name)] : test.Expect.Columns;
        var columns = names.Select(n => sql.Columns.FirstOrDefault(c => c.Name.Equals(n, StringComparison.OrdinalIgnoreCase))
            ?? throw new JobFailedException("FF1311", $"Column '{n}' is expected, which {test.Dataset} has not. Its columns are: {string.Join(", ", sql.Columns.Select(c => c.Name))}.")).ToList();
        if (test.Expect.Sql is not null) return columns;
        if (columns.Count == 0) columns = [.. sql.Columns];
        session.Execute($"CREATE TEMP TABLE test_expected AS {TestTable.Typed(test.Expect, columns, "expect")}");
        return columns;
    }

    private static Found Difference(DuckSession session, string left, string right, List<DuckColumn> columns, CancellationToken ct)
    {
        // Floating point is compared to nine places: sums come in any order.
        var list = string.Join(", ", columns.Select(c => c.Type is "DOUBLE" or "FLOAT" ? $"round(CAST({SqlText.Identifier(c.Name)} AS DOUBLE), 9) AS {SqlText.Identifier(c.Name)}" : $"CAST({SqlText.Identifier(c.Name)} AS {c.Type}) AS {SqlText.Identifier(c.Name)}"));
        var rows = $"(SELECT {list} FROM {left} EXCEPT ALL SELECT {list} FROM {right})";
        var count = session.Scalar<long>($"SELECT count(*) FROM {rows}", ct);
        return new Found(count, count == 0 ? [] : [.. session.Rows($"SELECT CAST(differing AS VARCHAR) FROM (FROM {rows} ORDER BY ALL LIMIT {Shown}) AS differing", ct).Select(r => (string)r[0]!)]);
    }

    private static string Rows(long count) => count == 1 ? "1 row" : $"{count.ToString(CultureInfo.InvariantCulture)} rows";

    private sealed record Found(long Count, IReadOnlyList<string> First);
}
