using FlowForge.Catalog;
using FlowForge.Ingest.Reading;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>Tells the catalog what it shows of a commit; the truth is in the commit itself.</summary>
internal sealed class Ledger(CatalogDatabase catalog, IngestDefinition job, JobRequest request)
{
    private string Table => "bronze." + job.Table;

    /// <param name="snapshot">The table after the commit.</param>
    /// <param name="loaded">What was published.</param>
    /// <param name="seen">Files of this run.</param>
    /// <param name="source">The source's name for the lineage.</param>
    public void Record(TableSnapshot snapshot, long version, LoadedRows loaded, IReadOnlyList<SeenFile> seen, string source)
    {
        catalog.Files.Record([.. seen.Select(f => new FileSeen(Table, f.Path, f.Size, f.ETag, f.Modified, f.Sha256, f.Rows, request.RunId, DateTimeOffset.UtcNow,
            f.Note?.StartsWith("duplicate of ", StringComparison.Ordinal) == true ? f.Note["duplicate of ".Length..] : null))]);
        catalog.Schemas.Record(SchemaOf(Table, version, request.RunId, snapshot));
        if (!request.KeepCursor && loaded.Staged.Cursor is { } reached && job.WatermarkColumn is { } column)
            catalog.Watermarks.Record(new Catalog.Watermark(Table, request.Pipeline, request.JobId, column, reached, request.RunId, DateTimeOffset.UtcNow));
        catalog.Rejects.Record(Table, request.RunId, loaded.Rejects.ByReason);
        catalog.Lineage.Record(Table, request.Pipeline, request.JobId, [source]);
    }

    /// <summary>The columns of a version of a table, but for the reserved ones.</summary>
    public static SchemaHistoryEntry SchemaOf(string table, long version, string run, TableSnapshot snapshot) => new(table, version, run, DateTimeOffset.UtcNow,
        [.. snapshot.Schema.Columns.Where(c => !c.IsReserved).Select(c => new SchemaColumn(c.Name, c.DuckType, c.Nullable, c.OriginalName))]);
}
