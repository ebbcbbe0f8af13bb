using System.Globalization;
using System.Text.RegularExpressions;

namespace FlowForge.Pipelines;

/// <summary>The types of user_schema: DuckDB's, and the short names that people and the seeds use.</summary>
internal static partial class ColumnTypes
{
    private static readonly Dictionary<string, string> Plain = new(StringComparer.OrdinalIgnoreCase)
    {
        ["string"] = "VARCHAR", ["text"] = "VARCHAR", ["varchar"] = "VARCHAR", ["char"] = "VARCHAR", ["bpchar"] = "VARCHAR", ["str"] = "VARCHAR",
        ["bool"] = "BOOLEAN", ["boolean"] = "BOOLEAN", ["logical"] = "BOOLEAN",
        ["tinyint"] = "TINYINT", ["int1"] = "TINYINT", ["smallint"] = "SMALLINT", ["int2"] = "SMALLINT", ["short"] = "SMALLINT",
        ["int"] = "INTEGER", ["integer"] = "INTEGER", ["int4"] = "INTEGER", ["int32"] = "INTEGER",
        ["bigint"] = "BIGINT", ["int8"] = "BIGINT", ["int64"] = "BIGINT", ["long"] = "BIGINT",
        ["hugeint"] = "HUGEINT", ["uhugeint"] = "UHUGEINT",
        ["utinyint"] = "UTINYINT", ["usmallint"] = "USMALLINT", ["uinteger"] = "UINTEGER", ["ubigint"] = "UBIGINT",
        ["float"] = "FLOAT", ["real"] = "FLOAT", ["float4"] = "FLOAT", ["double"] = "DOUBLE", ["float8"] = "DOUBLE", ["double precision"] = "DOUBLE", ["number"] = "DOUBLE",
        ["decimal"] = "DECIMAL(18,3)", ["numeric"] = "DECIMAL(18,3)",
        ["date"] = "DATE", ["time"] = "TIME", ["timetz"] = "TIME WITH TIME ZONE",
        ["timestamp"] = "TIMESTAMP", ["datetime"] = "TIMESTAMP", ["timestamptz"] = "TIMESTAMP WITH TIME ZONE", ["timestamp with time zone"] = "TIMESTAMP WITH TIME ZONE",
        ["timestamp_s"] = "TIMESTAMP_S", ["timestamp_ms"] = "TIMESTAMP_MS", ["timestamp_ns"] = "TIMESTAMP_NS",
        ["interval"] = "INTERVAL", ["uuid"] = "UUID", ["blob"] = "BLOB", ["bytea"] = "BLOB", ["binary"] = "BLOB", ["json"] = "JSON",
    };

    public static IReadOnlyCollection<string> Known => Plain.Keys;

    /// <summary>The DuckDB form; null for an unknown type.</summary>
    public static string? Resolve(string text) => Resolve(text.Trim(), 0);

    private static string? Resolve(string text, int depth)
    {
        if (depth > 8)
        {
            return null;
        }
        if (text.EndsWith(']') && Array().Match(text) is { Success: true } array)
        {
            return Resolve(array.Groups["item"].Value.Trim(), depth + 1) is { } item ? item + array.Groups["size"].Value : null;
        }
        if (Plain.TryGetValue(Spaces().Replace(text, " "), out var plain))
        {
            return plain;
        }
        var open = text.IndexOf('(', StringComparison.Ordinal);
        if (open < 0 || !text.EndsWith(')'))
        {
            return null;
        }
        var (name, inside) = (text[..open].Trim().ToUpperInvariant(), Split(text[(open + 1)..^1]));
        return name switch
        {
            "DECIMAL" or "NUMERIC" => Decimal(inside),
            "VARCHAR" or "CHAR" or "TEXT" when inside.Count == 1 && int.TryParse(inside[0], CultureInfo.InvariantCulture, out _) => "VARCHAR",
            "MAP" when inside.Count == 2 && Resolve(inside[0], depth + 1) is { } key && Resolve(inside[1], depth + 1) is { } value => $"MAP({key}, {value})",
            "STRUCT" => Struct(inside, depth),
            _ => null,
        };
    }

    private static string? Decimal(List<string> inside) =>
        inside.Count is 1 or 2
        && int.TryParse(inside[0], CultureInfo.InvariantCulture, out var width) && width is >= 1 and <= 38
        && int.TryParse(inside.ElementAtOrDefault(1) ?? "0", CultureInfo.InvariantCulture, out var scale) && scale >= 0 && scale <= width
            ? $"DECIMAL({width},{scale})"
            : null;

    private static string? Struct(List<string> inside, int depth)
    {
        List<string> fields = [];
        foreach (var field in inside)
        {
            var match = StructField().Match(field);
            if (!match.Success || Resolve(match.Groups["type"].Value.Trim(), depth + 1) is not { } type)
            {
                return null;
            }
            fields.Add($"\"{match.Groups["name"].Value.Trim('"')}\" {type}");
        }
        return fields.Count == 0 ? null : $"STRUCT({string.Join(", ", fields)})";
    }

    /// <summary>Parts between the commas that stand in no bracket.</summary>
    private static List<string> Split(string text)
    {
        List<string> parts = [];
        var (depth, start) = (0, 0);
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && depth == 0))
            {
                parts.Add(text[start..i].Trim());
                start = i + 1;
            }
            else
            {
                depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            }
        }
        return parts;
    }

    [GeneratedRegex(@"^(?<item>.+?)\s*(?<size>\[[0-9]{0,6}\])\z", RegexOptions.CultureInvariant)]
    private static partial Regex Array();

    [GeneratedRegex(@"^(?<name>[A-Za-z_][A-Za-z0-9_]*|""[^""]+"")\s+(?<type>.+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex StructField();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
