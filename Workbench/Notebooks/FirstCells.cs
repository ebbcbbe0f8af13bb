using System.Text.RegularExpressions;
using FlowForge.Contracts;

namespace FlowForge.Workbench.Notebooks;

/// <summary>What a notebook begins with that was opened from somewhere else.</summary>
internal static partial class FirstCells
{
    public static IReadOnlyList<NotebookCellText> OfTable(TableDetail table)
    {
        var name = Plain().IsMatch(table.Name) ? table.Name : $"\"{table.Name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        var version = table.Version == table.LatestVersion ? "" : FormattableString.Invariant($" AT (VERSION => {table.Version})");
        return [new("first", NotebookCellKind.Sql, $"SELECT *\nFROM {table.Layer.ToString().ToLowerInvariant()}.{name}{version}", Plain().IsMatch(table.Name) ? table.Name : "rows")];
    }

    /// <summary>Rejects lie beside their table; its state says where.</summary>
    public static IReadOnlyList<NotebookCellText> OfRejects(TableDetail table) =>
    [
        new("first", NotebookCellKind.Csharp, $$"""
            using FlowForge.Lake;
            var place = Lake.Table(TableName.Parse("{{table.Table.Replace("\"", "\\\"", StringComparison.Ordinal)}}")).Latest()!.State!.Rejects!.Split('@')[0];
            var rejects = Sql("FROM " + Lake.TableAt(place).Latest()!.ScanSql(withReserved: true));
            rejects
            """.ReplaceLineEndings("\n")),
    ];

    [GeneratedRegex("^[a-z_][a-z0-9_]*$")]
    private static partial Regex Plain();
}
