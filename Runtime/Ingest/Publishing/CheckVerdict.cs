using FlowForge.Catalog;

namespace FlowForge.Ingest.Publishing;

/// <summary>What a job's checks say of the rows of a run: it is kept in the catalog whatever it is, and forbids the commit when it has to.</summary>
/// <param name="log">Told of each check that failed; null when that is nobody's concern.</param>
internal sealed class CheckVerdict(CatalogDatabase catalog, string table, JobRequest request, IJobLog? log)
{
    /// <exception cref="JobFailedException">A check failed that is not to be passed.</exception>
    public IReadOnlyList<CheckOutcome> Of(CheckReport report)
    {
        catalog.Checks.Record(request.RunId, request.JobId, table, report.Outcomes, DateTimeOffset.UtcNow, report.Samples);
        foreach (var check in report.Outcomes.Where(c => !c.Passed)) log?.Warning($"Check {check.Check} failed: {check.Message}");
        if (report.Fatal is [var failed, ..])
            throw new JobFailedException("FF2022", $"Check {failed.Check} failed and nothing was published: {failed.Message}", "Mend the source, or set on_fail: warn.");
        return report.Outcomes;
    }
}
