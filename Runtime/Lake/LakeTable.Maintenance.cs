using FlowForge.Duck;
using FlowForge.Lake.Log;
using FlowForge.Lake.Maintenance;

namespace FlowForge.Lake;

/// <summary>Care of a table: compaction, clean-up, going back.</summary>
public sealed partial class LakeTable
{
    /// <summary>Merges small files of each partition into larger ones, or sorts its rows, without changing any.</summary>
    /// <returns>The commit, or null when there was nothing to gain.</returns>
    public CommitResult? Optimize(DuckSession session, OptimizeOptions? options = null, CancellationToken ct = default) =>
        new Compaction(this, session, options ?? new OptimizeOptions()).Run(ct);

    /// <summary>
    /// Removes files that no version within the retention needs: those that were replaced longer ago, and those that no version names at all. Files of a version that
    /// someone holds a <see cref="Hold(long)"/> on stay.
    /// </summary>
    /// <param name="options">What it may take.</param>
    /// <param name="ct">Ends it between two files: what is gone stays gone, and the next vacuum takes the rest.</param>
    public VacuumResult Vacuum(VacuumOptions? options = null, CancellationToken ct = default) => new Vacuum(this, options ?? new VacuumOptions()).Run(ct);

    /// <summary>Changes the schema or the rules of the table without writing a data file. All changes come as one version, or none.</summary>
    /// <param name="session">Holds the rows that are there against new rules.</param>
    /// <param name="alterations">At least one, in order.</param>
    /// <param name="allowUpgrade">True when the table may be given column mapping where a change needs it: readers that do not know it can then no longer read the table.</param>
    /// <param name="info">Noted in the history.</param>
    /// <param name="ct">Interrupts.</param>
    /// <returns>The new version.</returns>
    /// <exception cref="LakeException">A change does not go together with the table; the message says why.</exception>
    /// <exception cref="RowRuleException">Rows break a new rule.</exception>
    public long Alter(DuckSession session, IReadOnlyList<TableAlteration> alterations, bool allowUpgrade = false, IReadOnlyDictionary<string, string>? info = null, CancellationToken ct = default) =>
        new Alteration(this, session, allowUpgrade).Run(alterations, info ?? new Dictionary<string, string>(), ct);

    /// <summary>
    /// Keeps a version's files from vacuum until the result is disposed or the process ends, and, of a lake in a bucket, the copies on this machine of those that are read through
    /// this very snapshot.
    /// </summary>
    public IDisposable Hold(TableSnapshot snapshot) => new SnapshotHold(new VersionLease(Files, snapshot.Version), snapshot.HoldCopies());

    /// <summary>Keeps a version's files from vacuum until the result is disposed or the process ends.</summary>
    /// <returns>Null when there is no such version.</returns>
    public IDisposable? Hold(long version) => log.At(version) is { } state ? new VersionLease(Files, state.Version) : null;

    /// <summary>
    /// Makes the table again what it was at an older version, as a new version. A job's commit that is on the way fails when its state is taken back.
    /// </summary>
    /// <param name="version">The older version.</param>
    /// <param name="info">Noted in the history.</param>
    /// <param name="keepStates">
    /// False: the jobs' states (cursor, files seen) are taken back too, so that the next run loads again what came since. True: they stay, and what came since is not loaded again.
    /// </param>
    /// <exception cref="LakeException">There is no such version, or vacuum took files of it, or a state that is to come back.</exception>
    public CommitResult Restore(long version, IReadOnlyDictionary<string, string>? info = null, bool keepStates = false) => new Restoration(this, keepStates).Run(version, info ?? new Dictionary<string, string>());

    /// <summary>What <see cref="Restore"/> would do now; changes nothing.</summary>
    /// <exception cref="LakeException">There is no such version.</exception>
    public RestorePlan PlanRestore(long version) => new Restoration(this, keepStates: false).Plan(version);
}

/// <summary>What a restore would do.</summary>
/// <param name="From">The newest version.</param>
/// <param name="To">The version that would come back.</param>
/// <param name="Added">Files that come back.</param>
/// <param name="Removed">Files that go.</param>
/// <param name="Missing">Files of the version that are no longer there, deletion vectors included: with any of them it cannot come back.</param>
/// <param name="States">The jobs' states, by application id, now and then: null for none, also where vacuum has removed it (a restore that takes it back is refused then).</param>
public sealed record RestorePlan(TableSnapshot From, TableSnapshot To, IReadOnlyList<DataFile> Added, IReadOnlyList<DataFile> Removed, IReadOnlyList<string> Missing,
    IReadOnlyDictionary<string, (JobState? Now, JobState? Then)> States);

/// <summary>How files are compacted.</summary>
public sealed record OptimizeOptions
{
    /// <summary>Files below this size are merged; without <see cref="SortBy"/>.</summary>
    public long SmallFileBytes { get; init; } = 64L << 20;

    /// <summary>New files have about this size at most.</summary>
    public long TargetFileBytes { get; init; } = 512L << 20;

    /// <summary>Columns to sort the rows of each partition by, so that readers can leave out more files; files of any size are then written anew, but those that are sorted so already. Empty keeps the order of arrival.</summary>
    public IReadOnlyList<string> SortBy { get; init; } = [];

    /// <summary>Compression of the new files.</summary>
    public string Compression { get; init; } = "zstd";

    /// <summary>Noted in the history.</summary>
    public IReadOnlyDictionary<string, string> Info { get; init; } = new Dictionary<string, string>();

    /// <summary>Told before each group of files and at the end, on the caller's thread; null for nobody.</summary>
    public Action<OptimizeProgress>? Progress { get; init; }
}

/// <summary>How far an optimize is, in bytes of the files that are written anew.</summary>
/// <param name="Bytes">Of files that are done.</param>
/// <param name="Writing">Of those that are being written now.</param>
/// <param name="Total">Of all that are to be written anew.</param>
public readonly record struct OptimizeProgress(long Bytes, long Writing, long Total);

/// <summary>What vacuum may take.</summary>
public sealed record VacuumOptions
{
    /// <summary>Files that were replaced within this time stay; null: the table's own setting, by default a week.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>True to look only.</summary>
    public bool DryRun { get; init; }

    /// <summary>The moment from which <see cref="Retention"/> counts back; null for now. A vacuum that is done again after a kill takes the same files with it, and no others.</summary>
    public DateTimeOffset? AsOf { get; init; }

    /// <summary>Told what was found before any file goes, on the caller's thread; null for nobody.</summary>
    public Action<VacuumResult>? Found { get; init; }

    /// <summary>Told after each file how many are gone; null for nobody.</summary>
    public Action<int>? Removed { get; init; }
}

/// <summary>Files that vacuum removed, or would remove.</summary>
public sealed record VacuumResult(IReadOnlyList<string> Files, long Bytes);
