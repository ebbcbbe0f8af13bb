using System.Diagnostics;
using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Lake.Writing;

namespace FlowForge.Ingest.Sources;

/// <summary>
/// Lands rows as Parquet files as they are handed over. A part ends when it is large, when its columns change, and, where reading can resume, every few seconds,
/// so that a killed attempt loses no more than that.
/// </summary>
internal sealed class RowLanding(DuckSession session, LandingZone landing, RowManifest manifest, string source, bool resumable, TableForm? form, FinerInstants instants, ReadingProgress progress)
{
    private const string Source = "ff_handover";
    private const long MostRows = 20_000_000;
    private const int MostParts = 10_000;

    /// <summary>Time between checkpoints of a read that can resume.</summary>
    public static TimeSpan CheckpointAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Lands what the handover gives until its end.</summary>
    /// <param name="handover">The read.</param>
    /// <param name="ct">Interrupts; whole parts stay.</param>
    public void Land(Handover handover, CancellationToken ct)
    {
        while (handover.Peek(ct) is { } next)
        {
            if (manifest.Parts.Count >= MostParts)
                throw new JobFailedException("FF2091", $"{source} changed its columns, or its cursor, {MostParts} times in one read.", "Hand over larger batches with columns that stay the same.");
            Write(handover, next.Rows.Schema, ct);
        }
        // A source without rows still has columns.
        if (manifest.Parts.Count == 0) Write(handover, handover.Schema(ct), ct);
        manifest.Complete();
    }

    private void Write(Handover handover, Schema schema, CancellationToken ct)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"part-{manifest.Parts.Count + 1:D5}");
        var columns = Columns(session, schema);
        instants.Look(schema);
        var path = landing.PartPath(name + ".parquet");
        var temporary = landing.TemporaryFor(path);
        var part = new PartCut(schema, resumable);
        var ready = form is not null && TableForm.Fits(columns) ? form : null;
        session.RegisterSource(Source, Numbered(schema, ready is not null), cancelled => ready is null ? Batches(handover, part, cancelled) : TableForm.Number(Batches(handover, part, cancelled)));
        try
        {
            var (written, statistics) = ready?.Write(session, Select(schema, columns), Source, columns, $"{source}/{name}", temporary, ct)
                ?? (session.Execute($"COPY (SELECT {Select(schema, columns)} FROM {Source}) TO {SqlText.Literal(temporary)} ({ParquetSettings.Of("snappy")})", ct), null);
            if (written != part.Rows)
                throw new JobFailedException("FF2030", $"The rows do not add up, and nothing was published: {source} handed over {part.Rows} rows and {written} were landed.", "This is a defect of FlowForge: report it.");
            Flush(temporary);
            // Named first, so that no file lies landed that nothing names.
            manifest.Add(new RowPart($"{source}/{name}", path, part.Rows, new FileInfo(temporary).Length, part.Cursor, part.Reached, columns, statistics));
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            session.UnregisterSource(Source);
            File.Delete(temporary);
        }
    }

    private static Schema Numbered(Schema schema, bool withRecord)
    {
        var fields = schema.FieldsList.Select((f, i) => f.WithName($"c{i}"));
        return new Schema(withRecord ? fields.Append(TableForm.Record) : fields);
    }

    private IEnumerable<RecordBatch> Batches(Handover handover, PartCut part, CancellationToken ct)
    {
        while (handover.Peek(ct) is { } next && part.Takes(next.Rows.Schema))
        {
            handover.Take();
            part.Add(next);
            progress.Rows(next.Rows.Length);
            yield return next.Rows;
        }
    }

    /// <summary>The columns of a part, with names that differ in a landed file too.</summary>
    /// <param name="reserved">A name that none of them may have.</param>
    internal static List<PartColumn> Columns(DuckSession session, Schema schema, string reserved = "file_row_number")
    {
        using var describing = new DescribedSource(session, schema);
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "file_row_number", reserved };
        var columns = new List<PartColumn>();
        foreach (var (field, type) in schema.FieldsList.Zip(describing.Types))
        {
            var landed = field.Name.Length == 0 ? "column" : field.Name;
            for (var n = 2; !taken.Add(landed); n++) landed = string.Create(CultureInfo.InvariantCulture, $"{field.Name}_{n}");
            columns.Add(new PartColumn(field.Name, landed, type));
        }
        return columns;
    }

    // Parquet has no type for these that loses nothing.
    internal static string Select(Schema schema, IReadOnlyList<PartColumn> columns) => string.Join(", ", columns.Select((c, i) =>
        $"{(schema.FieldsList[i].DataType is DurationType or IntervalType or NullType ? $"CAST(c{i} AS VARCHAR)" : $"c{i}")} AS {SqlText.Identifier(c.Landed)}"));

    internal static bool SameColumns(Schema a, Schema b) =>
        a.FieldsList.Count == b.FieldsList.Count && a.FieldsList.Zip(b.FieldsList).All(p => p.First.Name == p.Second.Name && p.First.DataType.Equals(p.Second.DataType));

    private static void Flush(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
        file.Flush(flushToDisk: true);
    }

    /// <summary>What has gone into a part, and whether it should end.</summary>
    private sealed class PartCut(Schema schema, bool resumable)
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private bool _full;

        public long Rows { get; private set; }
        public string? Cursor { get; private set; }
        public string? Reached { get; private set; }

        public bool Takes(Schema next) => !_full && (ReferenceEquals(schema, next) || SameColumns(schema, next));

        public void Add(Plugins.SourceBatch batch)
        {
            Rows += batch.Rows.Length;
            Cursor = batch.Cursor;
            Reached = batch.Cursor ?? Reached;
            // A part must end where reading can begin again.
            _full = resumable ? batch.Cursor is not null && Stopwatch.GetElapsedTime(_started) > CheckpointAfter : Rows >= MostRows;
        }
    }
}

/// <summary>The DuckDB types of a schema's columns.</summary>
internal sealed class DescribedSource : IDisposable
{
    private const string Name = "ff_described";
    private readonly DuckSession _session;

    public DescribedSource(DuckSession session, Schema schema)
    {
        _session = session;
        session.RegisterSource(Name, new Schema(schema.FieldsList.Select((f, i) => f.WithName($"c{i}"))), static () => []);
        // As they are landed: see the cast of those that Parquet has no type for.
        Types = [.. session.Describe($"FROM {Name}").Zip(schema.FieldsList, (c, field) => field.DataType is NullType ? "NULL" : c.Type == "INTERVAL" ? "VARCHAR" : c.Type)];
    }

    public IReadOnlyList<string> Types { get; }

    public void Dispose() => _session.UnregisterSource(Name);
}
