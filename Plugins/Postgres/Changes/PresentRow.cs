using System.Buffers.Binary;
using System.Globalization;
using Npgsql;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>
/// The present values of one row, in their binary form. They are at least as new as the change that left them out; had they changed since, a
/// later change carries them again, and had the row gone, a delete follows.
/// </summary>
internal static class PresentRow
{
    public static byte[]?[] Read(NpgsqlConnection connection, ChangeTable table, IReadOnlyList<(string Column, object? Value)> key)
    {
        var columns = table.Plan.Columns;
        var values = new byte[]?[columns.Count];
        var where = string.Join(" AND ", key.Select(k => $"{Sql.Name(k.Column)} = {Sql.Text(Literal(k.Column, k.Value))}"));
        using var copy = connection.BeginRawBinaryCopy($"COPY ({table.Plan.Select}{table.Relation.Sql} WHERE {where}) TO STDOUT (FORMAT binary)");
        using var memory = new MemoryStream();
        copy.CopyTo(memory);
        var rest = memory.GetBuffer().AsSpan(0, (int)memory.Length)[19..];
        if (BinaryPrimitives.ReadInt16BigEndian(rest) < 0) return values;
        rest = rest[2..];
        for (var i = 0; i < columns.Count; i++)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest);
            rest = rest[4..];
            if (length < 0) continue;
            values[i] = rest[..length].ToArray();
            rest = rest[length..];
        }
        return values;
    }

    private static string Literal(string column, object? value) => value switch
    {
        string text => text,
        DateTime time => time.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture) + (time.Kind == DateTimeKind.Utc ? "Z" : ""),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        byte[] bytes => "\\x" + Convert.ToHexString(bytes),
        bool or short or int or long or decimal or Guid => string.Format(CultureInfo.InvariantCulture, "{0}", value),
        _ => throw new TerminalException($"A row cannot be looked up by its key column {column}.", "Run: ALTER TABLE … REPLICA IDENTITY FULL"),
    };
}
