using System.Globalization;
using System.Text;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Reading;

/// <summary>Compares values that are written as text, in the way DuckDB orders the type.</summary>
internal static class Values
{
    /// <summary>Negative, zero or positive; null when it cannot be told.</summary>
    public static int? Compare(DeltaType type, string a, string b) => type switch
    {
        PrimitiveType { Name: "string" } => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)),
        PrimitiveType { Name: "date" } => Date(a) is { } x && Date(b) is { } y ? x.CompareTo(y) : null,
        PrimitiveType { Name: "timestamp" or "timestamp_ntz" } => Time(a) is { } x && Time(b) is { } y ? x.CompareTo(y) : null,
        PrimitiveType { Name: "boolean" } => bool.TryParse(a, out var x) && bool.TryParse(b, out var y) ? x.CompareTo(y) : null,
        PrimitiveType { Name: "double" or "float" } => Number(a) is { } x && Number(b) is { } y ? x.CompareTo(y) : null,
        PrimitiveType { Name: "long" or "integer" or "short" or "byte" } or DecimalType => Exact(a) is { } x && Exact(b) is { } y ? x.CompareTo(y) : null,
        _ => null,
    };

    /// <summary>An instant, or a zone-less time taken as UTC: in Delta's forms or in DuckDB's.</summary>
    public static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text.EndsWith("+00", StringComparison.Ordinal) ? text[..^3] + "Z" : text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;

    private static DateOnly? Date(string text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date : null;

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    // A decimal of .NET has 28 digits for sure; more of them would be rounded.
    private static decimal? Exact(string text) =>
        text.Count(char.IsAsciiDigit) <= 28 && decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;
}
