using System.Collections.Concurrent;
using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Landing;

/// <summary>A landed file that retention looks at.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Run">The run that landed it.</param>
/// <param name="LandedAt">When its run landed its last file, UTC.</param>
public sealed record LandedFileAge(string Path, long Bytes, string Run, DateTimeOffset LandedAt);

/// <summary>What retention would remove of a job.</summary>
/// <param name="All">Landed files that are there.</param>
/// <param name="Going">Those that would go, oldest first.</param>
/// <param name="Kept">Old ones that stay, each with the reason.</param>
public sealed record LandingPlan(string Pipeline, string Job, int? Days, IReadOnlyList<LandedFileAge> All, IReadOnlyList<LandedFileAge> Going, IReadOnlyList<(LandedFileAge File, string Reason)> Kept);

/// <summary>
/// <c>landing_retention_days</c>: landed files that are older and that nothing needs any more. Needed are the files of runs that are not over, or that failed and were not made good by a later run, of changes that
/// wait for a person, and of rejects that may be replayed. Lists of landed files stay: they tell where rows came from, and what a job without a table has seen. Thread-safe.
/// </summary>
public sealed class LandingRetention(LakeStore lake, CatalogDatabase catalog)
{
    private static readonly ConcurrentDictionary<string, DateTimeOffset> LastSweeps = new(StringComparer.Ordinal);

    /// <summary>What would go now. Changes nothing.</summary>
    public LandingPlan Plan(IngestDefinition job, string pipeline, DateTimeOffset now) => Plan(job, pipeline, now, Manifests(Folder(job, pipeline)).ToList());

    /// <param name="manifests">The lists that are read: all, or those of which something can be due.</param>
    private LandingPlan Plan(IngestDefinition job, string pipeline, DateTimeOffset now, IReadOnlyList<Manifest> manifests)
    {
        var folder = Folder(job, pipeline);
        var landings = manifests.Select(Read).ToList();
        var all = landings.SelectMany(l => l.Files).Where(f => f.Path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) && File.Exists(f.Path)).DistinctBy(f => f.Path, StringComparer.Ordinal).OrderBy(f => f.LandedAt).ToList();
        if (job.LandingRetentionDays is not { } days) return new LandingPlan(pipeline, job.Name, null, all, [], []);
        var old = all.Where(f => f.LandedAt < now.AddDays(-days)).ToList();
        if (old.Count == 0) return new LandingPlan(pipeline, job.Name, days, all, [], []);
        var needed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in OpenRejects(job, pipeline)) needed.TryAdd(path, "rejects that may be replayed");
        var held = catalog.Holds.List(HoldState.Pending, 10_000).Concat(catalog.Holds.List(HoldState.Approved, 10_000)).Select(h => h.RunId).ToHashSet(StringComparer.Ordinal);
        var lastGood = Manifests(folder).OrderByDescending(m => m.At).FirstOrDefault(m => catalog.Runs.Get(m.Run)?.State == RunState.Succeeded)?.At ?? default;
        foreach (var landing in landings)
        {
            var run = catalog.Runs.Get(landing.Run);
            var reason = held.Contains(landing.Run) ? "a change of the source that waits for a person"
                : run is { State: var state } && !state.IsFinal() ? "a run that is not over"
                : run is { State: not RunState.Succeeded } && landing.At >= lastGood ? "a run that did not succeed, and none has since" : null;
            if (reason is not null) foreach (var file in landing.Files) needed.TryAdd(file.Path, reason);
        }
        return new LandingPlan(pipeline, job.Name, days, all, [.. old.Where(f => !needed.ContainsKey(f.Path))], [.. old.Where(f => needed.ContainsKey(f.Path)).Select(f => (f, needed[f.Path]))]);
    }

    /// <summary>Removes what is to go, and notes it first. What a kill leaves goes next time.</summary>
    /// <param name="by">Who asks, or which run.</param>
    /// <returns>What went.</returns>
    public LandingPlan Remove(IngestDefinition job, string pipeline, string by, DateTimeOffset now) => Remove(Plan(job, pipeline, now), job, pipeline, by, now);

    /// <summary>The same after a run: reads only lists that are old enough and that the sweeps before have not emptied.</summary>
    private LandingPlan Sweep(IngestDefinition job, string pipeline, string by, DateTimeOffset now)
    {
        var due = now.AddDays(-job.LandingRetentionDays!.Value);
        var note = Path.Combine(Folder(job, pipeline), "_flowforge", "swept");
        var done = File.Exists(note) ? File.GetLastWriteTimeUtc(note) : DateTime.MinValue;
        var manifests = Manifests(Folder(job, pipeline)).Where(m => m.At < due && m.At.UtcDateTime > done).ToList();
        if (manifests.Count == 0) return new LandingPlan(pipeline, job.Name, job.LandingRetentionDays, [], [], []);
        var plan = Remove(Plan(job, pipeline, now, manifests), job, pipeline, by, now);
        // What stays for a reason is looked at again.
        var emptied = plan.Kept.Count == 0 ? manifests.Max(m => m.At) : plan.Kept.Min(k => k.File.LandedAt).AddTicks(-1);
        if (emptied.UtcDateTime > done)
        {
            File.WriteAllBytes(note, []);
            File.SetLastWriteTimeUtc(note, emptied.UtcDateTime);
        }
        return plan;
    }

    private LandingPlan Remove(LandingPlan plan, IngestDefinition job, string pipeline, string by, DateTimeOffset now)
    {
        if (plan.Going.Count == 0) return plan;
        var names = string.Join(", ", plan.Going.Take(20).Select(f => Path.GetRelativePath(lake.LandingFolder, f.Path)));
        catalog.Audit.Add(by, "remove landed files", $"{pipeline}/ingest.{job.Name}", string.Create(CultureInfo.InvariantCulture,
            $"{plan.Going.Count} {(plan.Going.Count == 1 ? "file" : "files")}, {plan.Going.Sum(f => f.Bytes)} bytes, landed more than {plan.Days} days ago: {names}{(plan.Going.Count > 20 ? " …" : "")}"), now);
        foreach (var file in plan.Going) File.Delete(file.Path);
        var root = Folder(job, pipeline);
        foreach (var folder in plan.Going.Select(f => Path.GetDirectoryName(f.Path)!).Distinct(StringComparer.Ordinal))
            for (var at = folder; at.Length > root.Length && Directory.Exists(at) && !Directory.EnumerateFileSystemEntries(at).Any(); at = Path.GetDirectoryName(at)!) Directory.Delete(at);
        return plan;
    }

    /// <summary>The same after a run, at most once an hour for a job.</summary>
    internal void AfterRun(IngestDefinition job, JobRequest request, IJobLog log, DateTimeOffset now)
    {
        if (job.LandingRetentionDays is null || job.Landing != LandingMode.Copy) return;
        var key = $"{lake.LandingFolder}|{request.ApplicationId}";
        if (LastSweeps.TryGetValue(key, out var last) && now - last < TimeSpan.FromHours(1) && now >= last) return;
        LastSweeps[key] = now;
        try
        {
            var plan = Sweep(job, request.Pipeline, request.RunId, now);
            if (plan.Going.Count > 0) log.Info($"Landed files that are older than {plan.Days} days were removed: {plan.Going.Count} ({plan.Going.Sum(f => f.Bytes)} bytes).");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CatalogException or LakeException or DuckException)
        {
            log.Warning($"Old landed files could not be removed: {e.Message}");
        }
    }

    private string Folder(IngestDefinition job, string pipeline) => Path.Combine(lake.LandingFolder, pipeline, job.Name);

    /// <summary>A list of what a run has landed, not read yet.</summary>
    private sealed record Manifest(string Path, string Run, DateTimeOffset At, bool IsRows);

    private sealed record RunLanding(string Run, DateTimeOffset At, IReadOnlyList<LandedFileAge> Files);

    private static IEnumerable<Manifest> Manifests(string folder)
    {
        if (!Directory.Exists(folder)) yield break;
        // A job with many tables has a folder for each.
        foreach (var place in Directory.EnumerateDirectories(folder).Select(d => Path.Combine(d, "_flowforge")).Prepend(Path.Combine(folder, "_flowforge")).Where(Directory.Exists))
        {
            foreach (var path in Directory.EnumerateFiles(place, "*.json")) yield return Of(path, false);
            if (!Directory.Exists(Path.Combine(place, "rows"))) continue;
            foreach (var path in Directory.EnumerateFiles(Path.Combine(place, "rows"), "*.json")) yield return Of(path, true);
        }
    }

    private static Manifest Of(string path, bool isRows)
    {
        var run = Path.GetFileNameWithoutExtension(path);
        if (run.EndsWith(".rejected", StringComparison.Ordinal)) run = run[..^".rejected".Length];
        return new Manifest(path, run, new DateTimeOffset(File.GetLastWriteTimeUtc(path), TimeSpan.Zero), isRows);
    }

    private static RunLanding Read(Manifest manifest)
    {
        var files = manifest.IsRows ? RowManifest.Open(manifest.Path, keep: true).Parts.Select(p => (p.LocalPath, p.Bytes)) : new LandingManifest(manifest.Path).Files.Select(f => (f.LocalPath, f.Size));
        return new RunLanding(manifest.Run, manifest.At, [.. files.Select(f => new LandedFileAge(f.Item1, f.Item2, manifest.Run, manifest.At))]);
    }

    private List<string> OpenRejects(IngestDefinition job, string pipeline)
    {
        var places = lake.Tables().Where(t => t.Layer == Layer.Bronze).Select(t => lake.Table(t).Latest()?.StateOf($"{pipeline}/ingest.{job.Name}")?.Rejects).OfType<string>().ToList();
        if (places.Count == 0) return [];
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        return [.. places.Select(p => RejectsPlace.Parse(p)?.Snapshot(lake)).OfType<TableSnapshot>()
            .SelectMany(r => session.Rows($"SELECT DISTINCT landed_file FROM {RejectsTable.WithStatus(r)} WHERE coalesce(status, '{RejectsTable.Open}') = '{RejectsTable.Open}' AND landed_file IS NOT NULL"))
            .Select(r => (string)r[0]!).Select(f => ArchiveName(f)).Distinct(StringComparer.Ordinal)];

        static string ArchiveName(string landed) => Formats.ArchiveMember.Parse(landed)?.Archive ?? landed;
    }
}
