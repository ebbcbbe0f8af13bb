using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Sessions.Live;

public sealed partial class LiveNotebook
{
    private readonly Queue<(string Id, int Batch)> _queue = [];
    private IReadOnlyList<CellText> _texts = [];
    private CellGraph _graph = CellGraph.Empty;
    private Task _running = Task.CompletedTask;
    private int _lastBatch;
    private long _lastRun;

    /// <summary>Cells that depend on one that ran are run as well.</summary>
    public bool IsAutomatic { get; set; }

    /// <summary>Completes when nothing runs or waits any more.</summary>
    public Task Idle
    {
        get { lock (_gate) return _running; }
    }

    /// <summary>Tells what the cells' texts are now and finds out how they hang together. Starts a kernel, which has the parsers.</summary>
    /// <exception cref="KernelException">No kernel, or it died over this.</exception>
    public async Task<(CellGraph Graph, IReadOnlyList<string> Stale)> AnalyzeAsync(IReadOnlyList<CellText> texts, CancellationToken ct = default)
    {
        var session = await StartAsync(ct);
        bool same;
        lock (_gate) same = _graph.Nodes.Count > 0 && texts.SequenceEqual(_texts);
        var graph = same ? _graph : CellGraph.Of(texts, await session.AnalyzeAsync(texts, ct));
        lock (_gate)
        {
            (_texts, _graph) = (texts, graph);
            var stale = Stale();
            if (!same) TellLocked(new GraphEvent(graph, stale));
            return (graph, stale);
        }
    }

    /// <summary>Queues cells of the last analysed texts, in this order. When one fails, the rest of these is not run. Returns at once; <see cref="Idle"/> waits.</summary>
    /// <returns>The cells queued: not those that run or wait already.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(IReadOnlyList<string> ids, CancellationToken ct = default)
    {
        await StartAsync(ct);
        lock (_gate) return Queue(ids);
    }

    /// <summary>Queues every cell that is stale or has not run in this kernel, each after those it depends on.</summary>
    public Task<IReadOnlyList<string>> RunStaleAsync(CancellationToken ct = default)
    {
        IReadOnlyList<string> wanted;
        lock (_gate) wanted = _graph.Ordered(Stale().Concat(_texts.Where(t => !string.IsNullOrWhiteSpace(t.Code) && (!_cells.TryGetValue(t.Id, out var c) || c.RunNumber == 0)).Select(t => t.Id)));
        return RunAsync(wanted, ct);
    }

    /// <summary>Takes outputs away, of one cell or of all that do not run.</summary>
    public async Task ClearAsync(IReadOnlyList<string>? ids)
    {
        var cleared = new List<string>();
        lock (_gate)
        {
            foreach (var id in ids ?? [.. _cells.Keys])
            {
                if (!_cells.TryGetValue(id, out var cell)) _cells[id] = cell = new LiveCell(id);
                if (cell.State is LiveState.Queued or LiveState.Running) continue;
                cell.Outputs.Clear();
                (cell.ExecutionCount, cell.Milliseconds, cell.Note) = (null, null, null);
                if (cell.State is not LiveState.Succeeded) cell.State = LiveState.Idle;
                cleared.Add(id);
                TellLocked(new CellEvent(cell.View(withOutputs: true)));
            }
        }
        await ChangeFileAsync(document =>
        {
            foreach (var cell in document.Cells.Where(c => ids is null || cleared.Contains(c.Id)))
            {
                if (cell.Json["outputs"] is null) continue;
                cell.Json["outputs"] = new System.Text.Json.Nodes.JsonArray();
                cell.ExecutionCount = null;
            }
        });
    }

    private List<string> Queue(IReadOnlyList<string> ids)
    {
        var known = _texts.Select(t => t.Id).ToHashSet(StringComparer.Ordinal);
        var queued = new List<string>();
        _lastBatch++;
        foreach (var id in ids.Where(known.Contains))
        {
            if (!_cells.TryGetValue(id, out var cell)) _cells[id] = cell = new LiveCell(id);
            if (cell.State is LiveState.Queued) continue;
            if (cell.State is LiveState.Running && _queue.Any(q => q.Id == id)) continue;
            _queue.Enqueue((id, _lastBatch));
            if (cell.State is not LiveState.Running)
            {
                (cell.State, cell.Note) = (LiveState.Queued, null);
                TellLocked(new CellEvent(cell.View(withOutputs: false)));
            }
            queued.Add(id);
        }
        if (queued.Count > 0 && _running.IsCompleted) _running = Task.Run(WorkAsync);
        return queued;
    }

    private async Task WorkAsync()
    {
        while (true)
        {
            (string Id, int Batch) next;
            CellText? text;
            NotebookSession? session;
            lock (_gate)
            {
                if (!_queue.TryDequeue(out next))
                {
                    // Whoever queues after this sees a completed task only once this has returned; so the decision is made under the lock.
                    _running = Task.CompletedTask;
                    break;
                }
                text = _texts.FirstOrDefault(t => t.Id == next.Id);
                // The kernel of the moment: the one of the cell before may have been stopped, and another one started since.
                session = _session;
                if (text is null) PassOver(next.Id);
            }
            if (text is not null) await RunOneAsync(session, text, next.Batch);
            bool isLast;
            lock (_gate) isLast = _queue.Count == 0;
            if (isLast) await KeepOutputsAsync();
        }
    }

    /// <summary>A cell whose text is gone at its turn waits no longer, so that it can be queued again when the text is back.</summary>
    private void PassOver(string id)
    {
        if (!_cells.TryGetValue(id, out var cell) || cell.State is not LiveState.Queued) return;
        (cell.State, cell.Note) = (LiveState.Idle, "not run, because the cell was gone at its turn");
        TellLocked(new CellEvent(cell.View(withOutputs: false)));
    }

    private async Task RunOneAsync(NotebookSession? session, CellText text, int batch)
    {
        LiveCell cell;
        lock (_gate)
        {
            if (!_cells.TryGetValue(text.Id, out cell!)) _cells[text.Id] = cell = new LiveCell(text.Id);
            cell.Begin(++_lastRun, text.Code);
            TellLocked(new CellEvent(cell.View(withOutputs: true)));
        }
        try
        {
            if (session is null) throw new KernelException("The kernel was stopped.");
            await foreach (var word in session.ExecuteAsync(text.Id, text.Language, text.Code, text.ResultName))
            {
                lock (_gate)
                {
                    if (cell.Take(word) is { } change) TellLocked(change.Added is { } added ? new OutputEvent(cell.Id, change.Index, null, added) : new OutputEvent(cell.Id, change.Index, change.Output, null));
                    else if (word is CellStartedNotification or CellFinishedNotification) TellLocked(new CellEvent(cell.View(withOutputs: false)));
                }
            }
        }
        catch (Exception e) when (e is KernelException or ObjectDisposedException)
        {
            lock (_gate)
            {
                cell.Take(new CellFailedNotification(0, "Kernel", e is KernelException ? e.Message : "The kernel was stopped.", null, null, []));
                cell.Take(new CellFinishedNotification(0, CellState.Failed, 0, 0));
                TellLocked(new CellEvent(cell.View(withOutputs: true)));
            }
        }
        AfterCell(cell, batch);
    }

    private void AfterCell(LiveCell cell, int batch)
    {
        lock (_gate)
        {
            if (cell.State is not LiveState.Succeeded) DropLocked(q => q.Batch == batch, cell.State is LiveState.Failed ? "not run, because a cell before it failed" : "not run, because a cell before it was interrupted");
            else if (IsAutomatic && !_queue.Any(q => q.Batch == batch)) Queue(_graph.Dependants([cell.Id]));
            TellLocked(new GraphEvent(_graph, Stale()));
        }
        TellKernel();
    }

    private void DropQueue(string why)
    {
        lock (_gate) DropLocked(_ => true, why);
    }

    private void DropLocked(Func<(string Id, int Batch), bool> which, string why)
    {
        var left = _queue.ToArray();
        _queue.Clear();
        foreach (var entry in left)
        {
            if (!which(entry))
            {
                _queue.Enqueue(entry);
                continue;
            }
            if (!_cells.TryGetValue(entry.Id, out var cell) || cell.State is not LiveState.Queued) continue;
            (cell.State, cell.Note) = (LiveState.Idle, why);
            TellLocked(new CellEvent(cell.View(withOutputs: false)));
        }
    }

    /// <summary>Cells that ran in this kernel and would give something else now: their text changed, or something that they depend on ran later or is stale.</summary>
    private List<string> Stale()
    {
        var stale = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in _texts)
            if (_cells.TryGetValue(text.Id, out var cell) && cell.RunNumber > 0 && cell.State is not LiveState.Running && cell.RanText is { } ran && ran.Trim() != text.Code.Trim()) stale.Add(text.Id);
        for (var grew = true; grew;)
        {
            grew = false;
            foreach (var node in _graph.Nodes)
            {
                if (stale.Contains(node.Id) || !_cells.TryGetValue(node.Id, out var cell) || cell.RunNumber == 0 || cell.State is LiveState.Running) continue;
                if (node.DependsOn.Any(d => stale.Contains(d) || (_cells.TryGetValue(d, out var from) && from.RunNumber > cell.RunNumber))) grew |= stale.Add(node.Id);
            }
        }
        return [.. _texts.Select(t => t.Id).Where(stale.Contains)];
    }
}
