using System.Globalization;
using System.Text.RegularExpressions;

namespace FlowForge.Plugins.Rest.NetSuite;

/// <summary>The text of a read in SuiteQL: what to read, from which watermark on, behind which key.</summary>
internal static partial class SuiteQl
{
    /// <param name="after">
    /// The key of the last row that was read; null at the start. It is always written as a text: the service gives numbers as texts, so that it does not tell which the column is, and a text in the place of a number
    /// is taken for the number, while a number in the place of a text compares by another order than the rows come in.
    /// </param>
    /// <exception cref="TerminalException">A name that is none.</exception>
    public static string Of(NetSuiteSpec spec, string? table, Watermark? from, string? after)
    {
        var conditions = new List<string>();
        if (from is { Value: { } value } mark)
        {
            var bound = $"{Name(mark.Column, "watermark_column")} >= {Bound(value, spec.WatermarkKind)}";
            conditions.Add(mark.IncludeNulls ? $"({bound} OR {mark.Column} IS NULL)" : bound);
        }
        if (after is not null) conditions.Add($"{Name(spec.Key, "key")} > {Quoted(after)}");
        var source = spec.Query is { } query ? $"({query.Trim().TrimEnd(';')})" : Name(table ?? spec.TableName ?? throw new TerminalException("Neither table_name nor query is given.", "Say what to read."), "table_name");
        return $"SELECT * FROM {source}{(conditions.Count > 0 ? $" WHERE {string.Join(" AND ", conditions)}" : "")}{(spec.Key.Length > 0 ? $" ORDER BY {Name(spec.Key, "key")}" : "")}";
    }

    /// <summary>Whether a text can stand in JSON as a number: no leading zeros, nothing around it.</summary>
    public static bool IsJsonNumber(string text) => JsonNumberPattern().IsMatch(text);

    private static string Bound(string value, WatermarkKind kind) => kind switch
    {
        WatermarkKind.Number or WatermarkKind.Auto when IsNumber(value) => value,
        WatermarkKind.Number => throw new TerminalException($"The watermark {value} is no number, and watermark_kind asks for one.", "Set watermark_kind: text, or reset the job's watermark."),
        WatermarkKind.Time or WatermarkKind.Auto when DateTime.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time) =>
            string.Create(CultureInfo.InvariantCulture, $"TO_TIMESTAMP('{time:yyyy-MM-dd HH:mm:ss.ffffff}', 'YYYY-MM-DD HH24:MI:SS.FF6')"),
        WatermarkKind.Time => throw new TerminalException($"The watermark {value} is no time, and watermark_kind asks for one.", "Set watermark_kind: text, or reset the job's watermark."),
        _ => Quoted(value),
    };

    private static bool IsNumber(string text) => NumberPattern().IsMatch(text);

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Name(string name, string setting) => NamePattern().IsMatch(name) ? name
        : throw new TerminalException($"{setting} is \"{name}\", which is no name of SuiteQL.", "Names have letters, digits and _; write anything else as a query.");

    [GeneratedRegex(@"^-?\d{1,30}(\.\d{1,30})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"^-?(0|[1-9]\d{0,37})(\.\d{1,30})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex JsonNumberPattern();

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,127}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
