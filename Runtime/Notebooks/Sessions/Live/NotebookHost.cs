using System.Collections.Concurrent;
using FlowForge.Notebooks.Sessions.Files;

namespace FlowForge.Notebooks.Sessions.Live;

/// <summary>How many notebooks may be alive, and for how long.</summary>
public sealed record NotebookLimits
{
    /// <summary>Kernels at the same time, the spare one aside.</summary>
    public int Kernels { get; init; } = 8;

    /// <summary>A kernel that nobody looks at and that does nothing is stopped after this time.</summary>
    public TimeSpan IdleTime { get; init; } = TimeSpan.FromHours(2);
}

/// <summary>All notebooks of the workspace: their files, and what is alive of them. Thread-safe; one for the host. Disposing it ends all kernels.</summary>
public sealed class NotebookHost : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, LiveNotebook> _open = new(StringComparer.Ordinal);
    private readonly Timer _beat;

    public NotebookHost(NotebookFolder folder, KernelPool pool, NotebookLimits limits)
    {
        (Folder, Pool, Limits) = (folder, pool, limits);
        _beat = new Timer(_ => Beat(), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
    }

    public NotebookFolder Folder { get; }

    public KernelPool Pool { get; }

    public NotebookLimits Limits { get; }

    /// <summary>The notebook's live side, made when there is none. It need not have a kernel.</summary>
    public LiveNotebook Open(NotebookPath path) => _open.GetOrAdd(path.Text, _ => new LiveNotebook(this, path));

    /// <summary>What is alive of it, if anything is.</summary>
    public LiveNotebook? Find(NotebookPath path) => _open.GetValueOrDefault(path.Text);

    /// <summary>Those with a kernel.</summary>
    public IReadOnlyList<LiveNotebook> WithKernel => [.. _open.Values.Where(n => n.HasKernel).OrderBy(n => n.Path.Text, StringComparer.Ordinal)];

    /// <exception cref="KernelException">There are as many as there may be.</exception>
    internal void CheckRoom(LiveNotebook forOne)
    {
        var others = WithKernel.Where(n => n != forOne).ToList();
        if (others.Count >= Limits.Kernels)
            throw new KernelException($"{others.Count} kernels run already, which is the limit. Stop one of: {string.Join(", ", others.Select(n => n.Path))}.");
    }

    /// <summary>Gives a notebook another name; its kernel goes on.</summary>
    public void Move(NotebookPath from, NotebookPath to)
    {
        Folder.Move(from, to);
        if (!_open.TryRemove(from.Text, out var live)) return;
        _open[to.Text] = live;
        live.MoveTo(to);
    }

    /// <summary>Moves a notebook to the trash and ends its kernel.</summary>
    public async Task<TrashedNotebook> DeleteAsync(NotebookPath path)
    {
        var trashed = Folder.Delete(path);
        if (_open.TryRemove(path.Text, out var live))
        {
            live.TellDeleted();
            await live.DisposeAsync();
        }
        return trashed;
    }

    private void Beat()
    {
        foreach (var (_, live) in _open) live.Beat();
    }

    public async ValueTask DisposeAsync()
    {
        await _beat.DisposeAsync();
        foreach (var live in _open.Values) await live.DisposeAsync();
        await Pool.DisposeAsync();
    }
}
