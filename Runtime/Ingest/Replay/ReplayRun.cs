using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Readers;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using Picked = System.Collections.Generic.IReadOnlyList<(string Run, FlowForge.Ingest.Landing.LandedFile File)>;

namespace FlowForge.Ingest.Replay;

/// <summary>
/// One attempt to read rejects of a job again, under its present definition. What fits comes to the table in one commit that also names the version of the
/// rejects table in which these are marked as replayed: both or neither. The cursor and the files seen stay as they are.
/// </summary>
internal sealed class ReplayRun(LakeStore lake, PluginRegistry plugins, CatalogDatabase catalog, IngestOptions options, IngestDefinition definition, JobRequest request, IProgress<JobProgress> sink, IJobLog log)
{
    // Checks that judge a whole run have nothing to say about a few rows that come later.
    private readonly IngestDefinition _job = definition with { Checks = [.. definition.Checks.Where(c => c.Kind is not (CheckKind.RowCount or CheckKind.Freshness or CheckKind.Anomaly or CheckKind.Sql))] };
    private readonly LakeTable _table = lake.Table(new TableName(Layer.Bronze, definition.Table));
    private readonly CommitNotes _notes = new(definition.Name, request);
    private readonly ReadingProgress _progress = new(sink);

    private bool ReadsFormat => definition.Format is { } format && plugins.Find(format) is { IsFormat: true };

    private string TableText => "bronze." + _job.Table;

    public async Task<JobOutcome> RunAsync(DuckFactory duck, CancellationToken ct)
    {
        var before = _table.Latest();
        if (before is not null && before.TransactionVersion(request.ApplicationId) >= request.TxnVersion) return Recorded(before);
        return await WithRejects(duck, before, (database, state, named, files) => Publish(database, state, named, files, ct),
            () => new JobOutcome { Counts = default, Table = before is null ? null : TableText, TableVersion = before?.Version, Note = "no open rejects of that choice" }, ct).ConfigureAwait(false);
    }

    public Task<ReplayPreview> PreviewAsync(DuckFactory duck, CancellationToken ct) => WithRejects(duck, _table.Latest(), (database, state, _, files) =>
    {
        using var session = database.Connect();
        using var reader = Reader();
        using var loading = Loading(session, files, state, reader);
        var loaded = loading.Run(ct);
        var known = loading.Transaction.Base!.Schema;
        var changes = loaded.Columns.Where(c => known.Find(c.Name) is not { } old || old.DuckType != c.DuckType).Select(c => $"{c.Name} {(known.Find(c.Name) is { } old ? old.DuckType + " → " : "")}{c.DuckType}").ToList();
        return new ReplayPreview(loaded.Counts, [.. loaded.Rejects.ByReason.OrderByDescending(r => r.Value).Select(r => (r.Key, r.Value))], changes.Count == 0 ? null : string.Join(", ", changes));
    }, () => new ReplayPreview(default, [], null), ct);

    /// <summary>Finds the open rejects that are chosen, and works on them on a thread of its own.</summary>
    private async Task<T> WithRejects<T>(DuckFactory duck, TableSnapshot? before, Func<DuckDatabase, JobState, RejectsPlace, Picked, T> work, Func<T> nothing, CancellationToken ct)
    {
        if (FormatSettings.From(_job.Config, _job.Format ?? "ndjson").File.Nested == Formats.Json.Nested.Split)
            throw new JobFailedException("FF2038", "Rejects of a job with nested: split cannot be replayed: the elements of their arrays would be missing in the tables of their own.", "Load the files again with config.reload into a table of its own, or use nested: flatten.");
        if (before?.StateOf(request.ApplicationId) is not { } state || RejectsPlace.Parse(state.Rejects) is not { } named || named.Snapshot(lake) is not { } rejects) return nothing();
        using var lease = await duck.LeaseAsync($"{request.Pipeline}_{_job.Name}", o => o with { PreserveInsertionOrder = true }, ct).ConfigureAwait(false);
        return await Task.Factory.StartNew(() =>
        {
            var files = new OpenRejects(lease.Database, rejects, state, request.Replay!, _job.Format == "parquet" || ReadsFormat).Files(ct);
            foreach (var (_, file) in files)
                if (OpenRejects.HasChanged(file, lake.LandingFolder, state))
                    throw new JobFailedException("FF2036", $"{file.Path} was read where it lies and has another content by now: its rejected records cannot be read again.", "Run the job: it reads the file as it is now. Or choose other rejects.");
            return files.Count == 0 ? nothing() : work(lease.Confined(lake, options, [.. files.Select(f => f.File)]).Database, state, named, files);
        }, ct, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    private PluginFormat? Reader() => new ConnectorOpener(plugins, options).OpenFormat(_job, request, FormatSettings.From(_job.Config, _job.Format ?? "ndjson").File, log);

    private Loading Loading(DuckSession session, Picked files, JobState state, PluginFormat? reader)
    {
        // Sources of rows have no format: tables are landed as Parquet, pages as JSON.
        var format = _job.Format ?? (files.All(f => f.File.LocalPath.EndsWith(".parquet", StringComparison.Ordinal)) ? "parquet" : "ndjson");
        // A quarantining check finds a row's file by its name.
        if (_job.Checks.Any(c => c.OnFail == CheckAction.Quarantine) && files.DistinctBy(f => f.File.Path).Count() < files.Count)
            throw new JobFailedException("FF2037", "The rejects come from several versions of the same file, and the job's checks set rows aside: they cannot be replayed together.", "Replay the rejects of one run at a time.");
        return new Loading(new LoadRequest
        {
            Session = session,
            Table = _table,
            Job = _job.With(state.Drift),
            Run = request,
            Settings = FormatSettings.From(_job.Config, format),
            Extraction = new Extraction { Files = [.. files.Select(f => f.File)], Format = format, Reader = reader },
            State = state,
            Temporary = options.TemporaryFolder,
            Progress = _progress,
            Log = log,
            Taps = options.Taps,
            CheckBase = now =>
            {
                if (now?.StateOf(request.ApplicationId)?.TableVersion != state.TableVersion)
                    throw new JobFailedException("FF2060", $"Another run of this job has committed to {TableText} meanwhile. Nothing was published.", "The next attempt begins from what is there then.", transient: true);
            },
        });
    }

    private JobOutcome Publish(DuckDatabase database, JobState state, RejectsPlace named, Picked files, CancellationToken ct)
    {
        using var session = database.Connect();
        using var reader = Reader();
        using var loading = Loading(session, files, state, reader);
        var loaded = loading.Run(ct);
        var counts = loaded.Counts;
        if (!counts.Balanced)
            throw new JobFailedException("FF2030", $"The rows do not add up, and nothing was published: {counts}.", "This is a defect of FlowForge: keep the landed files and report it.");
        if (counts.Rejected > 0)
            log.Warning($"{counts.Rejected} of {counts.Read} records still do not fit ({string.Join(", ", loaded.Rejects.ByReason.Select(r => $"{r.Value} {r.Key}"))}):\n{string.Join("\n", loaded.Rejects.Evidence.Select(loaded.Describe))}");
        var checks = new CheckVerdict(catalog, TableText, request, log: null).Of(loading.Judge(loaded, (_, _) => [], ct));
        var outcome = new JobOutcome { Counts = counts, Table = TableText, TableVersion = loading.Transaction.Base?.Version, Checks = checks, Bytes = loading.Transaction.Staged.Sum(f => f.Bytes) };
        if (counts.Read == counts.Rejected && !files.Any(f => f.File.Picks!.Whole)) return outcome with { RejectsTable = named.Folder, Note = "none of the rejects fits yet" };
        _progress.Start("publishing", null);
        var marked = new RejectsTable(lake, session, _job, request, named).Mark(loaded.Rejects, files, loaded.Staged.Outrun > 0, ct);
        outcome = outcome with { RejectsTable = counts.Rejected == 0 ? null : marked.Folder, Note = Note(counts, loaded.Staged.Outrun) };
        var commit = loading.Transaction.Commit(_notes.Of(loaded, outcome, NextState(loaded, state, marked, files)), ct);
        if (commit.AlreadyCommitted) return Recorded(_table.Latest()!);
        outcome = outcome with { TableVersion = commit.Version };
        Record(session, outcome, marked);
        log.Info($"{counts}; {TableText} is at version {commit.Version}.");
        return outcome;
    }

    private static string Note(RowCounts counts, long outrun) =>
        $"{counts.Read - counts.Rejected - outrun} of {counts.Read} rejects replayed{(counts.Filtered == 0 ? "" : $", {counts.Filtered} of them left out by the filter")}{(outrun == 0 ? "" : $"; {outrun} superseded, for the table has another row in their place")}";

    /// <summary>Files that were rejected as a whole were read now; all else that the job remembers stays as it is.</summary>
    private static JobState NextState(LoadedRows loaded, JobState state, RejectsPlace marked, Picked files)
    {
        var whole = files.Where(f => f.File.Picks!.Whole).ToDictionary(f => f.File.Path, f => f.File, StringComparer.Ordinal);
        return state with
        {
            Rejects = marked.ToString(),
            FilesOfCommit = 0,
            FilesSeen = [.. state.FilesSeen.Select(f => f.Note is not null && whole.TryGetValue(f.Path, out var read) && read.Sha256 == f.Sha256 ? f with { Rows = loaded.RowsOf(read), Note = loaded.NoteOf(read) } : f)],
        };
    }

    private JobOutcome Recorded(TableSnapshot snapshot)
    {
        var outcome = _notes.Recorded(snapshot, TableText, log);
        if (RejectsPlace.Parse(snapshot.StateOf(request.ApplicationId)?.Rejects) is not { } marked) return outcome;
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        Record(session, outcome, marked);
        return outcome;
    }

    /// <summary>Tells the catalog what it shows, from the rejects as they are: it may be told again.</summary>
    private void Record(DuckSession session, JobOutcome outcome, RejectsPlace marked)
    {
        var snapshot = _table.Latest()!;
        catalog.Schemas.Record(Ledger.SchemaOf(TableText, outcome.TableVersion ?? snapshot.Version, request.RunId, snapshot));
        RejectCounts.Record(catalog, lake, session, TableText, request, _job, marked);
    }
}
