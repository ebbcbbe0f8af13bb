using FlowForge.Duck;

namespace FlowForge.Lake.Log;

/// <summary>Small results as boxed values: maps and structs as dictionaries, lists as lists.</summary>
internal static class DuckRows
{
    public static IEnumerable<object?[]> Read(DuckSession session, string sql, CancellationToken ct = default)
    {
        using var reader = session.Query(sql, ct);
        foreach (var batch in reader)
        {
            using (batch)
            {
                for (var row = 0; row < batch.Length; row++)
                {
                    var values = new object?[batch.ColumnCount];
                    for (var column = 0; column < values.Length; column++) values[column] = batch.Column(column).GetObject(row);
                    yield return values;
                }
            }
        }
    }
}
