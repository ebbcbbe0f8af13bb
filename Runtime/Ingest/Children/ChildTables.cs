using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Children;

/// <summary>
/// The tables of arrays of objects: <c>bronze.orders</c> has <c>bronze.orders__items</c>. Their records are loaded like those of a file, with row totals of their
/// own. They are committed before the table itself, whose commit names their versions: what is beyond that was left by a run that did not get so far, and is taken back.
/// </summary>
internal sealed class ChildTables(LakeStore lake, DuckSession session, JobRequest request, FormatSettings settings, JobState? state, string temporary, ReadingProgress progress, IJobLog log) : IDisposable
{
    private readonly List<Child> _children = [];

    private sealed record Child(IngestDefinition Job, LakeTable Table, Loading Loading, LoadedRows Loaded, RejectsPlace? Rejects);

    /// <summary>Says when a job cannot have child tables.</summary>
    public static void Check(IngestDefinition job, FileSettings settings)
    {
        if (settings.Nested != Nested.Split) return;
        var wrong = job.WriteMode is not (Pipelines.WriteMode.Append or Pipelines.WriteMode.Replace) ? $"write_mode {job.WriteMode.ToText()}" : job.DedupeKeys.Count > 0 ? "dedupe_keys" : job.Filter is not null ? "filter"
            : job.IncrementalMode == IncrementalMode.Incremental ? "incremental_mode" : job.Checks.Any(CheckRun.TakesOut) ? "checks that take rows out"
            : job.Drift == DriftPolicy.Hold || job.DriftColumns.Values.Contains(DriftPolicy.Hold) ? "drift: hold" : null;
        if (wrong is not null)
            throw new JobFailedException("FF2120", $"nested: split does not go together with {wrong}: rows that are left out or replaced would leave their children behind.", "Do that in a silver dataset, or use nested: flatten.");
    }

    /// <summary>Loads the records of all child tables, down to those of the children; nothing is visible yet.</summary>
    public void Stage(IngestDefinition job, ChildSpools spools, IReadOnlyList<LandedFile> files, CancellationToken ct)
    {
        foreach (var (path, file) in spools.Files)
        {
            var name = ColumnNames.Standard(path);
            var child = job with
            {
                Table = $"{job.Table}__{name}", Format = "ndjson", Landing = LandingMode.Copy, RenameMap = new Dictionary<string, string>(), Computed = new Dictionary<string, string>(), Checks = [], MaxRejects = null,
                PartitionMode = job.PartitionMode == PartitionMode.Column ? PartitionMode.None : job.PartitionMode, PartitionColumn = null, QuarantinePath = job.QuarantinePath is { } place ? $"{place}__{name}" : null,
                UserSchema = [.. job.UserSchema.Where(c => c.Name.StartsWith(path + "[].", StringComparison.Ordinal)).Select(c => c with { Name = c.Name[(path.Length + 3)..] })],
            };
            var (table, isNew) = Settle(child);
            if (isNew) child = child with { WriteMode = Pipelines.WriteMode.Replace };
            var extraction = new Extraction { Files = [new LandedFile($"{path} of {(files.Count == 1 ? files[0].Path : $"{files.Count} files")}", new FileInfo(file).Length, null, null, "", file)], Format = "ndjson" };
            var loading = new Loading(new LoadRequest { Session = session, Table = table, Job = child, Run = request, Settings = settings, Extraction = extraction, State = null, Temporary = temporary, Progress = progress, Log = log, ChildOf = files });
            var at = _children.Count;
            _children.Add(new Child(child, table, loading, null!, null));
            var loaded = loading.Run(ct);
            _children[at] = _children[at] with { Loaded = loaded };
            new Gate(child, settings.File with { AllowSmaller = true }, log).Check(loaded, null);
            Stage(child, loading.Children, files, ct);
        }
    }

    /// <summary>Commits all of them.</summary>
    /// <returns>The versions that the table's commit has to name.</returns>
    public IReadOnlyDictionary<string, long> Commit(bool replaces, CancellationToken ct)
    {
        var named = new Dictionary<string, long>(state?.Children ?? new Dictionary<string, long>(), StringComparer.Ordinal);
        foreach (var child in _children)
        {
            var counts = child.Loaded.Counts;
            var before = RejectsPlace.Parse(child.Table.Latest()?.StateOf(request.ApplicationId)?.Rejects);
            var rejects = child.Loaded.Rejects.Count == 0 ? before : new RejectsTable(lake, session, child.Job, request, before).Add(child.Loaded.Rejects, child.Loaded.Files, supersedes: false, published: true, ct);
            named[child.Job.Table] = Commit(child.Table, child.Loading.Transaction, child.Loaded.Staged.Mode, child.Loaded.Schema, new RowEquation(counts.Read, counts.Loaded, counts.Rejected, 0, 0), rejects?.ToString(), ct);
            log.Info($"bronze.{child.Job.Table}: {counts}; it is at version {named[child.Job.Table]}.");
        }
        if (!replaces) return named;
        // What the source no longer has is gone from the children too.
        foreach (var name in named.Keys.Where(n => _children.All(c => c.Job.Table != n)).ToList())
        {
            var table = lake.Table(new TableName(Layer.Bronze, name));
            if (table.Latest() is not { } latest) continue;
            using var transaction = table.Begin();
            transaction.Write(session, $"SELECT * FROM {latest.ScanSql(withReserved: true)} WHERE false", new WriteOptions { Mode = CommitMode.Overwrite, PartitionBy = latest.PartitionColumns }, ct);
            named[name] = Commit(table, transaction, CommitMode.Overwrite, null, default, null, ct);
        }
        return named;
    }

    /// <summary>For people: <c>with bronze.orders__items (5 rows)</c>; null without children.</summary>
    public string? Note => _children.Count == 0 ? null : "with " + string.Join(", ", _children.Select(c => $"bronze.{c.Job.Table} ({c.Loaded.Counts.Loaded} rows)"));

    /// <summary>Tells the catalog what it shows.</summary>
    public void Record(CatalogDatabase catalog, IngestDefinition parent)
    {
        foreach (var child in _children)
        {
            var latest = child.Table.Latest()!;
            catalog.Schemas.Record(Ledger.SchemaOf($"bronze.{child.Job.Table}", latest.Version, request.RunId, latest));
            catalog.Rejects.Record($"bronze.{child.Job.Table}", request.RunId, child.Loaded.Rejects.ByReason);
            catalog.Lineage.Record($"bronze.{child.Job.Table}", request.Pipeline, request.JobId, ["bronze." + parent.Table]);
        }
    }

    private long Commit(LakeTable table, TableTransaction transaction, CommitMode mode, TableSchema? schema, RowEquation rows, string? rejects, CancellationToken ct) => transaction.Commit(new CommitOptions
    {
        Mode = mode,
        Transaction = (request.ApplicationId, (table.TransactionVersion(request.ApplicationId) ?? 0) + 1),
        Schema = schema,
        State = new JobState { Pipeline = request.Pipeline, Job = request.JobId, RunId = request.RunId, Rows = rows, Rejects = rejects },
        Info = new Dictionary<string, string> { ["run"] = request.RunId, ["pipeline"] = request.Pipeline, ["job"] = request.JobId },
    }, ct).Version;

    /// <summary>The child as the table's last commit names it. New when that names none.</summary>
    private (LakeTable Table, bool IsNew) Settle(IngestDefinition child)
    {
        var table = lake.Table(new TableName(Layer.Bronze, child.Table));
        if (table.Latest() is not { } latest) return (table, false);
        if (!IsOwn(latest, request))
            throw new JobFailedException("FF2121", $"The array would be loaded into bronze.{child.Table}, and another job makes that table. Nothing was published.", "Rename that table, or use nested: flatten.");
        return (table, state?.Children.ContainsKey(child.Table) != true);
    }

    private static bool IsOwn(TableSnapshot child, JobRequest request) => child.State is { } state && state.Pipeline == request.Pipeline && state.Job == request.JobId;

    /// <summary>
    /// Takes back what a run put into child tables that did not get as far as the table's own commit, whether or not the next one meets these arrays. Call it before anything else is done.
    /// </summary>
    public static void TakeBack(LakeStore lake, IngestDefinition job, JobRequest request, JobState? state, IJobLog log)
    {
        foreach (var folder in lake.Folders(Layer.Bronze).Where(f => f.StartsWith(job.Table + "__", StringComparison.Ordinal)))
        {
            if (!TableName.TryParse("bronze." + folder, out var name)) continue;
            var table = lake.Table(name);
            if (table.Latest() is not { } latest || !IsOwn(latest, request)) continue;
            if (state is not null && state.Children.TryGetValue(name.Name, out var named)) GoBack(table, latest, named, request, log);
            else if (latest.Files.Count > 0)
            {
                log.Info($"{name} is emptied: the run that made it did not get to its end.");
                using var transaction = table.Begin();
                transaction.Commit(new CommitOptions { Mode = CommitMode.Replace, Remove = latest.Files, Operation = "RESTORE", Info = new Dictionary<string, string> { ["run"] = request.RunId } });
            }
        }
    }

    private static void GoBack(LakeTable table, TableSnapshot latest, long named, JobRequest request, IJobLog log)
    {
        var later = latest.Version - named;
        if (later <= 0) return;
        // Newest first: what was restored already, by us or by a person, stays so.
        var isOurs = table.History((int)Math.Min(int.MaxValue, later)).Where(v => v.Version > named).TakeWhile(v => v.Operation != "RESTORE")
            .Any(v => v.Info.GetValueOrDefault("job") == request.JobId && v.Info.GetValueOrDefault("pipeline") == request.Pipeline);
        if (!isOurs) return;
        log.Info($"{table.Name} goes back to version {named}: a run before did not get to its end.");
        table.Restore(named);
    }

    public void Dispose()
    {
        foreach (var child in _children) child.Loading.Dispose();
    }
}
