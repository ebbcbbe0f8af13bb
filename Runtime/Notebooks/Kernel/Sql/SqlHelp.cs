using System.Text.RegularExpressions;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Notebooks.Kernel.Hosting;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>What an editor wants to know about SQL cells, without running them. Thread-safe.</summary>
internal sealed partial class SqlHelp(LakeStore lake, SqlEngine sql)
{
    private const int MostItems = 500;
    private readonly Lazy<IReadOnlyList<Completion>> _words = new(() => Words(sql));

    /// <summary>Tables behind a layer's dot, columns behind a table's or alias' dot, else columns of the mentioned tables, tables, results, functions and keywords.</summary>
    public CompletionsNotification Complete(CompleteCommand command, CancellationToken ct)
    {
        var position = Math.Clamp(command.Position, 0, command.Code.Length);
        var start = position;
        while (start > 0 && (char.IsLetterOrDigit(command.Code[start - 1]) || command.Code[start - 1] == '_')) start--;
        var prefix = command.Code[start..position];
        var items = start > 0 && command.Code[start - 1] == '.' ? Behind(command.Code, start - 1) : Anywhere(command.Code);
        return new CompletionsNotification(command.Request, start, prefix.Length,
            [.. items.TakeWhile(_ => !ct.IsCancellationRequested).Where(i => i.Text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)).DistinctBy(i => i.Text, StringComparer.OrdinalIgnoreCase).Take(MostItems)]);
    }

    /// <summary>Syntax errors, and for one SELECT also unknown names and wrong types.</summary>
    public IReadOnlyList<CellFinding> Findings(string code)
    {
        if (string.IsNullOrWhiteSpace(code)) return [];
        PreparedQuery? prepared = null;
        try
        {
            prepared = sql.Look(code);
            if (prepared.IsSelect) sql.Columns(prepared.Text.Text);
            return [];
        }
        catch (CellFailure e)
        {
            return [Finding(code, e)];
        }
        catch (DuckException e)
        {
            return [Finding(code, SqlFailure.Of(e, prepared?.Text))];
        }
    }

    /// <summary>Reads are the tables without a schema; of what is no SELECT every word may be one.</summary>
    public static CellNames Names(CellText cell)
    {
        var (reads, tables, isSelect) = References(cell.Code);
        var writes = isSelect ? [] : Created().Matches(cell.Code).Select(m => m.Groups[1].Value.Trim('"')).Where(n => !n.Contains('.')).ToList();
        writes.AddRange(SqlVariables.SetIn(cell.Code));
        if (isSelect && cell.ResultName is { Length: > 0 } name) writes.Add(name);
        return new CellNames(cell.Id, [.. writes.Distinct(StringComparer.OrdinalIgnoreCase)], [.. reads.Where(r => isSelect || !writes.Contains(r, StringComparer.OrdinalIgnoreCase))], tables);
    }

    /// <summary>Names without a schema, lake tables, and whether it is one SELECT.</summary>
    public static (IReadOnlyList<string> Names, IReadOnlyList<string> Tables, bool IsSelect) References(string code)
    {
        try
        {
            var found = SqlReferences.Tables(code);
            return ([.. found.Where(t => t.Schema is null).Select(t => t.Table).Concat(SqlVariables.AskedIn(code))], [.. found.Where(t => t.Schema is not null && TableName.TryParse(t.ToString(), out _)).Select(t => t.ToString())], true);
        }
        catch (DuckException)
        {
            // Not (yet) one SELECT.
            return ([.. SqlNames.Words(code)], [.. SqlNames.Qualified(code).Select(t => $"{t.Schema}.{t.Table}")], false);
        }
    }

    private IEnumerable<Completion> Behind(string code, int dot)
    {
        var from = dot;
        while (from > 0 && (char.IsLetterOrDigit(code[from - 1]) || code[from - 1] is '_' or '.')) from--;
        var owner = code[from..dot];
        if (owner is "bronze" or "silver" or "gold")
            return lake.Tables().Where(t => t.LayerName == owner).Select(t => new Completion(t.Name, "type", t.ToString()));
        var mention = Mentions(code).FirstOrDefault(m => string.Equals(m.Alias, owner, StringComparison.OrdinalIgnoreCase) || string.Equals(m.Name, owner, StringComparison.OrdinalIgnoreCase)
            || m.Name.EndsWith("." + owner, StringComparison.OrdinalIgnoreCase));
        return Columns(mention.Name ?? owner);
    }

    private IEnumerable<Completion> Anywhere(string code) =>
        Mentions(code).SelectMany(m => Columns(m.Name).Concat(m.Alias is { } alias ? [new Completion(alias, "local", m.Name)] : []))
            .Concat(sql.ResultNames().Select(r => new Completion(r, "local", "result of a cell")))
            .Concat(lake.Tables().Select(t => new Completion(t.ToString(), "type", null)))
            .Concat(_words.Value);

    private IEnumerable<Completion> Columns(string table)
    {
        if (TableName.TryParse(table, out var name))
            return lake.Table(name).Latest()?.Schema.Columns.Where(c => !c.IsReserved).Select(c => new Completion(c.Name, "field", c.DuckType)) ?? [];
        return sql.ColumnsOf(table)?.Select(c => new Completion(c.Name, "field", c.Type)) ?? [];
    }

    private static IEnumerable<(string Name, string? Alias)> Mentions(string code) =>
        Mention().Matches(code).Select(m => (m.Groups[1].Value.Replace("\"", "", StringComparison.Ordinal), m.Groups[2].Value is { Length: > 0 } alias && !NoAlias.Contains(alias) ? alias : null));

    private static List<Completion> Words(SqlEngine sql)
    {
        using var session = sql.Connect();
        return
        [
            .. Keywords.Select(k => new Completion(k, "keyword", null)),
            .. session.Rows("SELECT DISTINCT function_name FROM duckdb_functions() WHERE regexp_full_match(function_name, '[a-z][a-z0-9_]*') ORDER BY 1").Select(r => new Completion((string)r[0]!, "method", null)),
        ];
    }

    private static CellFinding Finding(string code, CellFailure e)
    {
        var lines = code.Split('\n');
        var line = Math.Clamp(e.Line ?? 1, 1, lines.Length);
        var column = Math.Clamp(e.Column ?? 1, 1, lines[line - 1].Length + 1);
        var end = column;
        while (end <= lines[line - 1].Length && (char.IsLetterOrDigit(lines[line - 1][end - 1]) || lines[line - 1][end - 1] == '_')) end++;
        return new CellFinding(FindingLevel.Error, e.Kind, e.Message, line, column, line, Math.Max(end, column + 1));
    }

    private static readonly HashSet<string> NoAlias = new(StringComparer.OrdinalIgnoreCase)
    {
        "WHERE", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "ON", "USING", "GROUP", "ORDER", "LIMIT", "HAVING", "UNION", "AT", "QUALIFY", "WINDOW", "ASOF", "NATURAL", "SELECT", "EXCEPT", "INTERSECT", "OFFSET",
    };

    private static readonly string[] Keywords =
    [
        "SELECT", "FROM", "WHERE", "GROUP BY", "GROUP BY ALL", "ORDER BY", "HAVING", "LIMIT", "OFFSET", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "ASOF JOIN", "ON", "USING", "AS", "AND", "OR", "NOT", "IN",
        "IS NULL", "IS NOT NULL", "BETWEEN", "LIKE", "ILIKE", "CASE", "WHEN", "THEN", "ELSE", "END", "DISTINCT", "UNION ALL", "UNION", "EXCEPT", "INTERSECT", "WITH", "QUALIFY", "OVER", "PARTITION BY", "CAST", "EXCLUDE", "REPLACE",
        "DESC", "ASC", "NULLS LAST", "FILTER", "PIVOT", "UNPIVOT", "VALUES", "CREATE TABLE", "INSERT INTO", "SUMMARIZE", "DESCRIBE", "INTERVAL", "TRUE", "FALSE", "NULL", "AT (VERSION => ", "AT (TIMESTAMP => ",
    ];

    [GeneratedRegex("""\b(?:FROM|JOIN)\s+((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?)(?:\s+(?:AS\s+)?(\w+))?""", RegexOptions.IgnoreCase)]
    private static partial Regex Mention();

    [GeneratedRegex("""\bCREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP(?:ORARY)?\s+)?(?:TABLE|VIEW|MACRO|FUNCTION|TYPE|SEQUENCE)\s+(?:IF\s+NOT\s+EXISTS\s+)?("[^"]+"|[\w.]+)""", RegexOptions.IgnoreCase)]
    private static partial Regex Created();
}
