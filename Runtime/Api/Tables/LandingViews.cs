using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Ingest.Landing;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Api.Tables;

/// <summary>What lies in the landing folders of a pipeline's jobs, and what its retention would remove. Thread-safe.</summary>
internal sealed class LandingViews(CatalogDatabase catalog, PipelineReader reader, LakeStore lake, TimeProvider clock)
{
    private const int Listed = 1000;

    /// <summary>A page of pipelines, by name: those of their jobs that have landed something or have a rule. Which files would go is not listed; pipelines with errors have no jobs to tell of.</summary>
    public Contracts.Page<LandingReport> Page(int page, int size, CancellationToken cancel)
    {
        var names = catalog.Pipelines.Names();
        var retention = new LandingRetention(lake, catalog);
        var reports = new List<LandingReport>();
        foreach (var version in names.Skip((page - 1) * size).Take(size).Select(n => catalog.Pipelines.Get(n)).OfType<PipelineVersion>())
        {
            cancel.ThrowIfCancellationRequested();
            reports.AddRange((reader.Read(version).Definition?.Ingest ?? []).Select(j => Report(retention.Plan(j, version.Name, clock.GetUtcNow()), listed: 0)).Where(r => r.Files > 0 || r.Days is not null));
        }
        return new(reports, names.Count, page, size);
    }

    /// <param name="by">Who asks for the removal; null only looks.</param>
    public IReadOnlyList<LandingReport> Of(string pipeline, string? by)
    {
        var version = catalog.Pipelines.Get(pipeline) is { Deleted: false } v ? v : throw ProblemException.NotFound("FF4032", $"There is no pipeline '{pipeline}'.", "GET /api/v1/pipelines lists them.");
        var definition = reader.Read(version).Definition ?? throw ProblemException.Conflict("FF4035", $"Pipeline {pipeline} version {version.Version} has errors.", "Mend it first.");
        var retention = new LandingRetention(lake, catalog);
        return [.. definition.Ingest.Select(j => Report(by is null ? retention.Plan(j, pipeline, clock.GetUtcNow()) : retention.Remove(j, pipeline, by, clock.GetUtcNow()), Listed))];
    }

    private LandingReport Report(LandingPlan p, int listed) => new(p.Pipeline, p.Job, p.Days, p.All.Count, p.All.Sum(f => f.Bytes), p.Going.Count, p.Going.Sum(f => f.Bytes),
        [.. p.Going.Take(listed).Select(f => new LandedCopy(Path.GetRelativePath(lake.LandingFolder, f.Path), f.Bytes, f.Run, f.LandedAt))],
        [.. p.Kept.GroupBy(k => k.Reason).Select(g => new LandingKept(g.Key, g.Count(), g.Sum(k => k.File.Bytes)))]);
}
