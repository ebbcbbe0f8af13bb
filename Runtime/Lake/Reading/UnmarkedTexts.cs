using System.Collections.Concurrent;
using FlowForge.Duck;
using FlowForge.Lake.Log;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Reading;

/// <summary>
/// Finds columns of texts that a file does not mark as such (some writers leave that out). DuckDB can take all that is not marked for texts, or nothing: in a table that has binary columns too the texts would come back as
/// escaped bytes, and nobody would notice.
/// </summary>
internal static class UnmarkedTexts
{
    // Files never change.
    private static readonly ConcurrentDictionary<string, string?> Known = new(StringComparer.Ordinal);
    private const int MostKnown = 100_000;

    /// <summary>The first such column of a file on this machine, by its name in the file; null when there is none.</summary>
    public static string? Find(string path, IReadOnlyList<TableColumn> stored)
    {
        if (Known.TryGetValue(path, out var known)) return known;
        if (Known.Count > MostKnown) Known.Clear();
        return Known[path] = Look(path, stored);
    }

    private static string? Look(string path, IReadOnlyList<TableColumn> stored)
    {
        var open = new Stack<long>();
        var unmarked = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var top = "";
        using var session = LogEngine.Connect();
        foreach (var row in session.Rows($"SELECT name, coalesce(num_children, 0)::BIGINT, type = 'BYTE_ARRAY' AND converted_type IS NULL AND logical_type IS NULL FROM parquet_schema({SqlText.File(path)})"))
        {
            // Columns come depth first below one root.
            while (open.TryPeek(out var left) && left == 0) open.Pop();
            if (open.Count == 1) top = (string)row[0]!;
            if (open.TryPop(out var rest)) open.Push(rest - 1);
            if ((long)row[1]! > 0) open.Push((long)row[1]!);
            else if (row[2] is true) unmarked[top] = unmarked.GetValueOrDefault(top) + 1;
        }
        return stored.FirstOrDefault(c => unmarked.GetValueOrDefault(c.Name) > Binaries(c.Type))?.Name;
    }

    private static int Binaries(DeltaType type) => type switch
    {
        ArrayType list => Binaries(list.Element),
        MapType map => Binaries(map.Key) + Binaries(map.Value),
        StructType s => s.Fields.Sum(f => Binaries(f.Type)),
        _ => type.Equals(PrimitiveType.Binary) ? 1 : 0,
    };
}
