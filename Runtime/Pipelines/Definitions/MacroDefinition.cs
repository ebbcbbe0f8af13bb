using System.Text.RegularExpressions;

namespace FlowForge.Pipelines;

/// <summary>A piece of SQL with a name, which all datasets of a pipeline can call: <c>cents(x): x / 100.0</c>, or a SELECT to be used like a table.</summary>
/// <param name="Name">Lower case.</param>
/// <param name="Parameters">Names, each optionally with a default (<c>days := 30</c>).</param>
/// <param name="Body">An expression or a SELECT.</param>
/// <param name="Line">1-based line in the file.</param>
public sealed partial record MacroDefinition(string Name, IReadOnlyList<string> Parameters, string Body, int Line)
{
    /// <summary>True for a SELECT: it stands in FROM.</summary>
    public bool IsTable => TableBody().IsMatch(Body);

    /// <summary>Makes it in DuckDB.</summary>
    public string CreateSql => $"CREATE MACRO \"{Name}\"({string.Join(", ", Parameters)}) AS {(IsTable ? $"TABLE {Body}" : $"({Body}\n)")}";

    /// <summary>A SELECT with the macro's body, for a parser.</summary>
    public string ProbeSql => IsTable ? Body : $"SELECT ({Body}\n)";

    /// <summary>True when the SQL may call it.</summary>
    public bool IsCalledIn(string sql) => Regex.IsMatch(sql, $@"(?<![\w""]){Regex.Escape(Name)}""?\s*\(", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    /// <summary>Those of the macros that the SQL calls, directly or through others, callees first.</summary>
    public static IReadOnlyList<MacroDefinition> CalledBy(string sql, IReadOnlyList<MacroDefinition> macros)
    {
        var called = new List<MacroDefinition>();
        Add(sql);
        return called;

        void Add(string text)
        {
            foreach (var macro in macros.Where(m => m.IsCalledIn(text) && !called.Contains(m)).ToList())
            {
                Add(macro.Body);
                if (!called.Contains(macro)) called.Add(macro);
            }
        }
    }

    [GeneratedRegex(@"^\s*(SELECT|FROM|WITH|VALUES)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TableBody();
}
