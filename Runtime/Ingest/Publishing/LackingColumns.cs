using System.Globalization;
using FlowForge.Catalog;

namespace FlowForge.Ingest.Publishing;

/// <summary>Columns that <c>user_schema</c> declares and that files of a run, or parts of what a source gave, do not have: NULL in their rows, which looks like sound data.</summary>
/// <param name="Files">All files or parts, each with the declared names that it lacks.</param>
internal sealed record LackingColumns(IReadOnlyList<(string Name, IReadOnlyList<string> Columns)> Files)
{
    public static LackingColumns None { get; } = new([]);

    /// <summary>What is declared and is not in every file.</summary>
    public IReadOnlyList<string> Names => [.. Files.SelectMany(f => f.Columns).Distinct(StringComparer.OrdinalIgnoreCase)];

    public void Say(IJobLog log)
    {
        var groups = Files.Where(f => f.Columns.Count > 0).GroupBy(f => string.Join(", ", f.Columns), f => f.Name, StringComparer.Ordinal).Select(g => (Columns: g.Key, Names: g.ToList())).ToList();
        foreach (var (columns, names) in groups)
        {
            if (names.Count == Files.Count) log.Warning($"The source lacks columns that user_schema declares, which are NULL in all rows: {columns}.");
            else log.Warning(string.Create(CultureInfo.InvariantCulture, $"{names[0]}{(names.Count > 1 ? $" and {names.Count - 1} more lack" : " lacks")} columns that user_schema declares, which are NULL in their rows: {columns}."));
        }
    }
}
