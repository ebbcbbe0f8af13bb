using System.Globalization;
using System.Text.Json;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Reading;

/// <summary>Tells from a file's statistics and partition values that it holds no value of a column within a range. In doubt it may.</summary>
internal static class FileSkipping
{
    /// <param name="file">The file.</param>
    /// <param name="column">A column of the table.</param>
    /// <param name="isPartition">True when its value lies in the log.</param>
    /// <param name="low">Smallest value asked for, as DuckDB casts it to text; in Delta's ISO form for times.</param>
    /// <param name="high">Largest one.</param>
    public static bool MayContain(DataFile file, TableColumn column, bool isPartition, string low, string high)
    {
        if (isPartition)
            return !file.PartitionValues.TryGetValue(column.Name, out var value) || value is null || Compare(column.Type, value, low) is not < 0 && Compare(column.Type, value, high) is not > 0;
        if (file.StatisticsJson is null) return true;
        using var document = JsonDocument.Parse(file.StatisticsJson);
        var (min, max) = (Bound(document.RootElement, "minValues", column.Name), Bound(document.RootElement, "maxValues", column.Name));
        return (min is null || Compare(column.Type, min, high) is not > 0) && (max is null || Compare(column.Type, max, low) is not < 0);
    }

    private static string? Bound(JsonElement statistics, string kind, string column) =>
        statistics.TryGetProperty(kind, out var values) && values.TryGetProperty(column, out var value)
            ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.ValueKind == JsonValueKind.Number ? value.GetRawText() : null
            : null;

    // Null: cannot be told. Times are left to the scan itself: their text forms differ between writers.
    private static int? Compare(DeltaType type, string a, string b) => type switch
    {
        PrimitiveType { Name: "string" } => Utf8(a, b),
        PrimitiveType { Name: "date" } when a.Length == 10 && b.Length == 10 => string.CompareOrdinal(a, b),
        PrimitiveType { Name: "long" or "integer" or "short" or "byte" } when long.TryParse(a, CultureInfo.InvariantCulture, out var x) && long.TryParse(b, CultureInfo.InvariantCulture, out var y) => x.CompareTo(y),
        PrimitiveType { Name: "double" or "float" } when double.TryParse(a, CultureInfo.InvariantCulture, out var x) && double.TryParse(b, CultureInfo.InvariantCulture, out var y) => x.CompareTo(y),
        DecimalType when decimal.TryParse(a, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) && decimal.TryParse(b, NumberStyles.Float, CultureInfo.InvariantCulture, out var y) => x.CompareTo(y),
        _ => null,
    };

    // As Parquet and DuckDB order texts: by UTF-8 bytes.
    private static int Utf8(string a, string b) => System.Text.Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(b));
}
