using System.Globalization;
using System.Text;
using System.Text.Json;
using FlowForge.Duck;
using FlowForge.Lake.Schema;

namespace FlowForge.Interop.Tests;

/// <summary>
/// One text for a value, whoever read it: numbers without needless zeros, texts as JSON, binaries in hex, instants with six digits, ∅ for NULL. What ClickHouse cannot tell apart is one
/// text too: a NULL list or map is an empty one there, a NULL struct one of NULLs.
/// </summary>
internal static class CommonForm
{
    public const string Null = "∅";

    /// <summary>An expression of DuckDB that gives a value with all its leaves as text, or as hex where they are binary.</summary>
    public static string Leaves(DeltaType type, string value, int depth = 0) => type switch
    {
        PrimitiveType { Name: "string" } => value,
        PrimitiveType { Name: "binary" } => $"lower(hex({value}))",
        ArrayType list => $"list_transform({value}, lambda e{depth}: {Leaves(list.Element, $"e{depth}", depth + 1)})",
        MapType map => $"list_transform(map_entries({value}), lambda e{depth}: {{'keys': {Leaves(map.Key, $"e{depth}.key", depth + 1)}, 'values': {Leaves(map.Value, $"e{depth}.value", depth + 1)}}})",
        StructType s => $"CASE WHEN {value} IS NULL THEN NULL ELSE struct_pack({string.Join(", ", s.Fields.Select(f => $"{SqlText.Identifier(f.Name)} := {Leaves(f.Type, $"{value}.{SqlText.Identifier(f.Name)}", depth + 1)}"))}) END",
        _ => $"CAST({value} AS VARCHAR)",
    };

    /// <summary>The text of a value out of JSON that DuckDB (with <see cref="Leaves"/>) or ClickHouse made.</summary>
    /// <param name="bytes">True where texts hold one character a byte.</param>
    public static string Of(DeltaType type, JsonElement value, bool bytes)
    {
        var isNull = value.ValueKind == JsonValueKind.Null;
        switch (type)
        {
            case ArrayType list:
                return isNull ? "[]" : $"[{string.Join(", ", value.EnumerateArray().Select(e => Of(list.Element, e, bytes)))}]";
            case MapType map:
                return isNull ? "<>" : $"<{string.Join(", ", value.EnumerateArray().Select(e => $"{Of(map.Key, e.GetProperty("keys"), bytes)}: {Of(map.Value, e.GetProperty("values"), bytes)}"))}>";
            case StructType s:
                var fields = isNull ? [] : value.EnumerateObject().ToList();
                if (!isNull) Assert.Equal(s.Fields.Count, fields.Count);
                return $"{{{string.Join(", ", s.Fields.Select((f, i) => isNull ? OfNull(f.Type) : Of(f.Type, fields[i].Value, bytes)))}}}";
        }
        if (isNull) return Null;
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return type switch
        {
            PrimitiveType { Name: "string" } => JsonSerializer.Serialize(bytes ? Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(text)) : text),
            PrimitiveType { Name: "binary" } => bytes ? Convert.ToHexStringLower(Encoding.Latin1.GetBytes(text)) : text,
            PrimitiveType { Name: "float" } => Number(text).ToString("R", CultureInfo.InvariantCulture) is var n && float.TryParse(n, CultureInfo.InvariantCulture, out var single) ? single.ToString("R", CultureInfo.InvariantCulture) : text,
            PrimitiveType { Name: "double" } => Number(text).ToString("R", CultureInfo.InvariantCulture),
            PrimitiveType { Name: "timestamp" or "timestamp_ntz" } => Time(text),
            DecimalType => Decimal(text),
            _ => text,
        };
    }

    private static string OfNull(DeltaType type)
    {
        using var none = JsonDocument.Parse("null");
        return Of(type, none.RootElement, false);
    }

    // DuckDB writes no zero before the point where the type has no digit there.
    private static string Decimal(string text)
    {
        var (sign, digits) = text.StartsWith('-') ? ("-", text[1..]) : ("", text);
        if (digits.Contains('.', StringComparison.Ordinal)) digits = digits.TrimEnd('0').TrimEnd('.');
        return sign + (digits.StartsWith('.') || digits.Length == 0 ? "0" + digits : digits);
    }

    private static double Number(string text) => text switch
    {
        "nan" => double.NaN, "inf" => double.PositiveInfinity, "-inf" => double.NegativeInfinity, _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    private static string Time(string text)
    {
        var plain = text.EndsWith("+00", StringComparison.Ordinal) ? text[..^3] : text;
        var point = plain.IndexOf('.', StringComparison.Ordinal);
        return point < 0 ? plain + ".000000" : plain.PadRight(point + 7, '0');
    }
}
