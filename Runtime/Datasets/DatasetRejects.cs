using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Datasets;

/// <summary>Rows that a quarantine check takes out of a dataset, in a table of their own beside it. They count once the main commit names their version.</summary>
internal static class DatasetRejects
{
    /// <summary>The rejects table of a dataset's table.</summary>
    public static TableName NameFor(TableName table) => table with { Name = table.Name + "__rejects" };

    /// <summary>The folder and version, as the table's state notes them.</summary>
    public static string Place(TableName table, long version) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{table.LayerName}/{table.Name}@{version}");

    /// <summary>Writes the rows that fail, one row for each with all its reasons, and commits them under the same transaction as the main table.</summary>
    public static Written Write(
        DuckSession session, LakeStore lake, TableName main, string scan, CheckRun run, IReadOnlyList<CheckDefinition> checks, JobRequest request, CancellationToken ct)
    {
        var name = NameFor(main);
        var reasons = string.Join(", ", checks.Select(c => $"CASE WHEN {run.RowCondition(c)} THEN {SqlText.Literal(c.Kind.ToText())} END"));
        var messages = string.Join(", ", checks.Select(c => $"CASE WHEN {run.RowCondition(c)} THEN {SqlText.Literal(c.Title)} END"));
        var select = $"""
            SELECT {SqlText.Literal(request.RunId)} AS run_id, {SqlText.Literal(request.Pipeline)} AS pipeline, {SqlText.Literal(request.JobId)} AS job, {SqlText.Literal(main.ToString())} AS table_name,
              array_to_string(list_filter([{reasons}], lambda r: r IS NOT NULL), ', ') AS reason,
              array_to_string(list_filter([{messages}], lambda r: r IS NOT NULL), ', ') AS message,
              CAST(NULL AS VARCHAR) AS column_name, CAST(to_json(rejected) AS VARCHAR) AS raw,
              {SqlText.Literal((object)request.RunTime)} AS rejected_at
            FROM {scan} AS rejected WHERE {run.FailsAny(checks)}
            """;
        using var transaction = lake.Table(name).Begin();
        var rows = transaction.Write(session, select, new WriteOptions(), ct).Sum(f => f.Rows ?? 0);
        // By run: one that failed after this commit must not make the next one, which gets the same transaction version, believe its rejects are there.
        var commit = transaction.Commit(new CommitOptions { Transaction = ($"{request.ApplicationId}/{request.RunId}", request.TxnVersion), Description = $"Rows that {main} refused" }, ct);
        return new Written(name, commit.Version, rows);
    }

    /// <summary>What was put aside.</summary>
    public sealed record Written(TableName Table, long Version, long Rows);
}
