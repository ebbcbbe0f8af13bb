using System.Globalization;
using System.Text;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Readers;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Looking;

/// <summary>Where a row of a bronze table comes from.</summary>
/// <param name="Version">The table version that the run committed; null when the history no longer tells.</param>
/// <param name="File">The source file, or the part of a read of rows.</param>
/// <param name="LandedFile">The copy in the landing layer; null when there is none (<c>landing: reference</c>, removed by retention).</param>
/// <param name="Raw">The record as it was received, rows of a database as JSON; null when it cannot be read any more.</param>
/// <param name="Note">Why something is missing.</param>
public sealed record RowTrace(string Pipeline, string Job, string Run, long? Version, string File, long Record, string? LandedFile, string? Raw, string? Note);

/// <summary>Follows a row back to its record.</summary>
internal sealed class RowTracer(LakeStore lake, string temporary)
{
    /// <summary>Opens the reader of a job's format; null where the runtime reads it itself.</summary>
    public Func<IngestDefinition, FileSettings, PluginFormat?> Reader { get; init; } = static (_, _) => null;

    /// <param name="definition">The job as it is now: how its files are read; null when it is gone.</param>
    /// <param name="pipeline">Whose row it is.</param>
    /// <param name="table">The bronze table.</param>
    /// <param name="row">Run, file and record.</param>
    /// <param name="ct">Ends the reading.</param>
    public RowTrace Trace(IngestDefinition? definition, string pipeline, string job, TableName table, (string Run, string File, long Record) row, CancellationToken ct)
    {
        var version = lake.Table(table).History(10_000).FirstOrDefault(v => v.RunId == row.Run)?.Version;
        var found = new RowTrace(pipeline, job, row.Run, version, row.File, row.Record, null, null, null);
        var folder = Path.Combine(lake.LandingFolder, pipeline, job);
        foreach (var place in new[] { folder, Path.Combine(folder, table.Name) })
        {
            if (RowManifest.Open(Path.Combine(place, "_flowforge", "rows", row.Run + ".json"), keep: true).Parts.FirstOrDefault(p => p.Name == row.File) is { } part)
                return File.Exists(part.LocalPath) ? WithRaw(found with { LandedFile = part.LocalPath }, definition, ct) : found with { Note = "The landed part is no longer there." };
        }
        var landed = new LandingManifest(Path.Combine(folder, "_flowforge", row.Run + ".json")).Files.FirstOrDefault(f => f.Path == row.File);
        if (landed is null) return found with { Note = "The run has landed no copy of the file (landing: reference), or its list of landed files is gone." };
        return File.Exists(landed.LocalPath) ? WithRaw(found with { LandedFile = landed.LocalPath }, definition, ct) : found with { Note = "The landed copy is no longer there." };
    }

    private RowTrace WithRaw(RowTrace found, IngestDefinition? definition, CancellationToken ct)
    {
        try
        {
            using var database = DuckDatabase.Open();
            using var session = database.Connect();
            var raw = found.LandedFile!.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase) || definition?.Format == "parquet" ? FromParquet(session, found)
                : definition is null ? null : FromText(session, found, definition with { Format = found.LandedFile.EndsWith(".ndjson", StringComparison.Ordinal) ? "ndjson" : definition.Format ?? "csv" }, ct);
            return raw is null ? found with { Note = definition is null ? "The job is gone, so it is not known how its files are read." : "The file has no such record." } : found with { Raw = raw };
        }
        catch (Exception e) when (e is UnreadableFileException or DuckException or IOException)
        {
            return found with { Note = $"The record cannot be read: {e.Message}" };
        }
    }

    private static string? FromParquet(DuckSession session, RowTrace found) => session.Rows(string.Create(CultureInfo.InvariantCulture,
        $"SELECT CAST(to_json(r) AS VARCHAR) FROM (SELECT * EXCLUDE (file_row_number) FROM read_parquet({SqlText.File(found.LandedFile!)}, file_row_number = true) WHERE file_row_number = {found.Record - 1}) AS r")).Select(r => (string?)r[0]).FirstOrDefault();

    private string? FromText(DuckSession session, RowTrace found, IngestDefinition definition, CancellationToken ct)
    {
        var settings = FormatSettings.From(definition.Config, definition.Format!);
        var file = new LandedFile(found.File, 0, null, null, "", found.LandedFile!);
        using var reader = Reader(definition, settings.File);
        if (reader is { HasTypes: true }) return FromReader(session, reader, file, found.Record, ct);
        if (reader is not null) file = file with { Lines = new RecordLines(reader, file) };
        var faults = new Dictionary<int, UnreadableFileException>();
        var layout = new RecordPlanner(session, definition with { SchemaMode = SchemaMode.Infer }, settings, definition.Format!, temporary).Plan([file], null, faults).Files is [var planned, ..] ? planned.Layout : null;
        if (faults.Count > 0) throw faults[0];
        if (layout is null) return null;
        using var stream = file.Open(settings.File, null, ct);
        Skip(stream, layout.DataOffset);
        var splitter = layout.Splitter(settings.File.MaxRecordBytes);
        foreach (var chunk in ChunkReader.Read(stream, splitter, layout.DataOffset, settings.File.MaxRecordBytes, ct))
        {
            using (chunk)
            {
                if (found.Record < chunk.FirstRecord + chunk.Records) return Encoding.UTF8.GetString(Record(chunk, splitter, (int)(found.Record - chunk.FirstRecord))).TrimEnd('\r', '\n');
            }
        }
        return null;
    }

    private string? FromReader(DuckSession session, PluginFormat reader, LandedFile file, long record, CancellationToken ct)
    {
        using var parts = new ReaderParts(session, reader, temporary, new FinerInstants(static _ => { }), new ReadingProgress(new Progress<JobProgress>()));
        parts.Read(0, file, static _ => { }, ct);
        return parts.Parts.SelectMany(p => session.Rows(string.Create(CultureInfo.InvariantCulture,
            $"SELECT CAST(to_json(r) AS VARCHAR) FROM (SELECT * EXCLUDE ({ReaderParts.RecordColumn}) FROM read_parquet({SqlText.File(p.LocalPath)}) WHERE {ReaderParts.RecordColumn} = {record}) AS r"))).Select(r => (string?)r[0]).FirstOrDefault();
    }

    // The splitter only counts: the shortest beginning with so many records ends where the record does.
    private static ReadOnlySpan<byte> Record(RecordChunk chunk, IRecordSplitter splitter, int index)
    {
        var start = End(chunk.Bytes, splitter, index, chunk.IsLast);
        return chunk.Bytes[start..End(chunk.Bytes, splitter, index + 1, chunk.IsLast)];
    }

    private static int End(ReadOnlySpan<byte> bytes, IRecordSplitter splitter, int records, bool isLast)
    {
        if (records == 0) return 0;
        if (splitter.Split(bytes, isLast).Records == records) return bytes.Length;
        var (low, high) = (0, bytes.Length);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (splitter.Split(bytes[..middle], false).Records >= records) high = middle;
            else low = middle + 1;
        }
        return splitter.Split(bytes[..low], false).Consumed;
    }

    private static void Skip(Stream stream, long bytes)
    {
        var buffer = new byte[4096];
        while (bytes > 0 && stream.Read(buffer, 0, (int)Math.Min(buffer.Length, bytes)) is > 0 and var read) bytes -= read;
    }
}
