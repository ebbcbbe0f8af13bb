using System.Globalization;
using System.Text;

namespace FlowForge.Duck;

/// <summary>Quoting for DuckDB's SQL: the only place that does it. Values better travel as parameters where a statement allows them.</summary>
public static class SqlText
{
    /// <summary>A name in double quotes, always, so that no name needs to be looked up in a list of keywords.</summary>
    /// <exception cref="ArgumentException">Empty, or with a NUL character.</exception>
    public static string Identifier(string name)
    {
        if (string.IsNullOrEmpty(name)) throw new ArgumentException("A name must not be empty.", nameof(name));
        return "\"" + Clean(name).Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }

    /// <summary>A dotted name, each part quoted: <c>"bronze"."flights"</c>.</summary>
    public static string QualifiedName(params ReadOnlySpan<string> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts) text.Append(text.Length == 0 ? "" : ".").Append(Identifier(part));
        return text.ToString();
    }

    /// <summary>Names in double quotes with commas between.</summary>
    public static string Identifiers(IEnumerable<string> names) => string.Join(", ", names.Select(Identifier));

    /// <summary>Text in single quotes. No character but the quote itself is special.</summary>
    public static string Literal(string text) => "'" + Clean(text).Replace("'", "''", StringComparison.Ordinal) + "'";

    /// <summary>The path as a pattern of files that means just itself: functions such as <c>read_parquet</c> expand patterns.</summary>
    public static string GlobSafe(string path) =>
        path.AsSpan().IndexOfAny("*?[") < 0 ? path : string.Concat(path.Select(c => c is '*' or '?' or '[' ? $"[{c}]" : c.ToString()));

    /// <summary>A path for a function that expands patterns, as a literal that means just this file.</summary>
    public static string File(string path) => Literal(GlobSafe(path));

    /// <summary>A list of such paths.</summary>
    public static string Files(IEnumerable<string> paths) => LiteralList(paths.Select(GlobSafe));

    /// <summary>A list of texts: <c>['a', 'b']</c>.</summary>
    public static string LiteralList(IEnumerable<string> texts) => "[" + string.Join(", ", texts.Select(Literal)) + "]";

    /// <summary>A value as an SQL literal: null, bool, numbers, text, dates, times, blobs, Guid.</summary>
    /// <exception cref="ArgumentException">A type without a literal.</exception>
    public static string Literal(object? value) => value switch
    {
        null or DBNull => "NULL",
        string s => Literal(s),
        bool b => b ? "true" : "false",
        sbyte or byte or short or ushort or int or uint or long or ulong or Int128 or System.Numerics.BigInteger =>
            ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
        decimal d => d.ToString(CultureInfo.InvariantCulture),
        float f => float.IsFinite(f) ? f.ToString("R", CultureInfo.InvariantCulture) + "::FLOAT" : $"'{Special(f)}'::FLOAT",
        double d => double.IsFinite(d) ? d.ToString("R", CultureInfo.InvariantCulture) + "::DOUBLE" : $"'{Special(d)}'::DOUBLE",
        DateOnly d => $"DATE '{d.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}'",
        TimeOnly t => $"TIME '{t.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}'",
        DateTime { Kind: DateTimeKind.Unspecified } t => $"TIMESTAMP '{t.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}'",
        DateTime t => Instant(t.ToUniversalTime()),
        DateTimeOffset t => Instant(t.UtcDateTime),
        Guid g => $"'{g:D}'::UUID",
        byte[] b => $"from_hex('{Convert.ToHexString(b)}')",
        _ => throw new ArgumentException($"A {value.GetType().Name} has no SQL literal; bind it as a parameter.", nameof(value)),
    };

    private static string Instant(DateTime utc) => $"TIMESTAMPTZ '{utc.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00'";
    private static string Special(double d) => double.IsNaN(d) ? "nan" : d > 0 ? "inf" : "-inf";

    private static string Clean(string text) =>
        text.Contains('\0') ? throw new ArgumentException("SQL text cannot hold a NUL character; bind it as a parameter.", nameof(text)) : text;
}
