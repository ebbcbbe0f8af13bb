using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Publishing;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Rejects;

/// <summary>Tells the catalog how many rejects of each run and reason are open, from the rejects table itself.</summary>
internal static class RejectCounts
{
    public static void Record(CatalogDatabase catalog, LakeStore lake, DuckSession session, string table, JobRequest request, IngestDefinition job, RejectsPlace place)
    {
        if (place.Snapshot(lake) is not { } snapshot) return;
        var rows = session.Rows(
            $"""
            SELECT run_id, reason, count(*), count(*) FILTER (WHERE coalesce(status, '{RejectsTable.Open}') = '{RejectsTable.Open}') FROM {RejectsTable.WithStatus(snapshot)}
            WHERE pipeline = {SqlText.Literal(request.Pipeline)} AND job = {SqlText.Literal(job.Name)} GROUP BY ALL
            """);
        catalog.Rejects.Replace(table, [.. rows.Select(r => new RejectSummary(table, (string)r[0]!, (string)r[1]!, (long)r[2]!) { Open = (long)r[3]! })]);
    }
}
