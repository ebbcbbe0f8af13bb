using System.Globalization;
using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;
using Files = System.Collections.Generic.IReadOnlyList<FlowForge.Ingest.Landing.LandedFile>;

namespace FlowForge.Ingest;

/// <summary>One attempt of one ingest job, from the source's list of files to the table's commit.</summary>
internal sealed class IngestRun(
    LakeStore lake, PluginRegistry plugins, CatalogDatabase catalog, IngestOptions options, IngestDefinition job, JobRequest request, IProgress<JobProgress> sink, IJobLog log) : IAsyncDisposable
{
    private readonly LakeTable _table = lake.Table(new TableName(Layer.Bronze, job.Table));
    private readonly ReadingProgress _progress = new(sink);
    private readonly LandingZone _landing = new(lake.LandingFolder, request.Pipeline, job.Name, request.RunId, request.RunTime, job.FilenamePattern);
    private readonly List<SeenFile> _seenNow = [];
    private ConnectorLease? _connector;

    private string TableText => "bronze." + job.Table;

    public async Task<JobOutcome> RunAsync(DuckFactory duck, CancellationToken ct)
    {
        var before = _table.Latest();
        if (before is not null && before.TransactionVersion(request.ApplicationId) >= request.TxnVersion) return Recorded(before);
        var format = job.Format ?? "csv";
        var settings = FormatSettings.From(job.Config, format);
        var state = before?.StateOf(request.ApplicationId);
        var seenBefore = state?.FilesSeen ?? [];
        var files = await ExtractAsync(settings, seenBefore, ct).ConfigureAwait(false);
        if (!job.ForceToParquet) return LandedOnly(files);
        if (files.Count == 0 && _seenNow.Count == 0) return NothingNew(before);

        using var lease = await duck.LeaseAsync($"{request.Pipeline}_{job.Name}", o => o with { PreserveInsertionOrder = true }, ct).ConfigureAwait(false);
        // Blocking work for as long as it takes: not on the pool's threads.
        return await Task.Factory.StartNew(() => Load(lease, settings, format, files, before, state, ct), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    /// <summary>Lists the source's files and lands those that are new.</summary>
    private async Task<List<LandedFile>> ExtractAsync(FormatSettings settings, IReadOnlyList<SeenFile> seenBefore, CancellationToken ct)
    {
        _connector = new ConnectorOpener(plugins, options).Open(job, request, log);
        if (_connector.Connector is not IFileSource source)
            throw new JobFailedException("FF2005", $"Connector '{_connector.Descriptor.Name}' hands over no files, and this runtime reads files only.", "Use a connector that reads files.");
        var listed = new List<SourceFile>();
        await foreach (var file in source.ListAsync(ct).ConfigureAwait(false)) listed.Add(file);
        if (!job.ForceToParquet) seenBefore = [.. LandingManifest.OfJob(_landing.JobFolder).Select(f => new SeenFile(f.Path, f.Size, f.ETag, f.Modified, f.Sha256, 0))];
        var selection = new FileSelection(settings.File.Reload ? [] : seenBefore);
        var fresh = listed.Where(f => !selection.IsUnchanged(f)).ToList();
        // A replaced table holds what the source holds: if anything changed, all of it is read.
        var replaces = job.WriteMode == Pipelines.WriteMode.Replace;
        var gone = replaces && seenBefore.Any(s => s.Note is null && !listed.Any(f => f.Path == s.Path));
        if (replaces && gone && listed.Count == 0) throw new JobFailedException("FF2052", $"The source holds no files any more, and {TableText} would be emptied. Nothing was published.", "Put the files back, or delete the table's rows by hand.");
        if (replaces && (fresh.Count > 0 || gone)) (fresh, selection) = (listed, new FileSelection([]));
        log.Info($"{listed.Count} files found, {fresh.Count} of them new or changed.");
        _progress.Start("landing", fresh.Sum(f => f.Size ?? 0));
        var landed = new List<LandedFile>();
        foreach (var file in fresh)
        {
            ct.ThrowIfCancellationRequested();
            var copy = job.Landing == LandingMode.Copy
                ? await _landing.LandAsync(file, _progress.Bytes, ct).ConfigureAwait(false)
                : await LandingZone.ReferenceAsync(file, _progress.Bytes, ct).ConfigureAwait(false);
            if (selection.SameContent(copy) is { } same) PassOver(copy, same);
            else
            {
                selection.Add(new SeenFile(copy.Path, copy.Size, copy.ETag, copy.Modified, copy.Sha256, 0));
                landed.Add(copy);
            }
        }
        if (job.Landing == LandingMode.Copy && fresh.Count > 0) _landing.Save();
        return landed;
    }

    private void PassOver(LandedFile copy, SeenFile same)
    {
        var note = same.Path == copy.Path ? "unchanged content" : $"duplicate of {same.Path}";
        log.Info($"{copy.Path} is not loaded: {note}.");
        _seenNow.Add(new SeenFile(copy.Path, copy.Size, copy.ETag, copy.Modified, copy.Sha256, 0, note));
        if (job.Landing == LandingMode.Copy) _landing.Discard(copy);
    }

    /// <summary>Reads, proves and publishes the landed files.</summary>
    private JobOutcome Load(DuckLease lease, FormatSettings settings, string format, Files files, TableSnapshot? before, JobState? state, CancellationToken ct)
    {
        using var session = lease.Database.Connect();
        using var checkTables = new CheckTables(session, lake, job, request);
        using var loading = new Loading(session, _table, job, request, settings, format, files, state, options.TemporaryFolder, _progress, log);
        var loaded = loading.Run(ct);
        Gate(loaded, before, settings.File);
        var checks = Judge(loading, loaded, ct);
        var publishes = loaded.HasRows || before is not null || loaded.Columns.Count > 0;
        var rejects = Keep(session, loaded, state, files, publishes, ct);
        if (!publishes) return NothingNew(null) with { Counts = loaded.Counts, RejectsTable = rejects?.Folder, Note = loaded.Counts.Read == 0 ? "the files hold no records" : "no file could be read" };
        _progress.Start("publishing", null);
        foreach (var file in files)
            _seenNow.Add(new SeenFile(file.Path, file.Size, file.ETag, file.Modified, file.Sha256, loaded.RowsOf(file), loaded.NoteOf(file)));
        var outcome = new JobOutcome
        {
            Counts = loaded.Counts,
            Bytes = loading.Transaction.Staged.Sum(f => f.Bytes),
            Table = TableText,
            RejectsTable = loaded.Rejects.Count == 0 ? null : rejects?.Folder,
            Checks = checks,
            Note = loaded.Counts.Read == 0 ? "the new files hold no records" : null,
        };
        var commit = loading.Transaction.Commit(CommitOptionsFor(loaded, state, outcome, rejects), ct);
        if (commit.AlreadyCommitted) return Recorded(_table.Latest()!);
        outcome = outcome with { TableVersion = commit.Version };
        Record(outcome, loaded);
        if (job.WriteMode == Pipelines.WriteMode.Replace && rejects is not null) RejectCounts.Record(catalog, lake, session, TableText, request, job, rejects);
        log.Info($"{loaded.Counts}; {TableText} is at version {commit.Version}.");
        return outcome;
    }

    /// <summary>Writes the rejects of the run; answers what the commit has to name, which is what the last one named when there are none.</summary>
    private RejectsPlace? Keep(DuckSession session, LoadedRows loaded, JobState? state, Files files, bool publishes, CancellationToken ct)
    {
        var named = RejectsPlace.Parse(state?.Rejects);
        var supersedes = job.WriteMode == Pipelines.WriteMode.Replace && named is not null;
        return loaded.Rejects.Count == 0 && !supersedes ? named : new RejectsTable(lake, session, job, request, named).Add(loaded.Rejects, files, supersedes, publishes, ct);
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

    /// <summary>What must hold before anything is published.</summary>
    private void Gate(LoadedRows loaded, TableSnapshot? before, FileSettings settings)
    {
        var counts = loaded.Counts;
        if (counts.Rejected > 0)
        {
            var evidence = string.Join("\n", loaded.Rejects.Evidence.Select(loaded.Describe));
            log.Warning($"{counts.Rejected} of {counts.Read} records are rejected ({string.Join(", ", loaded.Rejects.ByReason.Select(r => $"{r.Value} {r.Key}"))}):\n{evidence}");
            if (job.ErrorHandling == ErrorHandling.Fail)
                throw new JobFailedException("FF2020", $"{counts.Rejected} of {counts.Read} records do not fit, and nothing was published. The first: {loaded.Describe(loaded.Rejects.Evidence[0])}",
                    "Mend the source, or set error_handling: quarantine with a quarantine_path to load the rest.");
            if (job.MaxRejects is { } limit && limit.IsExceeded(counts.Rejected, counts.Read))
                throw new JobFailedException("FF2021", $"{counts.Rejected} of {counts.Read} records do not fit, which is more than max_rejects allows; nothing was published. The first: {loaded.Describe(loaded.Rejects.Evidence[0])}",
                    "Mend the source, or raise max_rejects.");
        }
        if (job.WriteMode == Pipelines.WriteMode.Replace && before is { Rows: > 0 } && counts.Loaded * 2 < before.Rows && !settings.AllowSmaller)
            throw new JobFailedException("FF2052", $"The source has {counts.Loaded} rows for {TableText}, which holds {before.Rows}: less than half. Nothing was published.", "If that is meant, set config.allow_smaller: true.");
        if (!counts.Balanced)
            throw new JobFailedException("FF2030", $"The rows do not add up, and nothing was published: {counts}.", "This is a defect of FlowForge: keep the landed files and report it.");
    }

    /// <summary>A backfill of an incremental job takes only its interval's rows: the files count as unseen, for the rest of their rows is still to be read.</summary>
    private bool TakesInterval => request.KeepCursor && job.IncrementalMode == IncrementalMode.Incremental;

    private CommitOptions CommitOptionsFor(LoadedRows loaded, JobState? state, JobOutcome outcome, RejectsPlace? rejects)
    {
        var counts = loaded.Counts;
        var replaces = job.WriteMode == Pipelines.WriteMode.Replace;
        return new CommitOptions
        {
            Mode = loaded.Staged.Mode,
            Transaction = (request.ApplicationId, request.TxnVersion),
            Schema = loaded.Schema,
            State = new JobState
            {
                Pipeline = request.Pipeline,
                Job = job.Name,
                RunId = request.RunId,
                Rows = new RowEquation(counts.Read, counts.Loaded, counts.Rejected, counts.Deduplicated, counts.Filtered),
                Cursor = request.KeepCursor ? state?.Cursor : loaded.Staged.Cursor ?? state?.Cursor,
                Rejects = rejects?.ToString(),
                Outcome = JsonSerializer.Serialize(outcome),
                FilesSeen = TakesInterval ? state?.FilesSeen ?? [] : replaces ? _seenNow : [.. state?.FilesSeen ?? [], .. _seenNow],
            },
            Info = new Dictionary<string, string>
            {
                ["run"] = request.RunId, ["pipeline"] = request.Pipeline, ["job"] = job.Name,
                ["read"] = Text(counts.Read), ["loaded"] = Text(counts.Loaded), ["rejected"] = Text(counts.Rejected), ["deduplicated"] = Text(counts.Deduplicated), ["filtered"] = Text(counts.Filtered),
            },
        };

        static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The outcome of the attempt that committed.</summary>
    private JobOutcome Recorded(TableSnapshot snapshot)
    {
        var state = snapshot.StateOf(request.ApplicationId);
        log.Info($"An earlier attempt has committed this already: {TableText}, version {state?.TableVersion ?? snapshot.Version}.");
        var outcome = state?.TransactionVersion == request.TxnVersion && state.Outcome is { } json ? JsonSerializer.Deserialize<JobOutcome>(json)! : new JobOutcome { Counts = default, Table = TableText };
        outcome = outcome with { TableVersion = state?.TableVersion ?? snapshot.Version, AlreadyDone = true };
        return outcome;
    }

    private JobOutcome NothingNew(TableSnapshot? before)
    {
        log.Info("Nothing new.");
        return new JobOutcome { Counts = default, Table = before is null ? null : TableText, TableVersion = before?.Version, Note = "nothing new" };
    }

    private JobOutcome LandedOnly(List<LandedFile> files)
    {
        log.Info($"{files.Count} files landed in {_landing.JobFolder}.");
        return new JobOutcome { Counts = default, Bytes = files.Sum(f => f.Size), Note = files.Count == 0 ? "nothing new" : $"{files.Count} files landed only" };
    }

    /// <summary>Tells the catalog what it shows; the truth is in the commit.</summary>
    private void Record(JobOutcome outcome, LoadedRows loaded)
    {
        var snapshot = _table.Latest()!;
        if (!TakesInterval) catalog.Files.Record([.. _seenNow.Select(f => new FileSeen(TableText, f.Path, f.Size, f.ETag, f.Modified, f.Sha256, f.Rows, request.RunId, DateTimeOffset.UtcNow,
            f.Note?.StartsWith("duplicate of ", StringComparison.Ordinal) == true ? f.Note["duplicate of ".Length..] : null))]);
        catalog.Schemas.Record(new SchemaHistoryEntry(TableText, outcome.TableVersion!.Value, request.RunId, DateTimeOffset.UtcNow,
            [.. snapshot.Schema.Columns.Where(c => !c.IsReserved).Select(c => new SchemaColumn(c.Name, c.DuckType, c.Nullable, c.OriginalName))]));
        if (!request.KeepCursor && loaded.Staged.Cursor is { } reached && job.WatermarkColumn is { } column)
            catalog.Watermarks.Record(new Catalog.Watermark(TableText, request.Pipeline, request.JobId, column, reached, request.RunId, DateTimeOffset.UtcNow));
        catalog.Rejects.Record(TableText, request.RunId, loaded.Rejects.ByReason);
        catalog.Lineage.Record(TableText, request.Pipeline, request.JobId, [_connector!.Descriptor.Name + ":" + (job.Connection ?? job.Name)]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connector is not null) await _connector.DisposeAsync().ConfigureAwait(false);
    }
}
