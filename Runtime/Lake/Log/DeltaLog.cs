using System.Text.Json;
using FlowForge.Lake.Files;

namespace FlowForge.Lake.Log;

/// <summary>
/// Reads a table's log into states. A state once read is the start for the next read, so a long log is read once; a cold start begins at the last checkpoint.
/// Thread-safe.
/// </summary>
internal sealed class DeltaLog(IFileStore files, string table)
{
    private readonly Lock gate = new();
    private LogState? latest;

    /// <summary>The version of the newest state in memory; null when there is none.</summary>
    public long? KnownVersion
    {
        get
        {
            lock (gate) return latest?.Version;
        }
    }

    /// <summary>The newest state, or null when there is no table.</summary>
    public LogState? Latest()
    {
        LogState? known;
        lock (gate) known = latest;
        // A table that was deleted, and perhaps made anew, under our feet is another table.
        if (known is not null && !files.Exists(LogPaths.Entry(known.Version)))
        {
            Forget();
            known = null;
        }
        var state = known is null ? Follow(Start(null), long.MaxValue) : Follow(known, long.MaxValue);
        if (state.Version < 0)
        {
            if (!files.List(LogPaths.Folder).Any(IsLogFile)) return null;
            // It may have been made since the look at its first entry.
            state = Follow(Start(null), long.MaxValue);
            if (state.Version < 0) throw Unreadable();
        }
        Remember(state);
        return state;
    }

    /// <summary>Refuses to go on from a state behind which an entry is missing while later ones are there.</summary>
    public void CheckNoGap(LogState state)
    {
        if (!files.Exists(LogPaths.Entry(state.Version + 1)) && files.Exists(LogPaths.Entry(state.Version + 2)))
            throw new LakeException($"The log of {table} has no entry for version {state.Version + 1}, but later ones. Restore the file from a backup; nothing is written to a damaged log.");
    }

    /// <summary>The state at a version.</summary>
    /// <returns>Null when the table has no such version yet.</returns>
    /// <exception cref="LakeException">The version's log entries were cleaned away.</exception>
    public LogState? At(long version)
    {
        if (version < 0) return null;
        LogState? known;
        lock (gate) known = latest;
        if (known is not null && known.Version == version) return known;
        if (known is not null && known.Version < version)
        {
            var newest = Latest()!;
            if (newest.Version <= version) return newest.Version == version ? newest : null;
        }
        var state = Follow(Start(version), version);
        if (state.Version == version) return state;
        if (Latest() is not { } end || end.Version < version) return null;
        throw new LakeException($"Version {version} of {table} can no longer be read: its log entries were cleaned away. The oldest readable version is {OldestReadable()}.");
    }

    /// <summary>The actions of one entry, or null when it is not there.</summary>
    public List<LogAction>? Entry(long version) =>
        files.Read(LogPaths.Entry(version)) is { } content ? ActionReader.Read(content, $"{table} {LogPaths.Entry(version)}") : null;

    /// <summary>Notes a state that a commit of this process made, so that it need not be read back.</summary>
    public void Remember(LogState state)
    {
        lock (gate)
        {
            if (latest is null || latest.Version < state.Version) latest = state;
        }
    }

    /// <summary>Drops what was read, for tables that were deleted or replaced underneath.</summary>
    public void Forget()
    {
        lock (gate) latest = null;
    }

    private LogState Follow(LogState state, long last)
    {
        while (state.Version < last && Entry(state.Version + 1) is { } actions) state = state.Apply(state.Version + 1, actions);
        return state;
    }

    // The newest checkpoint not past the wanted version; from nothing when there is none.
    private LogState Start(long? wanted)
    {
        if (wanted is null && HintedVersion() is { } hinted && files.Exists(LogPaths.Checkpoint(hinted)) && TryCheckpoint(new CheckpointSet(hinted, [LogPaths.Checkpoint(hinted)])) is { } quick) return quick;
        if (wanted is null && files.Exists(LogPaths.Entry(0)) && !files.Exists(LogPaths.LastCheckpoint)) return LogState.Empty;
        foreach (var checkpoint in CheckpointSet.Find(files.List(LogPaths.Folder)).Where(c => wanted is null || c.Version <= wanted))
            if (TryCheckpoint(checkpoint) is { } state) return state;
        return LogState.Empty;
    }

    private long? HintedVersion()
    {
        if (files.Read(LogPaths.LastCheckpoint) is not { } content) return null;
        try
        {
            using var document = JsonDocument.Parse(content);
            // Parts and newer kinds of checkpoints are found by listing.
            return document.RootElement.TryGetProperty("parts", out _) ? null : document.RootElement.GetProperty("version").GetInt64();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    // A checkpoint is a short cut: when it cannot be read, an older one and the entries say the same.
    private LogState? TryCheckpoint(CheckpointSet checkpoint)
    {
        try
        {
            return LogState.Empty.Apply(checkpoint.Version, CheckpointFile.Read(files, checkpoint));
        }
        catch (Exception e) when (e is not OutOfMemoryException && files.Exists(LogPaths.Entry(0)))
        {
            return null;
        }
    }

    private static bool IsLogFile(StoredFile file) => file.Path.EndsWith(".json", StringComparison.Ordinal) || file.Path.EndsWith(".parquet", StringComparison.Ordinal);

    private LakeException Unreadable() => new(
        $"The log of {table} does not begin with version 0, and has no checkpoint that is complete. Restore the missing files of _delta_log from a backup, or write a checkpoint with the tool that made the table.");

    private string OldestReadable()
    {
        var oldest = CheckpointSet.Find(files.List(LogPaths.Folder)).Select(c => c.Version).DefaultIfEmpty(-1).Min();
        return oldest < 0 ? "unknown" : oldest.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
