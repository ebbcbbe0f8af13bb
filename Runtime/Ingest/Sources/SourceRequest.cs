using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Publishing;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Sources;

/// <summary>What a source of rows is asked for.</summary>
internal static class SourceRequest
{
    /// <summary>How a source is called in <c>_ff_file</c> and in messages.</summary>
    public static string Name(ConnectorLease connector, IngestDefinition job) => $"{connector.Descriptor.Name}:{job.Config["table_name"]?.ToString() ?? job.Connection ?? job.Name}";

    /// <summary>Table, watermark and cursor of the next read.</summary>
    public static ReadRequest Of(DuckSession session, ConnectorLease connector, IngestDefinition job, JobRequest request, TableSnapshot? before, JobState? state) => new()
    {
        Table = ConnectorOpener.Table(connector, job),
        From = From(session, job, request, before, state),
        Cursor = connector.Connector is IStream && job.WriteMode != Pipelines.WriteMode.Replace ? state?.Cursor : null,
    };

    /// <summary>Where an incremental read begins: by the source's name of the column, which the table remembers.</summary>
    private static Plugins.Watermark? From(DuckSession session, IngestDefinition job, JobRequest request, TableSnapshot? before, JobState? state)
    {
        if (job.IncrementalMode != IncrementalMode.Incremental || job.WatermarkColumn is not { } wanted) return null;
        var column = before?.Schema.Columns.FirstOrDefault(c => string.Equals(c.Name, wanted, StringComparison.OrdinalIgnoreCase) || string.Equals(c.Name, ColumnNames.Standard(wanted), StringComparison.OrdinalIgnoreCase));
        var source = job.RenameMap.FirstOrDefault(r => string.Equals(r.Value, wanted, StringComparison.OrdinalIgnoreCase)).Key ?? column?.OriginalName ?? wanted;
        // Without a table there is no type yet: a start value goes as it is written.
        return column is not null ? new CursorRange(job, request, state?.Cursor, column.Name, column.DuckType).Request(session, source)
            : job.LastWatermarkValue is { } start && !request.KeepCursor ? new Plugins.Watermark(source, start) { IncludeNulls = job.NullCursor != NullCursor.Exclude } : null;
    }
}
