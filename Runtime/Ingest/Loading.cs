using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Parquet;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest;

/// <summary>What was read and staged.</summary>
internal sealed record LoadedRows(RowCounts Counts, RejectSpool Rejects, IReadOnlyList<RowColumn> Columns, TableSchema? Schema, IReadOnlyList<LandedFile> Files, IReadOnlyDictionary<int, FileTally> Tallies)
{
    public bool HasRows => Counts.Loaded > 0;

    public long RowsOf(LandedFile file) => Tallies.GetValueOrDefault(IndexOf(file))?.Counted ?? 0;

    public string? NoteOf(LandedFile file) => Tallies.GetValueOrDefault(IndexOf(file))?.Fault is { } fault ? $"rejected: {fault.Message}" : null;

    /// <summary>One reject in one line.</summary>
    public string Describe(Reject reject)
    {
        var place = Files[reject.File].Path + (reject.Record is { } record ? $", record {record} (byte {reject.Offset})" : "");
        var raw = reject.Raw is { } text ? $": {(text.Length > 300 ? text[..300] + "…" : text)}" : "";
        return $"{place}: {reject.Message}{(reject.Column is null ? "" : $" [{reject.Column}]")}{raw}";
    }

    private int IndexOf(LandedFile file)
    {
        for (var i = 0; i < Files.Count; i++)
            if (ReferenceEquals(Files[i], file)) return i;
        return -1;
    }
}

/// <summary>Reads the landed files into staged Parquet files of a transaction, proving types and counting on the way.</summary>
internal sealed class Loading(
    DuckSession session, LakeTable table, IngestDefinition job, JobRequest request, FormatSettings settings, string format,
    IReadOnlyList<LandedFile> files, string temporary, ReadingProgress progress, IJobLog log) : IDisposable
{
    private const string Source = "ff_rows";
    private RejectSpool _rejects = new(temporary);

    /// <summary>Holds the staged files; the caller commits it.</summary>
    public TableTransaction Transaction { get; private set; } = table.Begin();

    public LoadedRows Run(CancellationToken ct) => format == "parquet" ? FromParquet(ct) : FromRecords(ct);

    private LoadedRows FromRecords(CancellationToken ct)
    {
        var faults = new Dictionary<int, UnreadableFileException>();
        var planned = new RecordPlanner(session, job, settings, format, temporary).Plan(files, Transaction.Base, faults);
        var plan = planned;
        if (plan.Files.All(f => f.Layout is null))
            return Count(new RecordPump(plan, settings.File, faults.Keys.ToHashSet(), progress), Rows([]), new Staged(0, 0), faults);
        for (var pass = 1; ; pass++)
        {
            progress.Start(pass == 1 ? "reading" : "proving", files.Sum(f => f.Size));
            var pump = new RecordPump(plan, settings.File, faults.Keys.ToHashSet(), progress);
            var naming = Rows(plan.Columns);
            var result = Stage(pump, naming, plan.Columns, ct);
            if (!pump.MustRepeat) return Count(pump, naming, result, faults);
            // Every row has been seen by now, so the second pass holds. A file that fails only then is changing under our hands.
            if (pass > 2) throw new JobFailedException("FF2006", "The files changed while they were read.", "Run the job again when the source is at rest.", transient: true);
            foreach (var (file, tally) in pump.Tallies)
                if (tally.Fault is { } fault) faults[file] = fault;
            plan = RecordPlanner.Widen(plan, pump, log);
            StartOver();
        }
    }

    // What the pass has staged is not to be used.
    private void StartOver()
    {
        Transaction.Dispose();
        Transaction = table.Begin();
        _rejects.Dispose();
        _rejects = new RejectSpool(temporary);
    }

    private sealed record Staged(long Kept, long Loaded);

    private Staged Stage(RecordPump pump, RowSet rows, IReadOnlyList<TargetColumn> columns, CancellationToken ct)
    {
        session.RegisterSource(Source, RowBuilder.BatchSchema(columns), cancelled => Handed(pump, cancelled));
        try
        {
            return Write(rows, () => !pump.MustRepeat, ct);
        }
        finally
        {
            session.UnregisterSource(Source);
        }
    }

    // Once a value does not fit, the rest is only read for what it teaches.
    private IEnumerable<Columnar.RecordBatch> Handed(RecordPump pump, CancellationToken ct)
    {
        foreach (var batch in pump.Read(_rejects.Add, ct))
        {
            if (pump.MustRepeat) batch.Dispose();
            else yield return batch;
        }
    }

    /// <summary>Filters, removes twins and writes; counts what is left after each step.</summary>
    private Staged Write(RowSet rows, Func<bool> wanted, CancellationToken ct)
    {
        var partitioning = Partitioning.Of(job, request.RunTime, [.. rows.Columns.Select(c => c.Name)]);
        var options = new WriteOptions
        {
            Mode = job.WriteMode == Pipelines.WriteMode.Replace ? CommitMode.Overwrite : CommitMode.Append,
            PartitionBy = partitioning.Columns,
            Compression = job.Compression.ToText(),
            Schema = rows.Schema(),
        };
        var select = rows.Select(job, request.RunId, partitioning);
        if (job.DedupeKeys.Count == 0)
        {
            var direct = Transaction.Write(session, select, options, ct).Sum(f => f.Rows ?? 0);
            return new Staged(direct, direct);
        }
        session.Execute($"CREATE OR REPLACE TEMP TABLE ff_kept AS {select}", ct);
        if (!wanted()) return new Staged(0, 0);
        var kept = session.Scalar<long>("SELECT count(*) FROM ff_kept", ct);
        var unique = DedupeSql.Unique("ff_kept", job, [.. rows.Columns.Select(c => c.Name)], job.WriteMode == Pipelines.WriteMode.Append ? Transaction.Base : null);
        var loaded = Transaction.Write(session, unique, options, ct).Sum(f => f.Rows ?? 0);
        session.Execute("DROP TABLE ff_kept", ct);
        return new Staged(kept, loaded);
    }

    private LoadedRows Count(RecordPump pump, RowSet rows, Staged staged, Dictionary<int, UnreadableFileException> faults)
    {
        var tallies = pump.Tallies.ToDictionary();
        foreach (var (file, fault) in faults)
        {
            // A file that cannot be read is one record that does not fit.
            tallies[file] = new FileTally(1, 1, fault);
            _rejects.Add(new Reject(file, null, null, fault.Reason, fault.Message, null, null));
        }
        var wrong = tallies.FirstOrDefault(t => t.Value.Counted != t.Value.Decoded);
        if (wrong.Value is not null)
            throw new JobFailedException("FF2030", $"The rows do not add up, and nothing was published: {files[wrong.Key].Path} holds {wrong.Value.Counted} records by the independent count, and {wrong.Value.Decoded} were read.",
                "This is a defect of FlowForge: keep the landed file and report it.");
        var read = tallies.Values.Sum(t => t.Counted);
        var handed = read - _rejects.Count;
        // With a filter, what it left out is the difference; without one there must be none.
        var filtered = job.Filter is null ? 0 : handed - staged.Kept;
        var deduplicated = job.DedupeKeys.Count == 0 ? 0 : staged.Kept - staged.Loaded;
        return new LoadedRows(new RowCounts(read, staged.Loaded, _rejects.Count, deduplicated, filtered), _rejects, rows.Columns, rows.Schema(), files, tallies);
    }

    private RowSet Rows(IReadOnlyList<TargetColumn> columns)
    {
        var names = ColumnNaming.Tables([.. columns.Select(c => c.Name)], job.RenameMap);
        return new RowSet(Source, [.. columns.Select((c, i) => new RowColumn(c.Name, names[i], $"c{i}", c.Type.Name))], RowSet.FileName(files, "file"), "record");
    }

    private LoadedRows FromParquet(CancellationToken ct)
    {
        progress.Start("reading", files.Sum(f => f.Size));
        var source = ParquetSource.Open(session, files, ct);
        foreach (var (file, fault) in source.Faults) _rejects.Add(new Reject(file, null, null, fault.Reason, fault.Message, null, null));
        var tallies = source.Tallies();
        var read = tallies.Values.Sum(t => t.Counted);
        var rows = source.Rows(job);
        var staged = rows is null ? new Staged(0, 0) : Write(rows, static () => true, ct);
        var filtered = job.Filter is null ? 0 : read - _rejects.Count - staged.Kept;
        return new LoadedRows(new RowCounts(read, staged.Loaded, _rejects.Count, job.DedupeKeys.Count == 0 ? 0 : staged.Kept - staged.Loaded, filtered), _rejects, rows?.Columns ?? [], rows?.Schema(), files, tallies);
    }

    public void Dispose()
    {
        Transaction.Dispose();
        _rejects.Dispose();
    }
}
