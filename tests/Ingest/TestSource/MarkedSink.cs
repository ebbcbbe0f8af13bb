using FlowForge.Columnar;
using FlowForge.Plugins;

namespace FlowForge.TestSource;

/// <summary>A table a file: its mark in the first line, then a line a row. How it was asked is noted in <c>writes.txt</c>. Strict about what fits what is there.</summary>
[Connector("test_marked_sink")]
public sealed class MarkedSink(ConnectorContext<SinkSpec> context) : IMarkedSink
{
    public async Task<WriteMark?> MarkAsync(string table, CancellationToken cancellationToken) =>
        File.Exists(PathOf(table)) && (await File.ReadAllLinesAsync(PathOf(table), cancellationToken))[0].Split('\t') is [var writer, var key, var written, var rows] ? new WriteMark(writer, key, long.Parse(written), long.Parse(rows)) : null;

    public async Task<long> WriteAsync(WriteRequest request, IAsyncEnumerable<RecordBatch> batches, CancellationToken cancellationToken)
    {
        var mark = await MarkAsync(request.Table, cancellationToken);
        if (mark?.Key == request.Key) return mark!.Written;
        if (!request.Replace && mark?.Key != request.After) throw new TransientException("Somebody else wrote there.");
        List<string> lines = request.Replace || mark is null ? [] : [.. (await File.ReadAllLinesAsync(PathOf(request.Table), cancellationToken)).Skip(1)];
        var given = 0;
        await foreach (var batch in batches.WithCancellation(cancellationToken))
            using (batch)
                for (var i = 0; i < batch.Length; i++, given++)
                {
                    var row = Enumerable.Range(0, batch.ColumnCount).Select(c => batch.Column(c).GetObject(i)?.ToString() ?? "NULL").ToArray();
                    if (request.Replace || request.Keys.Count == 0) lines.Add(string.Join('|', row));
                    else Change(lines, row[0], string.Join('|', row[..^1]), row[^1]);
                }
        await File.AppendAllTextAsync(Path.Combine(context.BaseDirectory, "writes.txt"), $"{request.Table} {(request.Replace ? "replace" : "add")} after={request.After} keys={string.Join(",", request.Keys)} {given}\n", cancellationToken);
        await File.WriteAllLinesAsync(PathOf(request.Table), [$"{request.Writer}\t{request.Key}\t{given}\t{lines.Count}", .. lines], cancellationToken);
        var marker = Path.Combine(context.BaseDirectory, "failed.txt");
        if (context.Settings.FailOnce && !File.Exists(marker))
        {
            await File.WriteAllTextAsync(marker, "", cancellationToken);
            throw new TransientException("The line went dead.");
        }
        return given;
    }

    /// <summary>The first column is the key.</summary>
    private static void Change(List<string> lines, string key, string row, string change)
    {
        var at = lines.FindIndex(l => l.Split('|')[0] == key);
        if (change == "i" != at < 0) throw new TerminalException($"{change} {key} does not fit what is there.");
        if (at >= 0) lines.RemoveAt(at);
        if (change != "d") lines.Add(row);
    }

    private string PathOf(string table) => Path.Combine(context.BaseDirectory, $"marked-{table}.txt");
}
