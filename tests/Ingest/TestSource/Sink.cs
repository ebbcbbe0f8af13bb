using FlowForge.Columnar;
using FlowForge.Plugins;

namespace FlowForge.TestSource;

public sealed record SinkSpec
{
    [Setting("Fail, once, after all is written and before the runtime hears of it")]
    public bool FailOnce { get; init; }

    [Setting("Lose the last row")]
    public bool Lose { get; init; }
}

/// <summary>A table a file: its key in the first line, then a line a row. How it was asked is noted in <c>writes.txt</c>.</summary>
[Connector("test_sink")]
public sealed class Sink(ConnectorContext<SinkSpec> context) : ISink
{
    public async Task<long> WriteAsync(WriteRequest request, IAsyncEnumerable<RecordBatch> batches, CancellationToken cancellationToken)
    {
        await File.AppendAllTextAsync(Path.Combine(context.BaseDirectory, "writes.txt"), $"{request.Table} {request.Replace} {string.Join(",", request.Schema.FieldsList.Select(f => f.Name))}\n", cancellationToken);
        var path = Path.Combine(context.BaseDirectory, $"sink-{request.Table}.txt");
        if (File.Exists(path) && (await File.ReadAllLinesAsync(path, cancellationToken)) is [var key, .. var rows] && key == request.Key) return rows.Length;
        List<string> lines = [];
        await foreach (var batch in batches.WithCancellation(cancellationToken))
            using (batch)
                for (var i = 0; i < batch.Length; i++) lines.Add(string.Join("|", Enumerable.Range(0, batch.ColumnCount).Select(c => batch.Column(c).GetObject(i) ?? "NULL")));
        if (context.Settings.Lose) lines.RemoveAt(lines.Count - 1);
        await File.WriteAllLinesAsync(path, [request.Key, .. lines], cancellationToken);
        var marker = Path.Combine(context.BaseDirectory, "failed.txt");
        if (context.Settings.FailOnce && !File.Exists(marker))
        {
            await File.WriteAllTextAsync(marker, "", cancellationToken);
            throw new TransientException("The line went dead.");
        }
        return lines.Count;
    }
}
