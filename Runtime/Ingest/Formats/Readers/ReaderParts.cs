using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Sources;
using FlowForge.Lake.Writing;

namespace FlowForge.Ingest.Formats.Readers;

/// <summary>
/// Files of a format with types, as Parquet files that last as long as this: types are proved and united over files like those of databases, and that takes more than one look.
/// A file becomes a part; more of them where its columns change on the way.
/// </summary>
internal sealed class ReaderParts(DuckSession session, PluginFormat format, string temporary, FinerInstants instants, ReadingProgress progress) : IDisposable
{
    private const string Source = "ff_reader";

    /// <summary>The column of a part that holds the record's number in the file.</summary>
    public const string RecordColumn = "ff_record";

    private readonly List<RowPart> _parts = [];
    private readonly List<int> _files = [];

    public IReadOnlyList<RowPart> Parts => _parts;

    /// <summary>For each part the number of its file.</summary>
    public IReadOnlyList<int> Files => _files;

    /// <summary>Reads a file to its end.</summary>
    /// <param name="number">The file's, in the job's list.</param>
    /// <param name="rejects">Takes its bad records; those that are wanted, when only some are.</param>
    /// <exception cref="UnreadableFileException">It is broken; nothing of it stays but the rejects.</exception>
    public FileTally Read(int number, LandedFile file, Action<Reject> rejects, CancellationToken ct)
    {
        var before = _parts.Count;
        var picks = file.Picks is { Whole: false, Numbers: { } numbers } ? numbers : null;
        using var batches = new ReaderBatches(number, format.Batches(file, progress.Bytes, ct).GetAsyncEnumerator(ct), rejects, record => picks is null || Array.BinarySearch(picks, record) >= 0, ct);
        long landed = 0;
        while (batches.Peek() is { } next) landed += Write(number, file, batches, next.Schema, ct);
        if (batches.Failure is { } failure)
        {
            foreach (var part in _parts[before..]) File.Delete(part.LocalPath);
            _parts.RemoveRange(before, _parts.Count - before);
            _files.RemoveRange(before, _files.Count - before);
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
        if (picks is [.., var last] && last > batches.Handed)
            throw new JobFailedException("FF2035", $"Record {last} of {file.Path} was to be read again, and the landed file has {batches.Handed} records. Nothing was published.");
        return new FileTally(batches.Handed, landed + batches.Bad) { PassedOver = picks is null ? 0 : batches.Handed - picks.Length };
    }

    private long Write(int number, LandedFile file, ReaderBatches batches, Schema schema, CancellationToken ct)
    {
        Directory.CreateDirectory(temporary);
        var path = Path.Combine(temporary, string.Create(CultureInfo.InvariantCulture, $"reader-{Guid.NewGuid():n}.parquet"));
        var own = new Schema(schema.FieldsList.SkipLast(1));
        var columns = RowLanding.Columns(session, own, RecordColumn);
        instants.Look(own);
        var select = RowLanding.Select(own, columns) is { Length: > 0 } some ? some + ", " : "";
        session.RegisterSource(Source, new Schema(schema.FieldsList.Select((f, i) => f.WithName($"c{i}"))), cancelled => Batches(batches, schema));
        try
        {
            var written = session.Execute($"COPY (SELECT {select}c{own.FieldsList.Count} AS {RecordColumn} FROM {Source}) TO {SqlText.Literal(path)} ({ParquetSettings.Of("snappy")})", ct);
            _parts.Add(new RowPart(file.Path, path, written, new FileInfo(path).Length, null, null, columns));
            _files.Add(number);
            return written;
        }
        catch
        {
            File.Delete(path);
            throw;
        }
        finally
        {
            session.UnregisterSource(Source);
        }
    }

    private IEnumerable<RecordBatch> Batches(ReaderBatches batches, Schema schema)
    {
        while (batches.Peek() is { } next && RowLanding.SameColumns(schema, next.Schema))
        {
            progress.Rows(next.Length);
            yield return batches.Take();
        }
    }

    public void Dispose()
    {
        foreach (var part in _parts) File.Delete(part.LocalPath);
    }
}
