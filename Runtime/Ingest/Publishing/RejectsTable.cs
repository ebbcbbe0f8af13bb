using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Rejects;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>Writes the rejects of a run beside the table. They count only once the table's own commit names the version.</summary>
internal static class RejectsTable
{
    /// <returns>Folder and version, as the table's state notes them.</returns>
    public static string Write(LakeStore lake, DuckSession session, RejectSpool rejects, IngestDefinition job, JobRequest request, IReadOnlyList<LandedFile> files, CancellationToken cancellationToken)
    {
        var folder = job.QuarantinePath ?? $"bronze/{job.Table}__rejects";
        var table = lake.TableAt(folder);
        session.RegisterSource("ff_rejects", RejectSpool.Schema, rejects.Batches);
        try
        {
            using var transaction = table.Begin();
            transaction.Write(session,
                $"""
                SELECT {SqlText.Literal(request.RunId)} AS run_id, {SqlText.Literal(request.Pipeline)} AS pipeline, {SqlText.Literal(job.Name)} AS job, {SqlText.Literal("bronze." + job.Table)} AS table_name,
                    reason, message, column_name, raw, {RowSet.FileName(files, "file")} AS file, {FileCopy(files)} AS landed_file, record, byte_offset,
                    CAST({SqlText.Literal(request.RunTime.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture) + "+00")} AS TIMESTAMPTZ) AS rejected_at
                FROM ff_rejects
                """, new WriteOptions { Compression = "zstd" }, cancellationToken);
            var commit = transaction.Commit(new CommitOptions
            {
                Mode = CommitMode.Append,
                // By run: one that failed after this commit must not make the next one, which gets the same transaction version, believe its rejects are there.
                Transaction = ($"{request.ApplicationId}/{request.RunId}", request.TxnVersion),
                Info = new Dictionary<string, string> { ["run"] = request.RunId, ["pipeline"] = request.Pipeline, ["job"] = job.Name },
            }, cancellationToken);
            return $"{folder}@{commit.Version}";
        }
        finally
        {
            session.UnregisterSource("ff_rejects");
        }
    }

    private static string FileCopy(IReadOnlyList<LandedFile> files) => RowSet.FileName([.. files.Select(f => f with { Path = f.LocalPath })], "file");
}
