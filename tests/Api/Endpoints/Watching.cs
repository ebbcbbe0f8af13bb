using System.Collections.Concurrent;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

/// <summary>Follows a notebook as a page does, and waits for what it should become.</summary>
internal sealed class Watching : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<string, List<NotebookOutput>> outputs = new();
    private readonly TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim changed = new(0);
    private readonly Task reading;

    private Watching(FlowForgeClient client, string path) => reading = ReadAsync(client, path);

    public ConcurrentDictionary<string, NotebookCellLive> Cells { get; } = new();

    public NotebookKernel? Kernel { get; private set; }

    public NotebookGraph? Graph { get; private set; }

    public static async Task<Watching> BeginAsync(FlowForgeClient client, string path)
    {
        var watching = new Watching(client, path);
        await watching.first.Task.WaitAsync(TimeSpan.FromSeconds(30));
        return watching;
    }

    public NotebookCellState State(string id) => Cells.GetValueOrDefault(id)?.State ?? NotebookCellState.Idle;

    public IReadOnlyList<NotebookOutput> Outputs(string id) => outputs.TryGetValue(id, out var list) ? [.. list] : [];

    public async Task UntilAsync(Func<Watching, bool> condition, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        while (!condition(this))
        {
            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"It did not happen. Cells: {string.Join(", ", Cells.Values.Select(c => $"{c.Id} {c.State} {(Outputs(c.Id) is [.., var last] ? last.Failure?.Message : null)}"))}. Kernel: {Kernel}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await reading;
        stop.Dispose();
        changed.Dispose();
    }

    private async Task ReadAsync(FlowForgeClient client, string path)
    {
        try
        {
            await foreach (var e in client.WatchNotebookAsync(path, stop.Token))
            {
                Kernel = e.Kernel ?? Kernel;
                Graph = e.Graph ?? Graph;
                foreach (var cell in e.Cells ?? (e.Cell is { } one ? [one] : []))
                {
                    if (cell.Outputs is { } all) outputs[cell.Id] = [.. all];
                    Cells[cell.Id] = cell;
                }
                if (e.Type == NotebookEvent.Output) Take(e);
                first.TrySetResult();
                changed.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private void Take(NotebookEvent e)
    {
        var list = outputs.GetOrAdd(e.CellId!, _ => []);
        if (e.Added is { } added) list[e.Index!.Value] = list[e.Index.Value] with { Text = list[e.Index.Value].Text + added };
        else if (e.Index == list.Count) list.Add(e.Value!);
        else list[e.Index!.Value] = e.Value!;
    }
}
