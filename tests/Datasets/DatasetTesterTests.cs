using FlowForge.Datasets.Testing;
using FlowForge.Pipelines;

namespace FlowForge.Datasets.Tests;

/// <summary>Tests of datasets that stand in the pipeline's own file.</summary>
public sealed class DatasetTesterTests
{
    private static async Task<IReadOnlyList<DatasetTestResult>> RunAsync(string tests, string? only = null)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "flowforge-tester-" + Guid.NewGuid().ToString("n"))).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "other.txt"), "of another job", TestContext.Current.CancellationToken);
        tests = tests.Replace("SPILL", folder, StringComparison.Ordinal);
        var parsed = PipelineParser.Parse("""
            pipeline: p
            parameters: { least: "1" }
            macros:
              double(x): x * 2
            silver:
              clean: SELECT id, double(price) AS price, day, tags, upper(name) AS name FROM bronze.orders WHERE id >= getvariable('least')::INT
              totals:
                sql: SELECT day, sum(price) AS total, count(*) AS n FROM silver.clean GROUP BY day
            tests:

            """ + string.Join("\n", tests.Split('\n').Select(l => "  " + l)) + "\n");
        Assert.Empty(parsed.Diagnostics);
        try
        {
            return await new DatasetTester(new DatasetOptions { SpillFolder = folder, Threads = 1, MemoryLimitBytes = 128L << 20 }).RunAsync(parsed.Definition!, only, TestContext.Current.CancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Run_RowsAsExpected_Pass()
    {
        var results = await RunAsync("""
            cleans:
              dataset: silver.clean
              given:
                bronze.orders:
                  - { id: 0, price: 5, name: x }
                  - { id: 1, price: 1.25, day: 2024-05-17, tags: [a, b], name: O'Hara }
                  - { id: 2, price: 3, name: null }
              expect:
                - { id: 2, price: 6.0 }
                - { id: 1, price: 2.5, day: 2024-05-17, tags: [a, b], name: O'HARA }
            other_parameter:
              dataset: silver.clean
              parameters: { least: "9" }
              given: { bronze.orders: [ { id: 8, price: 1, day: 2024-01-01, tags: [x], name: n } ] }
              expect: []
            sums:
              dataset: silver.totals
              given: { silver.clean: "SELECT * FROM (VALUES (DATE '2024-01-01', 0.1), (DATE '2024-01-01', 0.2)) v(day, price)" }
              expect: SELECT DATE '2024-01-01' AS day, 0.3 AS total, 2 AS n
            """);
        Assert.Equal(["cleans  True", "other_parameter  True", "sums  True"], results.Select(r => $"{r.Name} {r.Message} {r.Passed}"));
    }

    [Fact]
    public async Task Run_FilesOfOtherJobs_AreOutOfReach()
    {
        var result = (await RunAsync("""
            sums:
              dataset: silver.totals
              given: { silver.clean: "SELECT DATE '2024-01-01' AS day, 1 AS price, content FROM read_text('SPILL/other.txt')" }
              expect: []
            """)).Single();
        Assert.False(result.Passed);
        Assert.Contains("file system operations are disabled by configuration", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OtherRows_ShowsWhatIsMissingAndWhatCame()
    {
        var result = (await RunAsync("""
            sums:
              dataset: silver.totals
              given: { silver.clean: [ { day: 2024-01-01, price: 1 }, { day: 2024-01-02, price: 5 } ] }
              expect: [ { day: 2024-01-01, total: 1 }, { day: 2024-01-02, total: 6 }, { day: 2024-01-02, total: 6 } ]
            skipped:
              dataset: silver.totals
              expect: []
            """, "sums")).Single();
        Assert.False(result.Passed);
        Assert.Equal("2 rows expected did not come, 1 row came that were not expected", result.Message);
        Assert.Equal(["{'day': 2024-01-02, 'total': 6}", "{'day': 2024-01-02, 'total': 6}"], result.Missing);
        Assert.Equal(["{'day': 2024-01-02, 'total': 5}"], result.Unexpected);
    }

    [Fact]
    public async Task Run_TestThatCannotRun_SaysWhy()
    {
        var results = await RunAsync("""
            no_rows:
              dataset: silver.totals
              expect: []
            no_column:
              dataset: silver.totals
              given: { silver.clean: "SELECT DATE '2024-01-01' AS day, 1 AS price" }
              expect: [ { nope: 1 } ]
            wrong_value:
              dataset: silver.totals
              given: { silver.clean: "SELECT DATE '2024-01-01' AS day, 1 AS price" }
              expect: [ { day: someday } ]
            """);
        Assert.Equal(
        [
            "silver.totals reads silver.clean, and the test gives no rows of it. Add silver.clean under 'given'.",
            "Column 'nope' is expected, which silver.totals has not. Its columns are: day, total, n.",
        ], results.Take(2).Select(r => r.Message));
        Assert.Contains("invalid date field format: \"someday\"", results[2].Message, StringComparison.Ordinal);
        Assert.All(results, r => Assert.False(r.Passed));
    }
}
