using System.Text.RegularExpressions;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>
/// What looks like a name in SQL that DuckDB gives no parse tree for (CREATE, INSERT, several statements …). It may be more than is really
/// read; that does no harm.
/// </summary>
internal static partial class SqlNames
{
    public static IEnumerable<(string Schema, string Table)> Qualified(string sql) =>
        LayerName().Matches(sql).Select(m => (m.Groups[1].Value, m.Groups[2].Value.Trim('"'))).Distinct();

    public static IEnumerable<string> Words(string sql) => Word().Matches(sql).Select(m => m.Value).Distinct(StringComparer.OrdinalIgnoreCase);

    [GeneratedRegex("""\b(bronze|silver|gold)\s*\.\s*("[^"]+"|\w+)""", RegexOptions.IgnoreCase)]
    private static partial Regex LayerName();

    [GeneratedRegex(@"\b[\p{L}_]\w*")]
    private static partial Regex Word();
}
