using System.Buffers;
using System.Globalization;
using System.Text;

namespace FlowForge.Lake.Schema;

/// <summary>Which names a column can have, and how a foreign name is turned into a standard one.</summary>
public static class ColumnNames
{
    // Readers on the JVM refuse these in Parquet field names unless the table maps its columns.
    private static readonly SearchValues<char> Refused = SearchValues.Create(" ,;{}()\n\t=");

    /// <summary>
    /// The standard form: lower case, letters and digits kept, runs of anything else become one '_', no leading digit: <c>US Gross</c> → <c>us_gross</c>,
    /// <c>OrderID</c> → <c>orderid</c>. Never empty.
    /// </summary>
    public static string Standard(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var c in name.Normalize(NormalizationForm.FormC))
        {
            if (char.IsLetterOrDigit(c)) text.Append(char.ToLower(c, CultureInfo.InvariantCulture));
            else if (text.Length > 0 && text[^1] != '_') text.Append('_');
        }
        while (text.Length > 0 && text[^1] == '_') text.Length--;
        if (text.Length == 0) return "column";
        if (char.IsDigit(text[0])) text.Insert(0, '_');
        return text.ToString();
    }

    /// <summary>Standard forms of all names, made unique by a number at the end where two become one.</summary>
    public static IReadOnlyList<string> StandardAll(IEnumerable<string> names)
    {
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var result = new List<string>();
        foreach (var name in names)
        {
            var standard = Standard(name);
            var unique = standard;
            for (var n = 2; !taken.Add(unique); n++) unique = string.Create(CultureInfo.InvariantCulture, $"{standard}_{n}");
            result.Add(unique);
        }
        return result;
    }

    /// <summary>Why the name cannot be a column of a table, or null when it can.</summary>
    public static string? Problem(string name)
    {
        if (name.Length == 0) return "a column needs a name";
        var bad = name.AsSpan().IndexOfAny(Refused);
        return bad < 0 ? null : $"the character '{name[bad]}' cannot stand in a column's name";
    }
}
