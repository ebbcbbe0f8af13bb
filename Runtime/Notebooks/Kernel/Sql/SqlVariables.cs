using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using FlowForge.Duck;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>
/// What <c>getvariable('name')</c> stands for in SQL cells: a simple variable of C#, or what <c>SET VARIABLE</c> or the run gave. The value takes the call's place when a cell starts, so that a result
/// keeps the value that it was made with. Thread-safe.
/// </summary>
/// <param name="variable">A variable of the C# cells by name, or null.</param>
internal sealed partial class SqlVariables(Func<string, object?> variable)
{
    private readonly ConcurrentDictionary<string, string> _literals = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Names that a text asks for.</summary>
    public static IEnumerable<string> AskedIn(string sql) => Asked().Matches(sql).Select(m => m.Groups[1].Value);

    /// <summary>Names that a text sets.</summary>
    public static IEnumerable<string> SetIn(string sql) => Assigned().Matches(sql).Select(m => m.Groups[1].Value.Trim('"'));

    public void Set(string name, string literal) => _literals[name] = literal;

    /// <summary>Takes over what statements have set.</summary>
    public void TakeFrom(string statements, DuckSession session)
    {
        var names = SetIn(statements).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (names.Count == 0) return;
        foreach (var row in session.Rows("SELECT name, CAST(value AS VARCHAR), type FROM duckdb_variables()"))
            if (names.Contains((string)row[0]!)) Set((string)row[0]!, row[1] is string value ? $"CAST({SqlText.Literal(value)} AS {row[2]})" : "NULL");
    }

    /// <summary>The calls of a text whose value is known, with the literals for them.</summary>
    public List<(Range Place, string Text)> In(string sql)
    {
        var found = new List<(Range, string)>();
        foreach (Match match in Asked().Matches(sql))
            if (Literal(match.Groups[1].Value) is { } literal) found.Add((match.Index..(match.Index + match.Length), $"({literal})"));
        return found;
    }

    private string? Literal(string name)
    {
        if (variable(name) is { } value && Members.IsSimple(value.GetType())) return value switch
        {
            bool or sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal or string or DateTime or DateTimeOffset or DateOnly => SqlText.Literal(value),
            IFormattable other => SqlText.Literal(other.ToString(null, System.Globalization.CultureInfo.InvariantCulture)),
            _ => null,
        };
        return _literals.GetValueOrDefault(name);
    }

    [GeneratedRegex(@"\bgetvariable\s*\(\s*'([^']+)'\s*\)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Asked();

    [GeneratedRegex("""\bSET\s+(?:SESSION\s+|LOCAL\s+)?VARIABLE\s+("[^"]+"|\w+)""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Assigned();
}
