using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Children;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest;

/// <summary>
/// One attempt of one ingest job into one table: begin where the table stands → land → load → publish → tell the source. Each step is given what it needs of the ones before; none
/// keeps anything for the others. Run it once.
/// </summary>
internal sealed class IngestRun(
    LakeStore lake, PluginRegistry plugins, CatalogDatabase catalog, IngestOptions options, IngestDefinition definition, JobRequest request, IProgress<JobProgress> sink, IJobLog log) : IAsyncDisposable
{
    private readonly LakeTable _table = lake.Table(new TableName(Layer.Bronze, definition.Table));
    private readonly FormatSettings _settings = FormatSettings.From(definition.Config, definition.Format ?? "rows");
    private readonly JobSource _source = new(lake, plugins, options, definition, request, log);
    private readonly ReadingProgress _progress = new(sink);

    private Holds Holds => new(catalog, definition.Table, request, _source.Landing, log);

    private SourceNotice Notice => new(_table, _source, definition, _settings.File.Reload, request, _progress, log);

    public async Task<JobOutcome> RunAsync(DuckFactory duck, CancellationToken ct)
    {
        var before = _table.Latest();
        var isDone = before is not null && before.TransactionVersion(request.ApplicationId) >= request.TxnVersion;
        var outcome = isDone ? Recorded(before!) : await LoadAsync(await BeginAsync(before, ct).ConfigureAwait(false), duck, ct).ConfigureAwait(false);
        await Notice.TellAsync(outcome, ct).ConfigureAwait(false);
        return outcome;
    }

    /// <summary>The outcome of the attempt that has committed.</summary>
    private JobOutcome Recorded(TableSnapshot snapshot)
    {
        var outcome = new CommitNotes(definition.Name, request).Recorded(snapshot, _table.Name, log);
        Holds.Done(snapshot.StateOf(request.ApplicationId));
        return outcome;
    }

    /// <summary>Takes back what a run has left half done, and finds what people have decided.</summary>
    private async Task<StartingPoint> BeginAsync(TableSnapshot? before, CancellationToken ct)
    {
        var state = before?.StateOf(request.ApplicationId);
        if (_settings.File.Nested == Nested.Split || state?.Children.Count > 0) await Task.Run(() => ChildTables.TakeBack(lake, definition, request, state, log), ct).ConfigureAwait(false);
        var start = new StartingPoint(before, state, definition.With(state?.Drift));
        return before is not null && Holds.Find(start.Job, state) is { } found ? start with { Job = start.Job.With(found.Hold), GoesOn = found.Hold, IsLanded = found.IsLanded } : start;
    }

    private async Task<JobOutcome> LoadAsync(StartingPoint start, DuckFactory duck, CancellationToken ct)
    {
        try
        {
            var publication = new Publication(lake, catalog, request, start, _source, Notice, Holds, _progress, log);
            if (_source.Connector is IFileSource files) return await FromFilesAsync(files, start, publication, duck, ct).ConfigureAwait(false);
            if (RowExtraction.Reads(_source.Connector)) return await FromRowsAsync(start, publication, duck, ct).ConfigureAwait(false);
            throw new JobFailedException("FF2005", $"Connector '{_source.Lease.Descriptor.Name}' hands over neither files nor rows, so there is nothing to read from it.", "Use a connector that reads.");
        }
        catch (Exception e) when (start.GoesOn is null && !ct.IsCancellationRequested && MayBeMendedAtTheSource(Failures.From(e)))
        {
            if (_source.IsOpen) _source.Landing().Forget();
            throw;
        }
    }

    // A retry of the run is to see what was mended. The lake, memory, a disk and what comes after the commit have nothing to do with what was read.
    private static bool MayBeMendedAtTheSource(JobFailedException failure) => !failure.Transient && failure.Code is not (RunHeld.Code or "FF2060" or "FF2061" or "FF2071" or "FF2080" or "FF2081" or "FF2092" or "FF2099");

    private async Task<JobOutcome> FromFilesAsync(IFileSource files, StartingPoint start, Publication publication, DuckFactory duck, CancellationToken ct)
    {
        await Notice.TellOfOthersAsync(start.State, ct).ConfigureAwait(false);
        await using var late = new LateHashes(options.LateHashBytes);
        var landing = new FileExtraction(start.Job, _settings.File, _source.Landing(), _progress, log) { Late = late };
        var (format, seen) = (start.Job.Format ?? "csv", start.State?.FilesSeen ?? []);
        var extraction = start.IsLanded ? landing.FromLanded(format, seen) : await landing.RunAsync(files, format, seen, ct).ConfigureAwait(false);
        if (!start.Job.ForceToParquet) return LandedOnly(extraction);
        if (extraction.IsEmpty) return publication.NothingNew();
        using var reader = new ConnectorOpener(plugins, options).OpenFormat(start.Job, request, _settings.File, log);
        return await WithEngineAsync(duck, extraction.Files, (lease, session) => Load(lease, session, start, extraction with { Reader = reader }, publication, ct), ct).ConfigureAwait(false);
    }

    private Task<JobOutcome> FromRowsAsync(StartingPoint start, Publication publication, DuckFactory duck, CancellationToken ct) => WithEngineAsync(duck, [], (lease, session) =>
    {
        var (job, state) = (start.Job, start.State);
        var read = SourceRequest.Of(session, _source.Lease, job, request, start.Before, state);
        var extraction = new RowExtraction(_source.Connector, _source.Name, _source.Landing(), TableForm.Of(job, request), _progress, log).Run(session, read, ct);
        if (!job.ForceToParquet) return LandedOnly(extraction);
        var isNew = start.Before is null || job.DetectDeletes || job.WriteMode == Pipelines.WriteMode.Replace || (extraction.Cursor ?? state?.Cursor) != state?.Cursor;
        return extraction.IsEmpty && !isNew ? publication.NothingNew() : Load(lease, session, start, extraction, publication, ct);
    }, ct);

    /// <summary>Reads, proves and judges what was landed, and publishes it.</summary>
    private JobOutcome Load(DuckLease lease, DuckSession session, StartingPoint start, Extraction extraction, Publication publication, CancellationToken ct)
    {
        var (job, state) = (start.Job, start.State);
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
            CheckBase = now => start.CheckAlone(now, request),
            NeedsMemory = (bytes, stop) => lease.GrowFor(_table.Name, bytes, log, stop),
            Taps = options.Taps,
        });
        var loaded = loading.Run(ct);
        new Gate(job, _settings.File, log).Check(loaded, start.Before);
        if (loaded.Staged.Held is { } held) throw Holds.Hold(held, loaded.Counts, extraction, start.GoesOn);
        var report = loading.Judge(loaded, (title, most) => catalog.Checks.Earlier(_table.Name, title, request.RunId, most), ct);
        var checks = new CheckVerdict(catalog, _table.Name, request, log).Of(report);
        children.Stage(job, loading.Children, loaded.Files, ct);
        return publication.Publish(session, loading.Transaction, extraction, loaded, checks, children, ct);
    }

    private JobOutcome LandedOnly(Extraction extraction)
    {
        log.Info($"{extraction.Files.Count} files landed in {_source.Landing().JobFolder}.");
        return new JobOutcome { Counts = default, Bytes = extraction.Files.Sum(f => f.Size), Note = extraction.Files.Count == 0 ? "nothing new" : $"{extraction.Files.Count} files landed only" };
    }

    /// <summary>Blocking work with an engine of its own, for as long as it takes: not on the pool's threads.</summary>
    private async Task<JobOutcome> WithEngineAsync(DuckFactory duck, IReadOnlyList<LandedFile> files, Func<DuckLease, DuckSession, JobOutcome> work, CancellationToken ct)
    {
        using var lease = (await duck.LeaseAsync($"{request.Pipeline}_{definition.Name}", o => o with { PreserveInsertionOrder = true }, ct).ConfigureAwait(false)).Confined(lake, options, files);
        return await Task.Factory.StartNew(() =>
        {
            using var session = lease.Database.Connect();
            return work(lease, session);
        }, ct, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
