using FlowForge.Lake.Files;
using FlowForge.Lake.Log;
using FlowForge.Lake.Writing;

namespace FlowForge.Lake;

/// <summary>
/// One Delta table: its versions, its history, and commits to it. Thread-safe. The log on disk is the only truth; what is kept in memory is a copy of its
/// past, brought up to date at each call.
/// </summary>
public sealed partial class LakeTable
{
    private const int LargeState = 2000;
    private readonly DeltaLog log;
    private volatile Task checkpointing = Task.CompletedTask;

    /// <summary>The table in <paramref name="files"/>; nothing is read or made yet.</summary>
    /// <param name="files">The table's folder.</param>
    /// <param name="name">Shown in messages.</param>
    public LakeTable(IFileStore files, string name)
    {
        Files = files;
        Name = name;
        log = new DeltaLog(files, name);
    }

    /// <summary>The table's name as messages show it.</summary>
    public string Name { get; }

    /// <summary>The table's folder.</summary>
    public string Location => Files.Root;

    /// <summary>True when the table has a version.</summary>
    public bool Exists => Latest() is not null;

    /// <summary>The newest version that this process has seen or made; null when it has not looked yet. Asks nobody.</summary>
    public long? KnownVersion => log.KnownVersion;

    internal IFileStore Files { get; }

    internal DeltaLog Log => log;

    /// <summary>The newest version, or null when there is none.</summary>
    /// <exception cref="LakeException">The table uses a Delta feature that cannot be read here.</exception>
    public TableSnapshot? Latest() => Snapshot(log.Latest());

    /// <summary>The table at a version, or null when it has none such yet.</summary>
    /// <exception cref="LakeException">The version was cleaned away.</exception>
    public TableSnapshot? At(long version) => Snapshot(log.At(version));

    /// <summary>The newest version committed at or before a time, or null when the table is younger.</summary>
    public TableSnapshot? At(DateTimeOffset time) =>
        Versions(null).FirstOrDefault(v => v.Committed <= time) is { } found ? At(found.Version) : null;

    /// <summary>Versions, newest first.</summary>
    /// <param name="limit">At most so many.</param>
    /// <param name="before">Only versions below this one, to go on from a page.</param>
    public IReadOnlyList<TableVersion> History(int limit = 100, long? before = null) => [.. Versions(before).Take(limit)];

    private IEnumerable<TableVersion> Versions(long? before)
    {
        if (log.Latest() is not { } latest) yield break;
        for (var version = Math.Min(latest.Version, (before ?? long.MaxValue) - 1); version >= 0 && log.Entry(version) is { } actions; version--)
            yield return HistoryReader.Read(version, actions);
    }

    /// <summary>The last version that the application committed to this table, or null.</summary>
    public long? TransactionVersion(string applicationId) => log.Latest()?.Transactions.GetValueOrDefault(applicationId)?.Version;

    /// <summary>Begins a commit from the newest version. Clears away what crashed writers left.</summary>
    public TableTransaction Begin()
    {
        CleanLeftovers();
        return new TableTransaction(this, log.Latest());
    }

    /// <summary>Removes files of writers that no longer live and whose commit never happened. Never a file that a version names.</summary>
    /// <returns>Number of files removed.</returns>
    public int CleanLeftovers() => new Leftovers(Files, log).Sweep();

    // The commit stands whether or not this works; the next one tries again. A large state is written beside the caller, who need not wait for it.
    internal void TryCheckpoint(LogState state, DateTimeOffset now)
    {
        if (state.Files.Count + state.Tombstones.Count < LargeState) Checkpoint(state, now);
        else if (checkpointing.IsCompleted) checkpointing = Task.Run(() => Checkpoint(state, now));
    }

    /// <summary>Done when no checkpoint is being written beside the callers any more.</summary>
    public Task Checkpointing => checkpointing;

    private void Checkpoint(LogState state, DateTimeOffset now)
    {
        try
        {
            CheckpointFile.Write(Files, state, now);
            LogCleanup.Run(Files, state, now);
            LastCheckpointError = null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LastCheckpointError = e;
        }
    }

    /// <summary>Why the last checkpoint could not be written, for diagnosis; null when it could. Checkpoints only shorten reading.</summary>
    public Exception? LastCheckpointError { get; private set; }

    private TableSnapshot? Snapshot(LogState? state)
    {
        if (state is null) return null;
        TableFeatures.CheckReadable(state, Name);
        return new TableSnapshot(state, Files, Name);
    }
}
