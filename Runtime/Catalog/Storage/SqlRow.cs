using System.Text.Json;
using FlowForge.Pipelines;
using Microsoft.Data.Sqlite;

namespace FlowForge.Catalog;

/// <summary>The current row of a result, read by column name in the catalog's own types.</summary>
internal readonly struct SqlRow(SqliteDataReader reader)
{
    public string Text(string column) => reader.GetString(reader.GetOrdinal(column));

    public string? TextOrNull(string column) => reader.GetOrdinal(column) is var i && reader.IsDBNull(i) ? null : reader.GetString(i);

    public long Long(string column) => reader.GetInt64(reader.GetOrdinal(column));

    public long? LongOrNull(string column) => reader.GetOrdinal(column) is var i && reader.IsDBNull(i) ? null : reader.GetInt64(i);

    public int Int(string column) => checked((int)Long(column));

    public bool Flag(string column) => Long(column) != 0;

    public double? RealOrNull(string column) => reader.GetOrdinal(column) is var i && reader.IsDBNull(i) ? null : reader.GetDouble(i);

    public DateTimeOffset Time(string column) => CatalogTime.Read(Long(column));

    public DateTimeOffset? TimeOrNull(string column) => LongOrNull(column) is { } value ? CatalogTime.Read(value) : null;

    public T Enum<T>(string column) where T : struct, Enum => EnumText.Parse<T>(Text(column));

    public IReadOnlyList<string> List(string column) => JsonSerializer.Deserialize<string[]>(Text(column)) ?? [];

    public RunError? Error() =>
        TextOrNull("error_code") is { } code ? new RunError(code, Text("error_message"), TextOrNull("error_suggestion")) : null;

    public long Long(int index) => reader.GetInt64(index);

    public bool IsNull(int index) => reader.IsDBNull(index);

    public object? Value(int index) => reader.IsDBNull(index) ? null : reader.GetValue(index);
}

/// <summary>How times are stored: microseconds since 1970, UTC.</summary>
internal static class CatalogTime
{
    public static long Write(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static object? Write(DateTimeOffset? time) => time is { } t ? Write(t) : null;

    public static DateTimeOffset Read(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
