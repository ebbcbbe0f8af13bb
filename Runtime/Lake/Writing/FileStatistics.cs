using FlowForge.Duck;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Writing;

/// <summary>
/// Turns the statistics that DuckDB returns for a written file into Delta's: row count, and for the first columns (32, as Delta's default) NULL count,
/// minimum and maximum. A bound that cannot be given exactly as the protocol wants it is left out rather than guessed.
/// </summary>
internal sealed class FileStatistics
{
    private const int IndexedColumns = 32;
    private const int TextPrefix = 32;
    private readonly List<(string[] Path, string Key, PrimitiveOrDecimal Type)> leaves = [];

    public FileStatistics(TableSchema columns, IReadOnlyList<string> partitionBy)
    {
        foreach (var column in columns.Columns.Where(c => !partitionBy.Contains(c.Name, StringComparer.OrdinalIgnoreCase))) AddLeaves(column, []);
        if (leaves.Count > IndexedColumns) leaves.RemoveRange(IndexedColumns, leaves.Count - IndexedColumns);
    }

    /// <summary>The statistics as the log's JSON text.</summary>
    /// <param name="rows">Rows in the file.</param>
    /// <param name="columnStatistics">DuckDB's map from column to its map of statistics.</param>
    public string Write(long rows, object? columnStatistics)
    {
        var found = columnStatistics as IReadOnlyDictionary<string, object?> ?? new Dictionary<string, object?>();
        var entries = leaves
            .Select(l => (l.Path, l.Type, Values: found.GetValueOrDefault(l.Key) as IReadOnlyDictionary<string, object?>))
            .Where(e => e.Values is not null).ToList();
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, SchemaJson.Compact))
        {
            json.WriteStartObject();
            json.WriteNumber("numRecords", rows);
            WriteTree(json, "minValues", entries, 0, e => Bound(e.Type, e.Values!, upper: false));
            WriteTree(json, "maxValues", entries, 0, e => Bound(e.Type, e.Values!, upper: true));
            WriteTree(json, "nullCount", entries, 0, e => Text(e.Values!, "null_count"));
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private void AddLeaves(TableColumn column, string[] parents)
    {
        string[] path = [.. parents, column.Name];
        if (column.Type is StructType s)
        {
            foreach (var field in s.Fields) AddLeaves(field, path);
            return;
        }
        if (column.Type.IsPrimitive) leaves.Add((path, string.Join('.', path.Select(SqlText.Identifier)), new PrimitiveOrDecimal(column.Type)));
    }

    // Nested as the columns are; entries of one struct lie side by side.
    private static void WriteTree<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> entries, int depth, Func<T, string?> value) where T : struct, System.Runtime.CompilerServices.ITuple
    {
        json.WriteStartObject(name);
        for (var i = 0; i < entries.Count;)
        {
            var path = (string[])entries[i][0]!;
            if (path.Length == depth + 1)
            {
                if (value(entries[i]) is { } text)
                {
                    json.WritePropertyName(path[depth]);
                    json.WriteRawValue(text);
                }
                i++;
                continue;
            }
            var inner = entries.Skip(i).TakeWhile(e => ((string[])e[0]!).Length > depth + 1 && ((string[])e[0]!)[depth] == path[depth]).ToList();
            WriteTree(json, path[depth], inner, depth + 1, value);
            i += inner.Count;
        }
        json.WriteEndObject();
    }

    private static string? Bound(PrimitiveOrDecimal type, IReadOnlyDictionary<string, object?> values, bool upper) =>
        Text(values, "has_nan") != "true" && Text(values, upper ? "max" : "min") is { } text ? type.ToJson(text, upper) : null;

    private static string? Text(IReadOnlyDictionary<string, object?> values, string key) => values.GetValueOrDefault(key) as string;

    /// <summary>How a bound of a type is written.</summary>
    private readonly record struct PrimitiveOrDecimal(DeltaType Type)
    {
        public string? ToJson(string text, bool upper) => Type switch
        {
            // DuckDB leaves out the zero before the point where the type has no digit there; JSON demands it.
            DecimalType => IsNumber(WithZero(text)) ? WithZero(text) : null,
            PrimitiveType { Name: "long" or "integer" or "short" or "byte" } => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? text : null,
            PrimitiveType { Name: "double" or "float" } =>
                double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : null,
            PrimitiveType { Name: "string" } => Quoted(Cut(text, upper)),
            PrimitiveType { Name: "date" } => text.Length == 10 && DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? Quoted(text) : null,
            PrimitiveType { Name: "timestamp" } => Time(text, upper) is { } time ? Quoted(time + "Z") : null,
            PrimitiveType { Name: "timestamp_ntz" } => Time(text, upper) is { } time ? Quoted(time) : null,
            _ => null,
        };

        private static string WithZero(string text) => text.StartsWith('.') ? "0" + text : text.StartsWith("-.", StringComparison.Ordinal) ? "-0" + text[1..] : text;

        private static bool IsNumber(string text) => text.Length > 0 && text.All(c => char.IsAsciiDigit(c) || c is '-' or '.') && char.IsAsciiDigit(text[^1]) && (char.IsAsciiDigit(text[0]) || text.Length > 1 && char.IsAsciiDigit(text[1]));

        private static string Quoted(string text) => "\"" + JsonEncodedText.Encode(text, SchemaJson.Compact.Encoder) + "\"";

        // A prefix is a lower bound by itself; as an upper bound it gets the highest character behind it.
        private static string Cut(string text, bool upper)
        {
            var runes = text.EnumerateRunes().Take(TextPrefix + 1).ToList();
            if (runes.Count <= TextPrefix) return text;
            var prefix = string.Concat(runes.Take(TextPrefix).Select(r => r.ToString()));
            return upper ? prefix + "\U0010FFFF" : prefix;
        }

        // Milliseconds: down for a lower bound, up for an upper one, so that no value lies outside. DuckDB writes instants in UTC.
        private static string? Time(string text, bool upper)
        {
            var plain = text.EndsWith("+00", StringComparison.Ordinal) ? text[..^3] : text;
            string[] formats = ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFF"];
            if (!DateTime.TryParseExact(plain, formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)) return null;
            var rest = time.Ticks % TimeSpan.TicksPerMillisecond;
            if (rest != 0)
            {
                time = time.AddTicks(-rest);
                // The last millisecond of the year 9999 has no higher bound.
                if (upper && time > DateTime.MaxValue.AddMilliseconds(-1)) return null;
                if (upper) time = time.AddMilliseconds(1);
            }
            return time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture);
        }
    }
}
