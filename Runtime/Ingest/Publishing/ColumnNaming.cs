using FlowForge.Catalog;
using FlowForge.Lake.Schema;

namespace FlowForge.Ingest.Publishing;

/// <summary>Names of table columns: as <c>rename_map</c> says, else in standard form.</summary>
internal static class ColumnNaming
{
    /// <param name="sources">Names in the source.</param>
    /// <param name="renames">By source name, or by its standard form.</param>
    /// <returns>Unique names, one for each source name.</returns>
    /// <exception cref="JobFailedException">A renamed column collides or has a name that no table can have.</exception>
    public static IReadOnlyList<string> Tables(IReadOnlyList<string> sources, IReadOnlyDictionary<string, string> renames)
    {
        var given = sources.Select(s => renames.TryGetValue(s, out var name) || renames.TryGetValue(ColumnNames.Standard(s), out name) ? name : null).ToList();
        foreach (var (name, source) in given.Zip(sources))
        {
            if (name is not null && ColumnNames.Problem(name) is { } problem)
                throw new JobFailedException("FF2110", $"rename_map turns '{source}' into '{name}', but {problem}.", $"Use a name like {ColumnNames.Standard(name)}.");
            if (name?.StartsWith(TableColumn.ReservedPrefix, StringComparison.OrdinalIgnoreCase) == true)
                throw new JobFailedException("FF2110", $"rename_map turns '{source}' into '{name}', and names that begin with {TableColumn.ReservedPrefix} are FlowForge's own.", "Use another name.");
        }
        var twice = given.Where(n => n is not null).GroupBy(n => n!, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null) throw new JobFailedException("FF2110", $"rename_map gives the name '{twice.Key}' to {twice.Count()} columns.", "Give each column a name of its own.");
        // Names that were asked for stand first, so that standard ones give way.
        var order = Enumerable.Range(0, sources.Count).OrderBy(i => given[i] is null).ToList();
        var taken = new HashSet<string>(given.OfType<string>(), StringComparer.OrdinalIgnoreCase);
        var result = new string[sources.Count];
        foreach (var i in order) result[i] = given[i] ?? Unique(Standard(sources[i]), taken);
        return result;
    }

    private static string Standard(string source)
    {
        var name = ColumnNames.Standard(source);
        return name.StartsWith(TableColumn.ReservedPrefix, StringComparison.OrdinalIgnoreCase) ? name.TrimStart('_') : name;
    }

    private static string Unique(string name, HashSet<string> taken)
    {
        var unique = name;
        for (var n = 2; !taken.Add(unique); n++) unique = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name}_{n}");
        return unique;
    }
}
