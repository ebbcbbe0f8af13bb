using System.Text.Json;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Notebooks.Kernel.Hosting;
using FlowForge.Notebooks.Kernel.Output;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>Goes once through what a first SQL cell needs, so that its code is compiled before somebody waits for it. Leaves nothing behind and fails in silence.</summary>
internal static class SqlWarmth
{
    public static void Begin(LakeStore lake, SqlEngine sql)
    {
        try
        {
            if (lake.Tables() is [var table, ..]) _ = lake.Table(table).Latest()?.Schema;
            using var query = sql.Open("SELECT i AS a, 'x' AS b, 1.5 AS c, DATE '2000-01-01' AS d FROM range(10) t(i)", default);
            using var rows = new RowWriter(4);
            foreach (var batch in query.Reader)
            {
                using (batch)
                {
                    for (var r = 0; r < batch.Length; r++)
                    {
                        var row = r;
                        rows.Add(batch.ColumnCount, c => batch.Column(c).GetObject(row));
                    }
                }
            }
            foreach (var word in (KernelNotification[])[new RowsNotification(0, "", 0, rows.Take(), 10), new TableNotification(0, "", null, [new TableColumn("a", "BIGINT")], []), new CellStartedNotification(0, "", 1), new CellFinishedNotification(0, CellState.Succeeded, 1, 1)])
                JsonSerializer.SerializeToUtf8Bytes(word, MessageJson.Options);
        }
        catch (Exception e) when (e is DuckException or CellFailure or LakeException or IOException or ObjectDisposedException)
        {
            // The first cell says what is wrong.
        }
    }
}
