using FlowForge.Api.Problems;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;

namespace FlowForge.Api.Notebooks;

/// <summary>The query behind a chart: its columns are x, y and, when asked for, color.</summary>
internal static class ChartSql
{
    private static readonly string[] Marks = ["bar", "line", "area", "scatter", "pie"];

    public static string Of(NotebookChart chart)
    {
        if (string.IsNullOrWhiteSpace(chart.Source)) throw Bad("The chart has no source.", "Choose a result or a table.");
        if (!Marks.Contains(chart.Mark)) throw Bad($"'{chart.Mark}' is no kind of chart.", $"Choose one of {string.Join(", ", Marks)}.");
        if (string.IsNullOrWhiteSpace(chart.X)) throw Bad("The chart has no x.", "Choose a column for x.");
        var aggregate = chart.Aggregate switch
        {
            "count" => "count(*)", "sum" => "sum({0})", "mean" => "avg({0})", "min" => "min({0})", "max" => "max({0})", "none" or "" => null,
            _ => throw Bad($"'{chart.Aggregate}' is no aggregate.", "Choose one of none, count, sum, mean, min, max.")
        };
        if (chart.Aggregate != "count" && string.IsNullOrWhiteSpace(chart.Y)) throw Bad("The chart has no y.", "Choose a column for y, or count.");
        var x = SqlText.Identifier(chart.X);
        var y = string.IsNullOrWhiteSpace(chart.Y) ? "" : SqlText.Identifier(chart.Y);
        var color = string.IsNullOrWhiteSpace(chart.Color) ? null : SqlText.Identifier(chart.Color);
        var value = aggregate is null ? $"{y} AS y" : $"({string.Format(System.Globalization.CultureInfo.InvariantCulture, aggregate, y)})::DOUBLE AS y";
        var select = $"SELECT {x} AS x, {value}{(color is null ? "" : $", {color} AS color")} FROM {Source(chart.Source)}";
        var group = aggregate is null ? "" : " GROUP BY ALL";
        var order = chart.Sort switch { "x" => " ORDER BY x", "y" => " ORDER BY y DESC NULLS LAST, x", _ => "" };
        return $"FROM ({select}{group}{order})";
    }

    private static string Source(string source) => TableName.TryParse(source, out var table) ? SqlText.QualifiedName(table.LayerName, table.Name) : SqlText.Identifier(source);

    private static ProblemException Bad(string detail, string suggestion) => ProblemException.Bad("FF6030", detail, suggestion);
}
