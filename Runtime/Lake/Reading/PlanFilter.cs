using System.Globalization;

namespace FlowForge.Lake.Reading;

/// <summary>
/// Reads a filter as DuckDB's plans show it: <c>a&gt;150 AND a&lt;=190</c>, <c>d&gt;='2024-02-01'::DATE</c>, <c>optional: a IN (1, 2)</c>, <c>s='x' OR s='y'</c>, <c>(f IS NOT NULL)</c>.
/// What it does not understand it takes for unknown, which leaves out no file.
/// </summary>
internal sealed class PlanFilter
{
    private readonly string text;
    private int at;

    private PlanFilter(string text) => this.text = text;

    public static RowCondition Parse(string text)
    {
        var filter = new PlanFilter(text.StartsWith("optional: ", StringComparison.Ordinal) ? text[10..] : text);
        try
        {
            List<RowCondition> conditions = [];
            // Filters on partition values stand one behind the other, each in brackets.
            do conditions.Add(filter.Or());
            while (filter.at < filter.text.Length && filter.text[filter.at] == '(');
            return filter.at == filter.text.Length ? RowCondition.All(conditions) : RowCondition.Unknown;
        }
        catch (FormatException)
        {
            return RowCondition.Unknown;
        }
    }

    /// <summary>Columns that the condition names.</summary>
    public static IEnumerable<string> Columns(RowCondition condition) => condition switch
    {
        AllCondition all => all.Conditions.SelectMany(Columns),
        AnyCondition any => any.Conditions.SelectMany(Columns),
        ComparisonCondition c => [c.Column],
        NullCondition c => [c.Column],
        _ => [],
    };

    /// <summary>True when a column's name cannot be taken for anything else in a plan.</summary>
    public static bool IsPlain(string name) => name.Length > 0 && name.All(IsPlain) && !char.IsAsciiDigit(name[0]) && name[0] != '-';

    private static bool IsPlain(char c) => char.IsLetterOrDigit(c) || c is '_' or '-' or '$';

    private RowCondition Or()
    {
        List<RowCondition> parts = [And()];
        while (Accept(" OR ")) parts.Add(And());
        return parts.Count == 1 ? parts[0] : RowCondition.Any(parts);
    }

    private RowCondition And()
    {
        List<RowCondition> parts = [One()];
        while (Accept(" AND ")) parts.Add(One());
        return parts.Count == 1 ? parts[0] : RowCondition.All(parts);
    }

    private RowCondition One()
    {
        Spaces();
        Accept("optional: ");
        if (Accept("("))
        {
            var inner = Or();
            return Accept(")") ? inner : throw new FormatException();
        }
        var column = Name();
        Spaces();
        if (Accept("IS NOT NULL")) return RowCondition.IsNotNull(column);
        if (Accept("IS NULL")) return RowCondition.IsNull(column);
        if (Accept("IN ("))
        {
            List<RowCondition> values = [];
            do values.Add(RowCondition.Compare(column, "=", Value()));
            while (Accept(","));
            return Accept(")") ? RowCondition.Any(values) : throw new FormatException();
        }
        var sign = Accept("<=") ? "<=" : Accept(">=") ? ">=" : Accept("!=") || Accept("<>") ? "!=" : Accept("=") ? "=" : Accept("<") ? "<" : Accept(">") ? ">" : throw new FormatException();
        return RowCondition.Compare(column, sign, Value());
    }

    // Plain names only: an expression is no column.
    private string Name()
    {
        var start = at;
        while (at < text.Length && IsPlain(text[at])) at++;
        return at == start || at < text.Length && text[at] is not ('<' or '>' or '=' or '!' or ' ') ? throw new FormatException() : text[start..at];
    }

    private string Value()
    {
        Spaces();
        string value;
        if (Accept("'")) value = Quoted();
        else
        {
            var start = at;
            while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '.' or '-' or '+')) at++;
            value = text[start..at];
            if (value is not ("true" or "false") && !double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _)) throw new FormatException();
        }
        if (Accept("::"))
        {
            string[] types = ["DATE", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP"];
            if (!types.Any(Accept)) throw new FormatException();
        }
        return value;
    }

    private string Quoted()
    {
        var value = new System.Text.StringBuilder();
        for (; at < text.Length; at++)
        {
            if (text[at] != '\'') value.Append(text[at]);
            else if (at + 1 < text.Length && text[at + 1] == '\'') value.Append(text[at++]);
            else
            {
                at++;
                return value.ToString();
            }
        }
        throw new FormatException();
    }

    private bool Accept(string word)
    {
        if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) return false;
        at += word.Length;
        return true;
    }

    private void Spaces()
    {
        while (at < text.Length && text[at] == ' ') at++;
    }
}
