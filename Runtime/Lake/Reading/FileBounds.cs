using System.Globalization;
using System.Text.Json;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Reading;

/// <summary>What the log says of the values of a file: partition values, smallest and largest values, numbers of NULLs. Null answers mean that nothing is known.</summary>
internal sealed class FileBounds(DataFile file, TableSnapshot table) : IDisposable
{
    private readonly JsonDocument? statistics = file.StatisticsJson is { } text ? JsonDocument.Parse(text) : null;

    /// <summary>Bounds that enclose all values of the column that are not NULL.</summary>
    public (string? Low, string? High) Range(TableColumn column)
    {
        if (IsPartition(column)) return table.PartitionValue(file, column.Name) is { } value ? (value, value) : (null, null);
        var (low, high) = (Bound("minValues", column), Bound("maxValues", column));
        // Writers cut instants down to milliseconds.
        if (high is not null && column.Type is PrimitiveType { Name: "timestamp" or "timestamp_ntz" })
            high = Values.Time(high) is { } time && time < DateTimeOffset.MaxValue.AddDays(-1) ? time.AddMilliseconds(1).ToString("O", CultureInfo.InvariantCulture) : null;
        // NaN is the greatest number in DuckDB, and other writers may pass over it.
        if (column.Type is PrimitiveType { Name: "double" or "float" } && !IsOwn) high = null;
        return (low, high);
    }

    /// <summary>True when every row has NULL there.</summary>
    public bool IsAllNull(TableColumn column) => IsPartition(column) ? table.PartitionValue(file, column.Name) is null : Nulls(column) is { } nulls && PhysicalRows is { } rows && nulls == rows;

    /// <summary>True when no row has NULL there.</summary>
    public bool HasNoNull(TableColumn column) => IsPartition(column) ? table.PartitionValue(file, column.Name) is not null : Nulls(column) == 0;

    /// <summary>Rows with a value there, when that is known exactly.</summary>
    public long? RowsWithValue(TableColumn column) => IsPartition(column) ? table.PartitionValue(file, column.Name) is null ? 0 : file.Rows : file.DeletionVector is null && Nulls(column) is { } nulls && PhysicalRows is { } rows ? rows - nulls : null;

    public void Dispose() => statistics?.Dispose();

    // A file of ours has bounds only where no value is NaN.
    private bool IsOwn => file.Tags?.ContainsKey(ScanSql.ColumnsTag) == true;

    private long? PhysicalRows => statistics is not null && statistics.RootElement.TryGetProperty("numRecords", out var rows) && rows.TryGetInt64(out var count) ? count : null;

    private bool IsPartition(TableColumn column) => table.PartitionColumns.Contains(column.Name, StringComparer.OrdinalIgnoreCase);

    private long? Nulls(TableColumn column) => Find("nullCount", column) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var count) ? count : null;

    private string? Bound(string kind, TableColumn column) =>
        Find(kind, column) is { } value ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.ValueKind == JsonValueKind.Number ? value.GetRawText() : null : null;

    private JsonElement? Find(string kind, TableColumn column) =>
        statistics is not null && statistics.RootElement.TryGetProperty(kind, out var values) && values.ValueKind == JsonValueKind.Object && values.TryGetProperty(table.Mapping.Physical(column), out var value) ? value : null;
}
