using FlowForge.Catalog;
using FlowForge.Ingest.Children;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Formats.Readers;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest;

/// <summary>Records of text formats: planned, split, decoded and proved, in two passes at most.</summary>
internal sealed partial class Loading
{
    private LoadedRows FromRecords(string format, CancellationToken ct)
    {
        var faults = new Dictionary<int, UnreadableFileException>();
        var planned = new RecordPlanner(session, job, settings, format, temporary) { TakesChanges = TakesChanges }.Plan(files, Transaction.Base, faults);
        var plan = ChildOf is null ? planned : planned with { Columns = [.. planned.Columns.Where(c => !ChildColumns.IsReserved(c.Name)), .. ChildColumns.All] };
        foreach (var file in plan.Files)
            if (file.Layout is CsvFileLayout { Csv.LeftOutLines: > 0 and var lines })
                log.Warning($"{file.File.Path}: {(lines == 1 ? "the first line is" : $"the first {lines} lines are")} left out, for the header stands below. If that is wrong, say with skip how many lines are to be left out.");
        // Each thread keeps buffers of 2,048 rows for every column.
        if (plan.Columns.Count > WideTable)
        {
            session.Execute("SET threads = 1");
            NeedsMemory?.Invoke(plan.Columns.Sum(c => c.Type.Name == "VARCHAR" ? BytesOfText : BytesOfNumber), ct);
        }
        if (plan.Files.All(f => f.Layout is null))
            return Count(new RecordPump(plan, settings.File, faults.Keys.ToHashSet(), progress), Rows([]), Nothing, faults);
        for (var pass = 1; ; pass++)
        {
            progress.Start(pass == 1 ? "reading" : "proving", files.Sum(f => f.Size));
            var pump = new RecordPump(plan, settings.File, faults.Keys.ToHashSet(), progress) { WantsChildren = _splits ? WantsChildren : null, TakeChildren = Children.Add };
            var naming = Rows(plan.Columns) with { Lacking = Lacking(plan) };
            var result = Stage(pump, naming, plan.Columns, ct);
            if (!pump.MustRepeat)
            {
                if (result.Held is null) LackingFields(plan, pump).Say(log);
                return Count(pump, naming, result, faults);
            }
            // Every row has been seen by now, so the second pass holds. A file that fails only then is changing under our hands.
            if (pass > 2) throw new JobFailedException("FF2006", "The files changed while they were read.", "Run the job again when the source is at rest.", transient: true);
            foreach (var (file, tally) in pump.Tallies)
                if (tally.Fault is { } fault) faults[file] = fault;
            plan = RecordPlanner.Widen(plan, pump, log);
            StartOver();
        }
    }

    // What headers say before anything is read.
    private LackingColumns Lacking(ReadPlan plan) => job.SchemaMode != SchemaMode.User || ChildOf is not null ? LackingColumns.None
        : new([.. plan.Files.Select(f => (f.File.Path, Lacking: f.Layout is CsvFileLayout { Csv.HasHeader: true } csv ? (IReadOnlyList<string>)[.. plan.Columns.Select(c => c.Name).Except(csv.Columns, StringComparer.OrdinalIgnoreCase)] : []))]);

    // What only the records say, once all of them are read. One of them may lack any field: that is no change of the source.
    private LackingColumns LackingFields(ReadPlan plan, RecordPump pump) => job.SchemaMode != SchemaMode.User || ChildOf is not null ? LackingColumns.None
        : new([.. pump.FieldsMet.OrderBy(f => f.Key).Select(f => (files[f.Key].Path, (IReadOnlyList<string>)[.. plan.Columns.Where((c, i) => !f.Value[i] && c.Name != RowSet.Operation).Select(c => c.Name)]))]);

    private bool WantsChildren(string path) => job.SchemaMode == SchemaMode.Infer || job.UserSchema.Any(c => c.Name.StartsWith(path + "[].", StringComparison.Ordinal));

    private Staged Stage(RecordPump pump, RowSet rows, IReadOnlyList<TargetColumn> columns, CancellationToken ct)
    {
        session.RegisterSource(Source, RowBuilder.BatchSchema(columns), cancelled => Handed(pump, cancelled), gathers: true);
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
        foreach (var batch in pump.Read(extraction.Reader is null ? _rejects.Add : reject => _rejects.Add(RecordLines.Restore(reject)), ct))
        {
            if (pump.MustRepeat) batch.Dispose();
            else yield return batch;
        }
    }

    private RowSet Rows(IReadOnlyList<TargetColumn> columns)
    {
        if (ChildOf is not null) return ChildColumns.Rows(Source, columns, ChildOf);
        var numbered = columns.Select((c, i) => (Column: c, Sql: $"c{i}")).ToList();
        var operation = TakesChanges ? numbered.Find(c => c.Column.Name == RowSet.Operation).Sql : null;
        if (operation is not null) numbered.RemoveAll(c => c.Sql == operation);
        var names = ColumnNaming.Tables([.. numbered.Select(c => c.Column.Name)], job.RenameMap);
        var rows = new RowSet(Source, [.. numbered.Select((c, i) => new RowColumn(c.Column.Name, names[i], c.Sql, c.Column.Type.Name)).Where(c => !job.LeavesOut(c.Name, Transaction.Base))], RowSet.FileName(files, "file"), "record") { OperationSql = operation, RejectedInSql = RowSet.RunOf(files, "file"), FileWordSql = RowSet.FileWord(files, "file") };
        return Computed(rows);
    }

    /// <summary>Whether records may say in <c>_ff_op</c> what happened to them.</summary>
    private bool TakesChanges => extraction.IsRows && job.WriteMode == Pipelines.WriteMode.Merge;
}
