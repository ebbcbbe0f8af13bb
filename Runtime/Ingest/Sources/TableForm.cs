using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Publishing;
using FlowForge.Lake.Schema;
using FlowForge.Lake.Writing;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Sources;

/// <summary>
/// Rows that the table takes as they come are landed in the form of the table's own files, with the reserved columns: the landed file then is the table's file (a second name of it),
/// and nothing is written twice. What has to be done with rows first (filters, keys, casts, checks that take rows out) makes it impossible.
/// </summary>
internal sealed class TableForm
{
    /// <summary>The number of a row in its part, from 1, in the batches that are landed.</summary>
    public static readonly Field Record = new("ff_record", Int64Type.Default, isNullable: false);

    private readonly string _run;
    private readonly string _compression;

    private TableForm(string run, string compression) => (_run, _compression) = (run, compression);

    /// <summary>Null when the job does something with the rows before they are in the table.</summary>
    public static TableForm? Of(IngestDefinition job, JobRequest request) =>
        job is { ForceToParquet: true, Filter: null, Computed.Count: 0, RenameMap.Count: 0, DedupeKeys.Count: 0, IncrementalMode: IncrementalMode.Full, WriteMode: WriteMode.Append or WriteMode.Replace, SchemaMode: SchemaMode.Infer }
        && (job.PartitionMode == PartitionMode.None || job is { PartitionMode: PartitionMode.Date, PartitionColumn: null })
        && request.Replay is null && !job.Checks.Any(CheckRun.TakesOut)
            ? new TableForm(request.RunId, job.Compression.ToText()) : null;

    /// <summary>Whether columns have in the table the names and types that they have at the source.</summary>
    public static bool Fits(IReadOnlyList<PartColumn> columns) =>
        columns.Count > 0 && columns.All(c => c.Name == c.Landed && c.Type != "NULL" && TableFile.IsPlain(c.Type)) && Names(columns).Zip(columns).All(p => p.First == p.Second.Name);

    /// <summary>Writes a part.</summary>
    /// <returns>Rows written, and their statistics.</returns>
    public (long Rows, string? Statistics) Write(DuckSession session, string values, string from, IReadOnlyList<PartColumn> columns, string part, string path, CancellationToken ct)
    {
        var select = $"SELECT {values}, {RowSet.Word(_run)} AS _ff_run, {RowSet.Word(part)} AS _ff_file, {Record.Name} AS _ff_record FROM {from}";
        var file = TableFile.Write(session, select, Schema(columns), path, _compression, ct);
        return (file.Rows, file.Statistics);
    }

    /// <summary>The parts as files for the table; empty when one of them is not in its form, or the table wants other types.</summary>
    public static IReadOnlyList<TableFile> Files(IReadOnlyList<RowPart> parts, RowSet rows)
    {
        var types = rows.Columns.ToDictionary(c => c.Name, c => DuckTypes.ToDelta(c.DuckType), StringComparer.Ordinal);
        var same = parts.All(p => p.Statistics is not null && p.Columns.All(c => DuckTypes.ToDelta(c.Type).Equals(types.GetValueOrDefault(c.Name))));
        return same && rows.Columns.All(c => c.Source == c.Name && parts.Any(p => p.Columns.Any(own => own.Name == c.Name)))
            ? [.. parts.Select(p => new TableFile(p.LocalPath, Schema(p.Columns), p.Rows, p.Statistics!))] : [];
    }

    /// <summary>The batches with <see cref="Record"/> as their last column.</summary>
    public static IEnumerable<RecordBatch> Number(IEnumerable<RecordBatch> batches)
    {
        var next = 1L;
        Schema? schema = null;
        foreach (var batch in batches)
        {
            schema ??= new Schema(batch.Schema.FieldsList.Append(Record));
            var numbers = new long[batch.Length];
            for (var i = 0; i < numbers.Length; i++) numbers[i] = next++;
            var builder = new Int64Array.Builder();
            builder.Append(numbers);
            yield return new RecordBatch(schema, [.. batch.Arrays, builder.Build()], batch.Length);
        }
    }

    private static IReadOnlyList<string> Names(IReadOnlyList<PartColumn> columns) => ColumnNaming.Tables([.. columns.Select(c => c.Name)], new Dictionary<string, string>());

    private static TableSchema Schema(IReadOnlyList<PartColumn> columns) =>
        TableSchema.FromDuck(columns.Select(c => (c.Name, c.Type)).Concat([("_ff_run", "VARCHAR"), ("_ff_file", "VARCHAR"), ("_ff_record", "BIGINT")]));
}
