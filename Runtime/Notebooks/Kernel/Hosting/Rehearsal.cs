using System.Text.Json;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Notebooks.Kernel.Output;
using FlowForge.Notebooks.Kernel.Sql;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Hosting;

/// <summary>
/// Plays a first SQL cell through, from the line that asks for it to the line that carries its rows, so that all of its code is compiled before somebody waits for it: that was a quarter of a second.
/// It has a database of its own, which ends with it, so it leaves nothing behind: no result, no view, no version held. Fails in silence: the first cell says what is wrong.
/// </summary>
internal static class Rehearsal
{
    private const long Memory = 64 << 20;

    /// <param name="options">Of the kernel.</param>
    /// <param name="lake">The kernel's lake; what it reads of a table's log stays read.</param>
    /// <param name="console">The kernel's console, which is only asked to say what it holds back.</param>
    public static void Play(KernelOptions options, LakeStore lake, ConsoleCapture console)
    {
        try
        {
            using var wire = new NotificationQueue(Stream.Null);
            using var sql = new SqlEngine(lake, options with { EngineMemory = Memory, Threads = 1 });
            foreach (var command in Read(new AnalyzeCommand(1, [new CellText("a", CellLanguage.Sql, "SELECT 1", "a")]), new ExecuteCommand(2, "a", CellLanguage.Sql, Query(lake), "a", 10), new RowsCommand(3, "t1", 0, 10)))
            {
                switch (command)
                {
                    case AnalyzeCommand analyze: wire.Send(new AnalysisNotification(1, [.. analyze.Cells.Select(SqlHelp.Names)])); break;
                    case ExecuteCommand cell:
                        wire.Send(new CellStartedNotification(2, cell.Cell, 1));
                        sql.Run(cell, new CellOutput(2, wire, console), default);
                        wire.Send(new CellFinishedNotification(2, CellState.Succeeded, 1, 1));
                        break;
                    case RowsCommand page: wire.Send(sql.Rows(page, default)); break;
                }
            }
        }
        catch (Exception e) when (e is DuckException or CellFailure or LakeException or IOException or UnauthorizedAccessException or ObjectDisposedException or KeyNotFoundException)
        {
            // Whatever it was, it costs the first cell time and nothing else.
        }
    }

    /// <summary>A table as a first cell reads it; of a bucket it would be fetched, so then, and in an empty lake, rows of no table.</summary>
    private static string Query(LakeStore lake) =>
        lake is { IsLocal: true } && lake.Tables() is [var table, ..] ? $"SELECT * FROM {SqlText.QualifiedName(table.LayerName, table.Name)} LIMIT 10" : "SELECT i AS a, 'x' AS b, 1.5 AS c, DATE '2000-01-01' AS d FROM range(10) t(i)";

    /// <summary>The commands as they come out of their lines.</summary>
    private static IEnumerable<KernelCommand> Read(params KernelCommand[] commands)
    {
        using var lines = new MemoryStream();
        foreach (var command in commands)
        {
            lines.Write(JsonSerializer.SerializeToUtf8Bytes(command, MessageJson.Options));
            lines.WriteByte((byte)'\n');
        }
        lines.Position = 0;
        var reader = new MessageReader<KernelCommand>(lines);
        while (reader.Read() is { Message: { } message }) yield return message;
    }
}
