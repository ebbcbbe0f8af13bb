using FlowForge.Contracts;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class Sample
{
    public TableProfile Profile(string table) => new(table, 4, Now, 3_003_190, 1_000_000, true,
    [
        new ColumnProfile { Name = "origin", Type = "VARCHAR", Distinct = 305, Min = "ABE", Max = "YUM", Shortest = 3, Longest = 3, Top = [new("ATL", 61_000), new("ORD", 52_000)], Patterns = [new("AAA", 1_000_000)] },
        new ColumnProfile
        {
            Name = "mean_delay", Type = "DOUBLE", Nulls = 120_000, Distinct = 4_100, Min = "-31.0", Max = "1438.0", Mean = 9.43, Deviation = 30.18, Quantiles = [-9, -3, 1, 12, 58],
            Histogram = [.. Enumerable.Range(0, 20).Select(i => new HistogramBin(i * 10, (i + 1) * 10, i == 0 ? 90_000 : 60_000 / (i + 1)))],
        },
        new ColumnProfile { Name = "is_hub", Type = "BOOLEAN", Distinct = 2, Min = "false", Max = "true", Top = [new("false", 810_000), new("true", 190_000)] },
    ]);

    public static ColumnLineage Lineage(string table, string column) => new(table, column,
    [
        new ColumnStep(table, column, ColumnStepKind.Aggregated, "silver.flights_clean", "delay", 1), new ColumnStep(table, null, ColumnStepKind.Condition, "bronze.airports", "iata", 1),
        new ColumnStep("silver.flights_clean", "delay", ColumnStepKind.Copied, "bronze.flights", "delay", 2), new ColumnStep("bronze.flights", "delay", ColumnStepKind.Copied, "source", "Delay", 3),
    ], []);

    public static TableDiff Diff(string table, long from, long to) => new()
    {
        Table = table, From = from, To = to, Added = 12, Removed = 3, Columns = [new("origin", "VARCHAR", false, null), new("flights", "BIGINT", false, null)], AddedColumns = ["is_hub"],
        Rows = [new DiffRow("removed", Row("ATL", 11_000), null), new DiffRow("added", Row("ATL", 12_000), null)],
    };
}
