using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>The tables that the checks of an ingest job read (<c>foreign_key</c> and SQL), as views of the session, held against vacuum until disposed.</summary>
internal sealed class CheckTables : IDisposable
{
    private readonly List<IDisposable?> holds = [];

    /// <exception cref="JobFailedException">A table is not there.</exception>
    public CheckTables(DuckSession session, LakeStore lake, IngestDefinition job, JobRequest request)
    {
        var references = job.Checks.Select(c => c.ReadsSql).OfType<string>().SelectMany(SqlReferences.Tables)
            .Where(r => r is not { Schema: null, Table: "this" } && !r.ToString().Equals("bronze." + job.Table, StringComparison.OrdinalIgnoreCase)).Distinct();
        foreach (var reference in references)
        {
            var table = TableName.TryParse(reference.ToString(), out var name) ? lake.Table(name) : throw Missing(reference);
            var snapshot = (request.InputVersions.TryGetValue(name.ToString(), out var version) ? table.At(version) : table.Latest()) ?? throw Missing(reference);
            holds.Add(table.Hold(snapshot));
            session.Execute($"CREATE SCHEMA IF NOT EXISTS {name.LayerName}");
            session.Execute($"CREATE OR REPLACE VIEW {SqlText.QualifiedName(name.LayerName, name.Name)} AS SELECT * FROM {snapshot.ScanSql()}");
        }
    }

    private static JobFailedException Missing(SqlTableReference reference) =>
        new("FF2117", $"A check reads {reference}, which is no table of the lake.", "Run the job that makes it first, or correct the name.");

    public void Dispose()
    {
        foreach (var hold in holds) hold?.Dispose();
    }
}
