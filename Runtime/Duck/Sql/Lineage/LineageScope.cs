namespace FlowForge.Duck;

/// <summary>A column on its way through a query.</summary>
/// <param name="Name">Its name at this place.</param>
/// <param name="From">Sources, each once, in order.</param>
internal sealed record TracedColumn(string Name, LineageKind Kind, IReadOnlyList<SourceColumn> From)
{
    public static TracedColumn Merge(string name, IEnumerable<TracedColumn> parts, LineageKind atLeast)
    {
        var all = parts.ToList();
        var kind = all.Select(p => p.Kind).Append(atLeast).Max();
        return new TracedColumn(name, kind, [.. all.SelectMany(p => p.From).Distinct()]);
    }
}

/// <summary>Something that stands in FROM.</summary>
/// <param name="Alias">Its name in the query.</param>
/// <param name="Schema">Of a base table.</param>
/// <param name="Columns">What is known of it.</param>
internal sealed record Relation(string Alias, string? Schema, IReadOnlyList<TracedColumn> Columns)
{
    /// <summary>Columns that a star leaves out: the right side of USING, all of a semi join's.</summary>
    public HashSet<string> Hidden { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes a column that is not listed, for tables and functions whose columns are not known.</summary>
    public Func<string, TracedColumn>? Unlisted { get; init; }

    public TracedColumn? Find(string name) => Columns.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public IEnumerable<TracedColumn> Starred => Columns.Where(c => !Hidden.Contains(c.Name));

    public bool IsNamed(string name) => Alias.Equals(name, StringComparison.OrdinalIgnoreCase);
}

/// <summary>The relations that a SELECT sees, and through it the outer ones.</summary>
internal sealed class LineageScope(LineageScope? outer)
{
    public List<Relation> Relations { get; } = [];

    /// <summary>Columns of the select list so far, which later expressions may name.</summary>
    public List<TracedColumn> Selected { get; } = [];

    /// <summary>Parameters of lambdas around the present place.</summary>
    public List<string> Parameters { get; } = [];

    /// <summary>The column that a reference names, or null for a parameter and for what is not known.</summary>
    public TracedColumn? Find(IReadOnlyList<string> names)
    {
        if (names.Count == 1 && Parameters.Contains(names[0], StringComparer.OrdinalIgnoreCase)) return null;
        if (names.Count >= 3 && Relations.FirstOrDefault(r => r.IsNamed(names[1]) && names[0].Equals(r.Schema, StringComparison.OrdinalIgnoreCase)) is { } full && Column(full, names[2]) is { } qualified) return qualified;
        if (names.Count >= 2 && Relations.FirstOrDefault(r => r.IsNamed(names[0])) is { } named && Column(named, names[1]) is { } owned) return owned;
        return Relations.Select(r => r.Find(names[0])).FirstOrDefault(c => c is not null)
            ?? Selected.FirstOrDefault(c => c.Name.Equals(names[0], StringComparison.OrdinalIgnoreCase))
            ?? Wildcard(names[0])
            ?? outer?.Find(names);
    }

    private static TracedColumn? Column(Relation relation, string name) => relation.Find(name) ?? relation.Unlisted?.Invoke(name);

    private TracedColumn? Wildcard(string name) => Relations.Where(r => r.Unlisted is not null).ToList() is [var only] ? only.Unlisted!(name) : null;
}

/// <summary>Columns of the CTEs visible at a place: an immutable chain, innermost first.</summary>
internal sealed class CteColumns
{
    public static readonly CteColumns None = new(null, "", []);
    private readonly CteColumns? outer;
    private readonly string name;
    private readonly IReadOnlyList<TracedColumn> columns;

    private CteColumns(CteColumns? outer, string name, IReadOnlyList<TracedColumn> columns) => (this.outer, this.name, this.columns) = (outer, name, columns);

    public CteColumns With(string cte, IReadOnlyList<TracedColumn> its) => new(this, cte, its);

    public IReadOnlyList<TracedColumn>? Find(string cte)
    {
        for (var at = this; at.outer is not null; at = at.outer)
            if (at.name.Equals(cte, StringComparison.OrdinalIgnoreCase)) return at.columns;
        return null;
    }
}
