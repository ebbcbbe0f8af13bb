using System.Globalization;
using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Children;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest;

/// <summary>One attempt of one ingest job into one table, from the source to the table's commit.</summary>
internal sealed class IngestRun(
    LakeStore lake, PluginRegistry plugins, CatalogDatabase catalog, IngestOptions options, IngestDefinition job, JobRequest request, IProgress<JobProgress> sink, IJobLog log) : IAsyncDisposable
{
    private readonly LakeTable _table = lake.Table(new TableName(Layer.Bronze, job.Table));
    private readonly ReadingProgress _progress = new(sink);
    private readonly FormatSettings _settings = FormatSettings.From(job.Config, job.Format ?? "rows");
    private readonly Lazy<ConnectorLease> _opened = new(() => new ConnectorOpener(plugins, options).Open(job, request, log));
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private string? _spool;

    private SchemaHold? _goesOn;
    private bool _isLanded;

    private string TableText => "bronze." + job.Table;
    private Holds Holds => new(catalog, job, request, Landing, log);
    private ConnectorLease Connector => _opened.Value;
    private string SourceName => SourceRequest.Name(Connector, job);

    public async Task<JobOutcome> RunAsync(DuckFactory duck, CancellationToken ct)
    {
        try
        {
            return await AttemptAsync(duck, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (_goesOn is null && !ct.IsCancellationRequested && MayBeMendedAtTheSource(Failures.From(e)))
        {
            if (_opened.IsValueCreated) Landing().Forget();
            throw;
        }
    }

    // A retry of the run is to see what was mended. The lake, memory, a disk and what comes after the commit have nothing to do with what was read.
    private static bool MayBeMendedAtTheSource(JobFailedException failure) => !failure.Transient && failure.Code is not (RunHeld.Code or "FF2060" or "FF2061" or "FF2071" or "FF2080" or "FF2081" or "FF2092" or "FF2099");

    private async Task<JobOutcome> AttemptAsync(DuckFactory duck, CancellationToken ct)
    {
        var before = _table.Latest();
        if (before is not null && before.TransactionVersion(request.ApplicationId) >= request.TxnVersion) return await AfterCommitAsync(Recorded(before), ct).ConfigureAwait(false);
        var state = before?.StateOf(request.ApplicationId);
        if (_settings.File.Nested == Formats.Json.Nested.Split || state?.Children.Count > 0) await Task.Run(() => ChildTables.TakeBack(lake, job, request, state, log), ct).ConfigureAwait(false);
        job = job.With(state?.Drift);
        if (before is not null && Holds.Find(state) is { } found)
        {
            (_goesOn, _isLanded) = found;
            job = job.With(_goesOn);
        }
        var connector = Connector.Connector;
        if (connector is IFileSource files)
        {
            if (connector is IAfterCommit && state is not null) await TellOfOthersAsync(files, state, ct).ConfigureAwait(false);
            await using var late = new LateHashes(options.LateHashBytes);
            var landing = new FileExtraction(job, _settings.File, Landing(), _progress, log) { Late = late };
            var extraction = _isLanded ? landing.FromLanded(job.Format ?? "csv", state?.FilesSeen ?? []) : await landing.RunAsync(files, job.Format ?? "csv", state?.FilesSeen ?? [], ct).ConfigureAwait(false);
            if (!job.ForceToParquet) return LandedOnly(extraction);
            if (extraction.IsEmpty) return NothingNew(before);
            using var reader = new ConnectorOpener(plugins, options).OpenFormat(job, request, _settings.File, log);
            using var lease = await LeaseAsync(duck, extraction.Files, ct).ConfigureAwait(false);
            return await AfterCommitAsync(await BlockingAsync(() => Load(lease, extraction with { Reader = reader }, before, state, ct), ct).ConfigureAwait(false), ct).ConfigureAwait(false);
        }
        if (!RowExtraction.Reads(connector))
            throw new JobFailedException("FF2005", $"Connector '{Connector.Descriptor.Name}' hands over neither files nor rows, so there is nothing to read from it.", "Use a connector that reads.");
        using (var lease = await LeaseAsync(duck, [], ct).ConfigureAwait(false))
            return await AfterCommitAsync(await BlockingAsync(() => FromRows(lease, connector, before, state, ct), ct).ConfigureAwait(false), ct).ConfigureAwait(false);
    }

    private JobOutcome FromRows(DuckLease lease, IConnector connector, TableSnapshot? before, JobState? state, CancellationToken ct)
    {
        using var session = lease.Database.Connect();
        var read = SourceRequest.Of(session, Connector, job, request, before, state);
        var extraction = new RowExtraction(connector, SourceName, Landing(), TableForm.Of(job, request), _progress, log).Run(session, read, ct);
        if (!job.ForceToParquet) return LandedOnly(extraction);
        if (extraction.IsEmpty && before is not null && !job.DetectDeletes && job.WriteMode != Pipelines.WriteMode.Replace && (extraction.Cursor ?? state?.Cursor) == state?.Cursor) return NothingNew(before);
        return Load(lease, session, extraction, before, state, ct);
    }

    private JobOutcome Load(DuckLease lease, Extraction extraction, TableSnapshot? before, JobState? state, CancellationToken ct)
    {
        using var session = lease.Database.Connect();
        return Load(lease, session, extraction, before, state, ct);
    }

    /// <summary>Reads, proves and publishes what was landed.</summary>
    private JobOutcome Load(DuckLease lease, DuckSession session, Extraction extraction, TableSnapshot? before, JobState? state, CancellationToken ct)
    {
        ChildTables.Check(job, _settings.File);
        using var checkTables = new CheckTables(session, lake, job, request);
        using var children = new ChildTables(lake, session, request, _settings, state, options.TemporaryFolder, _progress, log);
        using var loading = new Loading(session, _table, job, request, _settings, extraction, state, options.TemporaryFolder, _progress, log) { CheckBase = now => CheckAlone(before, now), NeedsMemory = (bytes, stop) => Grow(lease, bytes, stop), Taps = options.Taps };
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

    /// <summary>A backfill of an incremental job takes only its interval's rows: the files count as unseen, for the rest of their rows is still to be read.</summary>
    private bool TakesInterval => request.KeepCursor && job.IncrementalMode == IncrementalMode.Incremental;

    private CommitOptions CommitOptionsFor(LoadedRows loaded, Extraction extraction, List<SeenFile> seen, JobState? state, JobOutcome outcome, RejectsPlace? rejects, IReadOnlyDictionary<string, long> children)
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
                Cursor = TakesInterval ? state?.Cursor : loaded.Staged.Cursor ?? extraction.Cursor ?? state?.Cursor,
                Rejects = rejects?.ToString(),
                Children = children,
                Drift = Drifting.Holds.Remember(state?.Drift, _goesOn),
                Outcome = JsonSerializer.Serialize(outcome),
                FilesSeen = TakesInterval ? state?.FilesSeen ?? [] : replaces ? seen : [.. state?.FilesSeen ?? [], .. seen],
                FilesOfCommit = TakesInterval ? 0 : seen.Count,
            },
            Info = new Dictionary<string, string>
            {
                ["run"] = request.RunId, ["pipeline"] = request.Pipeline, ["job"] = job.Name,
                ["read"] = Text(counts.Read), ["loaded"] = Text(counts.Loaded), ["rejected"] = Text(counts.Rejected), ["deduplicated"] = Text(counts.Deduplicated), ["filtered"] = Text(counts.Filtered),
                ["inserted"] = Text(loaded.Staged.Changes.Inserted), ["updated"] = Text(loaded.Staged.Changes.Updated), ["deleted"] = Text(loaded.Staged.Changes.Deleted), ["unchanged"] = Text(loaded.Staged.Changes.Unchanged),
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
        Holds.Done(state);
        return outcome with { TableVersion = state?.TableVersion ?? snapshot.Version, AlreadyDone = true };
    }

    /// <summary>
    /// What the source may only do once the rows are safe. It fails the attempt when it fails; the next attempt finds the commit done and does only this. Nothing is told when
    /// another run has committed since.
    /// </summary>
    private async Task<JobOutcome> AfterCommitAsync(JobOutcome outcome, CancellationToken ct)
    {
        if (outcome.TableVersion is null || Connector.Connector is not IAfterCommit after) return outcome;
        if (_table.Latest()?.StateOf(request.ApplicationId) is not { } state || state.TransactionVersion != request.TxnVersion) return outcome;
        _progress.Start("finishing", null);
        try
        {
            IReadOnlyList<SeenFile> seen = [.. state.FilesSeen.Skip(state.FilesSeen.Count - state.FilesOfCommit)];
            var paths = Connector.Connector is IFileSource source ? await StillThereAsync(source, state, seen, ct).ConfigureAwait(false) : [.. seen.Select(f => f.Path)];
            await after.CommittedAsync(paths, state.Cursor, ct).ConfigureAwait(false);
            if (TellsOfFiles) Untold.Forget(request.RunId);
        }
        catch (Exception e) when (e is not JobFailedException && !ct.IsCancellationRequested)
        {
            throw new JobFailedException("FF2092", $"The rows are in {TableText}, but {SourceName} could not be told: {e.Message}", "The next attempt only tells the source again; no row is read or loaded twice.", transient: e is not TerminalException, inner: e);
        }
        return outcome;
    }

    private bool TellsOfFiles => Connector.Connector is IFileSource and IAfterCommit;
    private UntoldFiles Untold => new(Landing().JobFolder);

    /// <summary>Tells the source of files that a run before this one has committed, and did not live to say so. That it cannot be told yet is no reason to load nothing.</summary>
    private async Task TellOfOthersAsync(IFileSource source, JobState state, CancellationToken ct)
    {
        var untold = Untold;
        foreach (var noted in untold.OfOthers(request.RunId))
        {
            // A run whose commit never came has loaded none of its files; they are in the table all the same if another one has.
            var loaded = noted.Files.Intersect(state.FilesSeen).ToList();
            try
            {
                var paths = await StillThereAsync(source, state, loaded, ct).ConfigureAwait(false);
                if (paths.Count > 0)
                {
                    log.Info($"{noted.Run} has loaded {string.Join(", ", paths.Take(5))}{(paths.Count > 5 ? $" and {paths.Count - 5} more" : "")} and was ended before it told {SourceName}: that is done now.");
                    await ((IAfterCommit)source).CommittedAsync(paths, state.Cursor, ct).ConfigureAwait(false);
                }
                if (state.TransactionVersion >= noted.Transaction) untold.Forget(noted.Run);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                log.Warning($"{noted.Run} has loaded {loaded.Count} {(loaded.Count == 1 ? "file" : "files")} of which {SourceName} could not be told: {SecretMask.Hide(e.Message)} The next run tries again.");
            }
        }
    }

    /// <summary>The files that still are what was read: one that was written anew since is left to the next run, and one that is gone needs nothing.</summary>
    private async Task<IReadOnlyList<string>> StillThereAsync(IFileSource source, JobState state, IReadOnlyList<SeenFile> seen, CancellationToken ct)
    {
        if (seen.Count == 0) return [];
        var read = new FileSelection(seen);
        IReadOnlyList<SeenFile> before = [.. state.FilesSeen.TakeWhile(f => f != seen[0])];
        var paths = seen.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        var same = new List<string>();
        await foreach (var file in FileListing.ListAsync(source, job, _settings.File.Reload, before, ct).ConfigureAwait(false))
        {
            if (!paths.Contains(file.Path)) continue;
            if (read.IsAsRead(file)) same.Add(file.Path);
            else log.Warning($"{file.Path} has changed since it was read: it is left as it is for the next run.");
        }
        return same;
    }

    private JobOutcome NothingNew(TableSnapshot? before)
    {
        log.Info("Nothing new.");
        if (_goesOn is not null) Holds.Done(_goesOn, before?.Version);
        return new JobOutcome { Counts = default, Table = before is null ? null : TableText, TableVersion = before?.Version, Note = "nothing new" };
    }

    private JobOutcome LandedOnly(Extraction extraction)
    {
        log.Info($"{extraction.Files.Count} files landed in {Landing().JobFolder}.");
        return new JobOutcome { Counts = default, Bytes = extraction.Files.Sum(f => f.Size), Note = extraction.Files.Count == 0 ? "nothing new" : $"{extraction.Files.Count} files landed only" };
    }

    /// <summary>Rows cannot be read in place: with <c>landing: reference</c> they lie in a temporary folder until the run ends.</summary>
    private LandingZone Landing() => Landing(request.RunId, request.RunTime);

    private LandingZone Landing(string runId, DateTimeOffset runTime)
    {
        var root = lake.LandingFolder;
        if (job.Landing == LandingMode.Reference && Connector.Connector is not IFileSource) root = _spool ??= Path.Combine(options.TemporaryFolder, $"rows-{Guid.NewGuid():n}");
        return new LandingZone(root, request.Pipeline, job.SourceTable is null ? job.Name : Path.Combine(job.Name, job.Table), runId, runTime, job.FilenamePattern);
    }

    private async Task<DuckLease> LeaseAsync(DuckFactory duck, IReadOnlyList<LandedFile> files, CancellationToken ct)
    {
        var lease = await duck.LeaseAsync($"{request.Pipeline}_{job.Name}", o => o with { PreserveInsertionOrder = true }, ct).ConfigureAwait(false);
        return lease.Confined(lake, options, files);
    }

    // Blocking work for as long as it takes: not on the pool's threads.
    private static Task<JobOutcome> BlockingAsync(Func<JobOutcome> work, CancellationToken ct) => Task.Factory.StartNew(work, ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>A connector that has just read knows best how its connection is. Figures are no reason to fail.</summary>
    private async Task ReportHealthAsync()
    {
        if (job.Connection is not { } connection || Connector.Connector is not IReportHealth reporter) return;
        try
        {
            options.Health(connection, await BoundedCall.RunAsync("The health report", reporter.HealthAsync, TimeSpan.FromSeconds(5), CancellationToken.None).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            log.Debug($"The connection's health could not be read: {SecretMask.Hide(e.Message)}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_spool is not null && Directory.Exists(_spool)) Directory.Delete(_spool, recursive: true);
        if (!_opened.IsValueCreated) return;
        await ReportHealthAsync().ConfigureAwait(false);
        await Connector.DisposeAsync().ConfigureAwait(false);
    }
}
