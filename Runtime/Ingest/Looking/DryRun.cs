using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Looking;

/// <summary>Runs an ingest job on the beginning of its source, up to the point where it would publish. What it lands and writes lies in a folder of its own, which goes with it.</summary>
internal sealed class DryRun(LakeStore lake, PluginRegistry plugins, IngestOptions options, IngestDefinition definition, JobRequest request, IJobLog log)
{
    private const int MostFiles = 5;
    private const int SampleRows = 20;
    // Keys of rows that were not read are not missing.
    private readonly IngestDefinition _job = definition with { DetectDeletes = false, Landing = LandingMode.Copy };
    private readonly string _folder = Path.Combine(options.TemporaryFolder, $"dry-{Guid.NewGuid():n}");

    public async Task<DryRunResult> RunAsync(DuckFactory duck, long rows, CancellationToken ct)
    {
        Directory.CreateDirectory(_folder);
        try
        {
            await using var lease = new ConnectorOpener(plugins, options).Open(_job, request, log);
            using var engine = (await duck.LeaseAsync($"dry_{_job.Name}", o => o with { PreserveInsertionOrder = true }, ct).ConfigureAwait(false)).Confined(lake, options, []);
            (Extraction, List<string>)? files = lease.Connector is IFileSource source ? await FilesAsync(source, ct).ConfigureAwait(false) : null;
            return await Task.Factory.StartNew(() => Look(engine, lease, files, rows, ct), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private DryRunResult Look(DuckLease engine, ConnectorLease lease, (Extraction Extraction, List<string> Read)? files, long rows, CancellationToken ct)
    {
        using var session = engine.Database.Connect();
        var real = lake.Table(new TableName(Layer.Bronze, _job.Table));
        var before = real.Latest();
        var state = before?.StateOf(request.ApplicationId);
        var settings = FormatSettings.From(_job.Config, _job.Format ?? "rows");
        var progress = new ReadingProgress(Nobody.Instance);
        using var reader = new ConnectorOpener(plugins, options).OpenFormat(_job, request, settings.File, log);
        var (extraction, read) = files is { } landed ? (landed.Extraction with { Reader = reader }, landed.Read) : Rows(session, lease, before, state, rows, progress, ct);
        // A table that is not there is not made either.
        var table = before is null ? new LakeStore(Path.Combine(_folder, "lake")).Table(new TableName(Layer.Bronze, _job.Table)) : real;
        using var checkTables = new CheckTables(session, lake, _job, request);
        using var loading = new Loading(new LoadRequest { Session = session, Table = table, Job = _job.With(state?.Drift), Run = request, Settings = settings, Extraction = extraction, State = state, Temporary = _folder, Progress = progress, Log = log });
        var loaded = loading.Run(ct);
        return new DryRunResult
        {
            Counts = loaded.Counts,
            Changes = loaded.Staged.Changes,
            Columns = [.. loaded.Columns.Select(c => new ProposedColumn(c.Name, c.DuckType, c.Source, Change(before, c)))],
            Sample = loading.Transaction.StagedScanSql() is { } scan ? [.. session.Rows($"SELECT CAST(to_json(sampled) AS VARCHAR) FROM (FROM {scan} LIMIT {SampleRows.ToString(CultureInfo.InvariantCulture)}) AS sampled", ct).Select(r => (string)r[0]!)] : [],
            Rejects = [.. loaded.Rejects.Evidence.Select(r => new DryReject(loaded.Files[r.File].Path, r.Record, r.Reason, r.Message, r.Column, r.Raw))],
            Reasons = loaded.Rejects.ByReason,
            Read = read,
            Effect = Effect(loaded, before),
            Problem = Problem(loading, loaded, settings.File, ct),
        };
    }

    private (Extraction, List<string>) Rows(DuckSession session, ConnectorLease lease, TableSnapshot? before, JobState? state, long rows, ReadingProgress progress, CancellationToken ct)
    {
        if (!RowExtraction.Reads(lease.Connector)) throw new JobFailedException("FF2005", $"Connector '{lease.Descriptor.Name}' hands over neither files nor rows, so there is nothing to read from it.", "Use a connector that reads.");
        var source = SourceRequest.Name(lease, _job);
        var asked = SourceRequest.Of(session, lease, _job, request, before, state) with { Limit = rows };
        var landing = new LandingZone(Path.Combine(_folder, "landing"), request.Pipeline, _job.Name, request.RunId, request.RunTime, "{filename}");
        var extraction = new RowExtraction(lease.Connector, source, landing, form: null, progress, log).Run(session, asked, ct);
        var handed = extraction.Parts.Sum(p => p.Rows);
        return (extraction, [handed >= rows ? $"the first {handed} rows of {source}" : $"all {handed} rows of {source}{(asked.From is { Value: { } bound } from ? $" from {from.Column} = {bound} on" : "")}"]);
    }

    private async Task<(Extraction, List<string>)> FilesAsync(IFileSource source, CancellationToken ct)
    {
        var seen = lake.Table(new TableName(Layer.Bronze, _job.Table)).Latest()?.StateOf(request.ApplicationId)?.FilesSeen ?? [];
        var listed = new List<SourceFile>();
        await foreach (var file in FileListing.ListAsync(source, _job, reload: false, seen, ct).ConfigureAwait(false)) listed.Add(file);
        var selection = new FileSelection(seen);
        var fresh = listed.Where(f => !selection.IsUnchanged(f)).ToList();
        // With nothing new, it is still good to know what the files look like.
        var chosen = (fresh.Count > 0 ? fresh : listed).Take(MostFiles).ToList();
        var format = _job.Format ?? "csv";
        var (landed, read) = (new List<LandedFile>(), new List<string> { $"{listed.Count} {(listed.Count == 1 ? "file" : "files")} found, {fresh.Count} new or changed" });
        foreach (var file in chosen)
        {
            var head = await FileHead.CopyAsync(file, format, Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"head-{landed.Count}")), ct).ConfigureAwait(false);
            landed.Add(head.File);
            read.Add(head.IsWhole ? $"{file.Path}, whole" : $"{file.Path}, its first {head.File.Size} bytes");
        }
        return (new Extraction { Files = landed, Format = format }, read);
    }

    private RunError? Problem(Loading loading, LoadedRows loaded, FileSettings settings, CancellationToken ct)
    {
        try
        {
            // How much smaller a source is cannot be told from its beginning.
            new Gate(_job, settings with { AllowSmaller = true }, log).Check(loaded, null);
            if (loaded.Staged.Held is { } held) return new RunError(RunHeld.Code, $"The source has changed, and a run would keep what it read until a person has approved: {string.Join(", ", held.Changes)}.", "Run the job, then approve or reject the change.");
            var report = loading.Judge(loaded, static (_, _) => [], ct);
            return report.Fatal is [var failed, ..] ? new RunError("FF2022", $"Check {failed.Check} fails: {failed.Message}", "Mend the source, or set on_fail: warn.") : null;
        }
        catch (JobFailedException e)
        {
            return e.ToError();
        }
    }

    private string Effect(LoadedRows loaded, TableSnapshot? before)
    {
        var table = "bronze." + _job.Table;
        return before is null ? $"{table} would be made with {loaded.Columns.Count} columns."
            : _job.WriteMode switch
            {
                Pipelines.WriteMode.Replace => $"The {before.Rows} rows of {table} (version {before.Version}) would be replaced.",
                Pipelines.WriteMode.Append => $"Rows would be added to the {before.Rows} of {table} (version {before.Version}).",
                _ => $"Rows would be merged into the {before.Rows} of {table} (version {before.Version}): of those read, {loaded.Staged.Changes}.",
            };
    }

    private static string Change(TableSnapshot? before, RowColumn column) =>
        before?.Schema.Find(column.Name) is not { } old ? "new" : Lake.Schema.DuckTypes.ToDelta(column.DuckType).Equals(old.Type) ? "same" : old.DuckType;

    private sealed class Nobody : IProgress<JobProgress>
    {
        public static readonly Nobody Instance = new();

        public void Report(JobProgress value) { }
    }
}
