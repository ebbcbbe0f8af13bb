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
internal sealed partial class IngestRun(
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
