using System.Globalization;

namespace FlowForge.Pipelines;

/// <summary>A data-quality rule.</summary>
public sealed record CheckDefinition
{
    private const int LongestTitle = 80;

    public required CheckKind Kind { get; init; }

    /// <summary>The columns it looks at; several columns of <c>unique</c> and <c>foreign_key</c> form one key. Empty for checks that name none.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>For <see cref="CheckKind.AcceptedValues"/>; null stands for NULL. Text, to be cast to the column's type.</summary>
    public IReadOnlyList<string?> Values { get; init; } = [];

    /// <summary>Lowest allowed value, a number or ISO date as text; for <see cref="CheckKind.RowCount"/> a whole number. Null for no bound.</summary>
    public string? Min { get; init; }

    /// <summary>Highest allowed value; see <see cref="Min"/>.</summary>
    public string? Max { get; init; }

    /// <summary>For <see cref="CheckKind.Regex"/>: the pattern (RE2) that the whole value must match.</summary>
    public string? Pattern { get; init; }

    /// <summary>For <see cref="CheckKind.Expression"/> the condition that must not be false; for <see cref="CheckKind.Sql"/> the SELECT that gives the failing rows, with the rows of the run as <c>this</c>.</summary>
    public string? Sql { get; init; }

    /// <summary>For <see cref="CheckKind.ForeignKey"/>: the table that must know the key, with its layer.</summary>
    public string? ReferencedTable { get; init; }

    /// <summary>Its key columns, one for each of <see cref="Columns"/>.</summary>
    public IReadOnlyList<string> ReferencedColumns { get; init; } = [];

    /// <summary>For <see cref="CheckKind.Freshness"/>: how old the newest value may be when the run begins.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>For <see cref="CheckKind.Anomaly"/>: what is measured.</summary>
    public CheckMetric Metric { get; init; }

    /// <summary>With how many earlier runs it is compared, at most.</summary>
    public int Runs { get; init; } = 10;

    /// <summary>With fewer earlier runs than this nothing is judged.</summary>
    public int MinRuns { get; init; } = 3;

    /// <summary>How many usual deviations a value may lie from the median of the earlier ones.</summary>
    public double Sensitivity { get; init; } = 3;

    /// <summary>A name given by the author, to be shown in place of the SQL.</summary>
    public string? Name { get; init; }

    public CheckAction OnFail { get; init; } = CheckAction.Fail;

    /// <summary>1-based line in the file.</summary>
    public int Line { get; init; }

    /// <summary>True when single rows fail, so that they can be taken out; else the check is about all rows together.</summary>
    public bool IsAboutRows => Kind is not (CheckKind.RowCount or CheckKind.Sql or CheckKind.Freshness or CheckKind.Anomaly);

    /// <summary>What a person calls it: <c>not_null(origin, date)</c>, <c>range(delay, -120..)</c>. Stable: results are kept under it.</summary>
    public string Title => Kind switch
    {
        CheckKind.AcceptedValues => $"accepted_values({string.Join(", ", Columns)})",
        CheckKind.Range => $"range({string.Join(", ", Columns)}, {Min}..{Max})",
        CheckKind.RowCount => $"row_count({Min}..{Max})",
        CheckKind.Regex => $"regex({string.Join(", ", Columns)}, {Pattern})",
        CheckKind.Expression or CheckKind.Sql => $"{Kind.ToText()}({Name ?? Short(Sql ?? "")})",
        CheckKind.ForeignKey => $"foreign_key({string.Join(", ", Columns)} in {ReferencedTable})",
        CheckKind.Freshness => $"freshness({string.Join(", ", Columns)}, {Age(MaxAge ?? default)})",
        CheckKind.Anomaly => $"anomaly({string.Join(", ", Columns.Prepend(Metric.ToText()))})",
        _ => $"{Kind.ToText()}({string.Join(", ", Columns)})",
    };

    /// <summary>A SELECT that reads the tables that the check reads, to be given to a parser; null when it reads none. The rows of the run are called <c>this</c>.</summary>
    public string? ReadsSql => Kind switch
    {
        CheckKind.ForeignKey => $"SELECT 1 FROM {ReferencedTable}",
        CheckKind.Expression => $"SELECT 1 FROM this WHERE ({Sql}\n)",
        CheckKind.Sql => Sql,
        _ => null,
    };

    internal static string Age(TimeSpan age) => age switch
    {
        { TotalDays: >= 1 } when age.Ticks % TimeSpan.TicksPerDay == 0 => string.Create(CultureInfo.InvariantCulture, $"{age.TotalDays}d"),
        { TotalHours: >= 1 } when age.Ticks % TimeSpan.TicksPerHour == 0 => string.Create(CultureInfo.InvariantCulture, $"{age.TotalHours}h"),
        { TotalMinutes: >= 1 } when age.Ticks % TimeSpan.TicksPerMinute == 0 => string.Create(CultureInfo.InvariantCulture, $"{age.TotalMinutes}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{age.TotalSeconds}s"),
    };

    private static string Short(string sql)
    {
        var line = string.Join(' ', sql.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= LongestTitle ? line : line[..LongestTitle] + "…";
    }
}
