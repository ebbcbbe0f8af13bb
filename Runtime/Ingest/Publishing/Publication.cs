using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Children;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>
/// Publishes what an attempt has loaded. In this order, so that it may be killed anywhere: rejects and child tables are written, and count only once they are named; the table's one commit
/// names them and makes the rows visible; the catalog, which only shows, is told last.
/// </summary>
internal sealed class Publication(LakeStore lake, CatalogDatabase catalog, JobRequest request, StartingPoint start, JobSource source, SourceNotice notice, Holds holds, ReadingProgress progress, IJobLog log)
{
    private readonly IngestDefinition _job = start.Job;
    private readonly JobState? _state = start.State;
    private readonly LakeTable _table = lake.Table(new TableName(Layer.Bronze, start.Job.Table));
    private readonly CommitNotes _notes = new(start.Job.Name, request);

    private string TableText => "bronze." + _job.Table;

    private bool Replaces => _job.WriteMode == Pipelines.WriteMode.Replace;

    /// <summary>A backfill of an incremental job takes only its interval's rows: the files count as unseen, for the rest of their rows is still to be read.</summary>
    private bool TakesInterval => request.KeepCursor && _job.IncrementalMode == IncrementalMode.Incremental;

    /// <summary>Makes one commit, or none when there is nothing that a table could have.</summary>
    /// <param name="session">Free.</param>
    /// <param name="transaction">Holds the staged files.</param>
    /// <param name="extraction">What was read.</param>
    /// <param name="loaded">What became of it; has passed the gate.</param>
    /// <param name="checks">What the checks said of it.</param>
    /// <param name="children">Staged child tables.</param>
    /// <param name="ct">Ends it; what was not named by a commit by then is no more.</param>
    public JobOutcome Publish(DuckSession session, TableTransaction transaction, Extraction extraction, LoadedRows loaded, IReadOnlyList<CheckOutcome> checks, ChildTables children, CancellationToken ct)
    {
        if (extraction.IsRows && start.GoesOn is null && ChangesNothing(loaded, extraction)) return NothingNew() with { Counts = loaded.Counts, Changes = loaded.Staged.Changes, Checks = checks };
        var makesTable = loaded.HasRows || start.Before is not null || loaded.Columns.Count > 0;
        var rejects = Keep(session, loaded, makesTable, ct);
        if (!makesTable) return NothingNew() with { Counts = loaded.Counts, RejectsTable = rejects?.Folder, Note = WhyNoTable(loaded, extraction) };
        progress.Start("publishing", null);
        var outcome = new JobOutcome
        {
            Counts = loaded.Counts,
            Changes = loaded.Staged.Changes,
            Bytes = transaction.Staged.Sum(f => f.Bytes),
            Table = TableText,
            RejectsTable = loaded.Rejects.Count == 0 ? null : rejects?.Folder,
            Checks = checks,
            Note = start.IsLanded ? $"what {start.GoesOn!.RunId} had landed; the next run reads the source" : loaded.Counts.Read == 0 ? extraction.IsRows ? "the source holds no rows" : "the new files hold no records" : children.Note,
        };
        var seen = TakesInterval ? [] : Seen(loaded, extraction);
        notice.Note(seen);
        var childVersions = children.Commit(Replaces, ct);
        var commit = transaction.Commit(_notes.Of(loaded, outcome, NextState(loaded, extraction, seen, rejects, childVersions)), ct);
        if (commit.AlreadyCommitted) return Recorded(_table.Latest()!);
        outcome = outcome with { TableVersion = commit.Version };
        new Ledger(catalog, _job, request).Record(_table.Latest()!, commit.Version, loaded, seen, source.System);
        if (start.GoesOn is not null) holds.Done(start.GoesOn, commit.Version);
        children.Record(catalog, _job);
        if (rejects is not null && (Replaces || _job.IncrementalMode == IncrementalMode.Incremental && loaded.Rejects.Count > 0)) RejectCounts.Record(catalog, lake, session, TableText, request, _job, rejects);
        log.Info($"{loaded.Counts}; {TableText} is at version {commit.Version}.");
        return outcome;
    }

    /// <summary>The outcome of a run that leaves the table as it is.</summary>
    public JobOutcome NothingNew()
    {
        log.Info("Nothing new.");
        if (start.GoesOn is not null) holds.Done(start.GoesOn, start.Before?.Version);
        return new JobOutcome { Counts = default, Table = start.Before is null ? null : TableText, TableVersion = start.Before?.Version, Note = "nothing new" };
    }

    /// <summary>The outcome of the attempt of this run that committed.</summary>
    private JobOutcome Recorded(TableSnapshot snapshot)
    {
        var outcome = _notes.Recorded(snapshot, TableText, log);
        holds.Done(snapshot.StateOf(request.ApplicationId));
        return outcome;
    }

    /// <summary>Whether a version of the table would be as the one before: rows at the watermark were read again, and nothing is new.</summary>
    private bool ChangesNothing(LoadedRows loaded, Extraction extraction) =>
        start.Before is { } before && !Replaces && !loaded.Staged.Changes.Any && loaded.Rejects.Count == 0 && (loaded.Schema?.Columns.All(c => before.Schema.Find(c.Name) is not null) ?? true)
        && CursorOf(loaded, extraction) == _state?.Cursor;

    private static string WhyNoTable(LoadedRows loaded, Extraction extraction) => loaded.Counts.Read == 0 ? extraction.IsRows ? "the source holds no records" : "the files hold no records"
        : loaded.Tallies.Values.All(t => t.Fault is not null) ? "no file could be read" : "none of the records fits";

    /// <summary>Writes the rejects of the run; answers what the commit has to name, which is what the last one named when there are none.</summary>
    private RejectsPlace? Keep(DuckSession session, LoadedRows loaded, bool makesTable, CancellationToken ct)
    {
        var named = RejectsPlace.Parse(_state?.Rejects);
        var supersedes = Replaces && named is not null;
        return loaded.Rejects.Count == 0 && !supersedes ? named : new RejectsTable(lake, session, _job, request, named).Add(loaded.Rejects, loaded.Files, supersedes, makesTable, ct);
    }

    private static List<SeenFile> Seen(LoadedRows loaded, Extraction extraction) => extraction.IsRows ? []
        : [.. extraction.PassedOver, .. extraction.Files.Select(file => new SeenFile(file.Path, file.Size, file.ETag, file.Modified, file.Sha256, loaded.RowsOf(file), loaded.NoteOf(file)))];

    private string? CursorOf(LoadedRows loaded, Extraction extraction) => loaded.Staged.Cursor ?? extraction.Cursor ?? _state?.Cursor;

    /// <summary>What the job's next runs begin from.</summary>
    private JobState NextState(LoadedRows loaded, Extraction extraction, List<SeenFile> seen, RejectsPlace? rejects, IReadOnlyDictionary<string, long> children) => new()
    {
        Pipeline = request.Pipeline,
        Job = _job.Name,
        RunId = request.RunId,
        Cursor = TakesInterval ? _state?.Cursor : CursorOf(loaded, extraction),
        Rejects = rejects?.ToString(),
        Children = children,
        Drift = Holds.Remember(_state?.Drift, start.GoesOn),
        FilesSeen = TakesInterval ? _state?.FilesSeen ?? [] : Replaces ? seen : [.. _state?.FilesSeen ?? [], .. seen],
        FilesOfCommit = seen.Count,
    };
}
