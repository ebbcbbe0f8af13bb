using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Children;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest;

/// <summary>From landed files to a commit: read and prove, judge, keep rejects, publish, tell the catalog.</summary>
internal sealed partial class IngestRun
{
    /// <summary>Reads, proves and publishes what was landed.</summary>
    private JobOutcome Load(DuckLease lease, DuckSession session, Extraction extraction, TableSnapshot? before, JobState? state, CancellationToken ct)
    {
        ChildTables.Check(job, _settings.File);
        using var checkTables = new CheckTables(session, lake, job, request);
        using var children = new ChildTables(lake, session, request, _settings, state, options.TemporaryFolder, _progress, log);
        using var loading = new Loading(new LoadRequest
        {
            Session = session,
            Table = _table,
            Job = job,
            Run = request,
            Settings = _settings,
            Extraction = extraction,
            State = state,
            Temporary = options.TemporaryFolder,
            Progress = _progress,
            Log = log,
            CheckBase = now => CheckAlone(before, now),
            NeedsMemory = (bytes, stop) => Grow(lease, bytes, stop),
            Taps = options.Taps,
        });
        var loaded = loading.Run(ct);
        new Gate(job, _settings.File, log).Check(loaded, before);
        if (loaded.Staged.Held is { } held) throw Holds.Hold(held, loaded.Counts, extraction, _goesOn);
        var checks = Judge(loading, loaded, ct);
        children.Stage(job, loading.Children, loaded.Files, ct);
        if (extraction.IsRows && _goesOn is null && ChangesNothing(loaded, extraction, before, state)) return NothingNew(before) with { Counts = loaded.Counts, Changes = loaded.Staged.Changes, Checks = checks };
        var publishes = loaded.HasRows || before is not null || loaded.Columns.Count > 0;
        var rejects = Keep(session, loaded, state, publishes, ct);
        if (!publishes) return NothingNew(null) with { Counts = loaded.Counts, RejectsTable = rejects?.Folder, Note = loaded.Counts.Read == 0 ? extraction.IsRows ? "the source holds no records" : "the files hold no records" : loaded.Tallies.Values.All(t => t.Fault is not null) ? "no file could be read" : "none of the records fits" };
        _progress.Start("publishing", null);
        List<SeenFile> seen = extraction.IsRows ? [] :
            [.. extraction.PassedOver, .. extraction.Files.Select(file => new SeenFile(file.Path, file.Size, file.ETag, file.Modified, file.Sha256, loaded.RowsOf(file), loaded.NoteOf(file)))];
        var outcome = new JobOutcome
        {
            Counts = loaded.Counts,
            Changes = loaded.Staged.Changes,
            Bytes = loading.Transaction.Staged.Sum(f => f.Bytes),
            Table = TableText,
            RejectsTable = loaded.Rejects.Count == 0 ? null : rejects?.Folder,
            Checks = checks,
            Note = _isLanded ? $"what {_goesOn!.RunId} had landed; the next run reads the source" : loaded.Counts.Read == 0 ? extraction.IsRows ? "the source holds no rows" : "the new files hold no records" : children.Note,
        };
        if (TellsOfFiles && !TakesInterval && seen.Count > 0) Untold.Note(new(request.RunId, request.TxnVersion, seen));
        var childVersions = children.Commit(job.WriteMode == Pipelines.WriteMode.Replace, ct);
        var commit = loading.Transaction.Commit(CommitOptionsFor(loaded, extraction, seen, state, outcome, rejects, childVersions), ct);
        if (commit.AlreadyCommitted) return Recorded(_table.Latest()!);
        outcome = outcome with { TableVersion = commit.Version };
        new Ledger(catalog, job, request).Record(_table.Latest()!, commit.Version, loaded, TakesInterval ? [] : seen, $"{Connector.Descriptor.Name}:{job.Connection ?? job.Name}");
        if (_goesOn is not null) Holds.Done(_goesOn, commit.Version);
        children.Record(catalog, job);
        if (rejects is not null && (job.WriteMode == Pipelines.WriteMode.Replace || job.IncrementalMode == IncrementalMode.Incremental && loaded.Rejects.Count > 0)) RejectCounts.Record(catalog, lake, session, TableText, request, job, rejects);
        log.Info($"{loaded.Counts}; {TableText} is at version {commit.Version}.");
        return outcome;
    }

    private void Grow(DuckLease lease, long bytes, CancellationToken ct)
    {
        var had = lease.Grow(bytes, TimeSpan.Zero, ct);
        if (had >= bytes) return;
        log.Info(string.Create(CultureInfo.InvariantCulture, $"The many columns of bronze.{job.Table} need about {bytes >> 20} MiB of memory; {had >> 20} MiB are free for the job now."));
        lease.Grow(bytes, Patience, ct);
    }

    /// <summary>What is read was chosen by what the job had committed: another run of it that has committed since may have loaded the same.</summary>
    private void CheckAlone(TableSnapshot? before, TableSnapshot? now)
    {
        if (now?.TransactionVersion(request.ApplicationId) == before?.TransactionVersion(request.ApplicationId)) return;
        throw new JobFailedException("FF2060", $"Another run of this job has committed to {TableText} meanwhile (version {now!.Version}). Nothing was published.", "The next attempt begins from what is there then.", transient: true);
    }

    /// <summary>Whether a version of the table would be as the one before: rows at the watermark were read again, and nothing is new.</summary>
    private bool ChangesNothing(LoadedRows loaded, Extraction extraction, TableSnapshot? before, JobState? state) =>
        before is not null && job.WriteMode != Pipelines.WriteMode.Replace && !loaded.Staged.Changes.Any && loaded.Rejects.Count == 0 && (loaded.Schema?.Columns.All(c => before.Schema.Find(c.Name) is not null) ?? true)
        && (loaded.Staged.Cursor ?? extraction.Cursor ?? state?.Cursor) == state?.Cursor;

    /// <summary>Writes the rejects of the run; answers what the commit has to name, which is what the last one named when there are none.</summary>
    private RejectsPlace? Keep(DuckSession session, LoadedRows loaded, JobState? state, bool publishes, CancellationToken ct)
    {
        var named = RejectsPlace.Parse(state?.Rejects);
        var supersedes = job.WriteMode == Pipelines.WriteMode.Replace && named is not null;
        return loaded.Rejects.Count == 0 && !supersedes ? named : new RejectsTable(lake, session, job, request, named).Add(loaded.Rejects, loaded.Files, supersedes, publishes, ct);
    }

    private IReadOnlyList<CheckOutcome> Judge(Loading loading, LoadedRows loaded, CancellationToken ct)
    {
        var report = loading.Judge(loaded, (title, most) => catalog.Checks.Earlier(TableText, title, request.RunId, most), ct);
        var checks = report.Outcomes;
        catalog.Checks.Record(request.RunId, request.JobId, TableText, checks, DateTimeOffset.UtcNow, report.Samples);
        foreach (var check in checks.Where(c => !c.Passed)) log.Warning($"Check {check.Check} failed: {check.Message}");
        if (report.Fatal is [var failed, ..])
            throw new JobFailedException("FF2022", $"Check {failed.Check} failed and nothing was published: {failed.Message}", "Mend the source, or set on_fail: warn.");
        return checks;
    }
}
