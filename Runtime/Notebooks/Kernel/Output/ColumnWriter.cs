using FlowForge.Notebooks.Kernel.Sql;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Output;

/// <summary>Answers queries column by column, for charts.</summary>
internal static class ColumnWriter
{
    private const int MostBytes = 12 << 20;

    public static ColumnsNotification Read(SqlEngine sql, ColumnsCommand command, CancellationToken ct)
    {
        var limit = Math.Clamp(command.Limit, 0, KernelProtocol.MaxColumnRows);
        using var query = sql.Open(command.Sql, ct);
        var fields = query.Reader.Schema.FieldsList;
        var rows = fields.Select(_ => new RowWriter(1)).ToArray();
        try
        {
            var count = 0;
            var isCut = false;
            foreach (var batch in query.Reader)
            {
                using (batch)
                {
                    var take = Math.Min(batch.Length, limit - count);
                    isCut |= take < batch.Length;
                    for (var c = 0; c < fields.Count; c++)
                    {
                        var (column, writer) = (batch.Column(c), rows[c]);
                        for (var r = 0; r < take; r++) writer.Add(column.GetObject(r));
                    }
                    count += take;
                }
                isCut |= rows.Sum(r => (long)r.Bytes) > MostBytes;
                if (isCut) break;
            }
            return new ColumnsNotification(command.Request, [.. fields.Select(f => new TableColumn(f.Name, f.DataType.Name))], [.. rows.Select(r => r.TakeArray())], isCut);
        }
        finally
        {
            foreach (var writer in rows) writer.Dispose();
        }
    }
}
