using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Ingest.Children;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Readers;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Reading;

/// <summary>Reads records of text formats: planned, split, decoded and proved, in two passes at most.</summary>
internal sealed class RecordReading(LoadRequest load, LoadPass pass, Stager stager, IReadOnlyList<LandedFile> files, string format)
{
    private const string Source = "ff_rows";
    private const int WideTable = 1000;
    // What a column takes on its way into a file, measured: DuckDB keeps some vectors of 2,048 values of each.
    private const long BytesOfText = 230 << 10;
    private const long BytesOfNumber = 72 << 10;
    private readonly IngestDefinition _job = load.Job;
    private readonly Dictionary<int, UnreadableFileException> _faults = [];

    /// <summary>Whether records may say in <c>_ff_op</c> what happened to them.</summary>
    private bool TakesChanges => load.Extraction.IsRows && _job.WriteMode == Pipelines.WriteMode.Merge;

    public LoadedRows Run(CancellationToken ct)
    {
        var plan = Plan();
        MakeRoom(plan, ct);
        if (plan.Files.All(f => f.Layout is null)) return Counted(Pump(plan), Rows([]), Staged.Nothing);
        for (var passes = 1; ; passes++)
        {
            load.Progress.Start(passes == 1 ? "reading" : "proving", files.Sum(f => f.Size));
            var pump = Pump(plan);
            var rows = Rows(plan.Columns) with { Lacking = Lacking(plan) };
            var staged = Stage(pump, rows, plan.Columns, ct);
            if (!pump.MustRepeat)
            {
                if (staged.Held is null) LackingFields(plan, pump).Say(load.Log);
                return Counted(pump, rows, staged);
            }
            // Every row has been seen by now, so the second pass holds. A file that fails only then is changing under our hands.
            if (passes > 2) throw new JobFailedException("FF2006", "The files changed while they were read.", "Run the job again when the source is at rest.", transient: true);
            foreach (var (file, tally) in pump.Tallies)
                if (tally.Fault is { } fault) _faults[file] = fault;
            plan = RecordPlanner.Widen(plan, pump, load.Log);
            pass.StartOver();
        }
    }

    private ReadPlan Plan()
    {
        var plan = new RecordPlanner(load.Session, _job, load.Settings, format, load.Temporary) { TakesChanges = TakesChanges }.Plan(files, pass.Base, _faults);
        if (load.ChildOf is not null) plan = plan with { Columns = [.. plan.Columns.Where(c => !ChildColumns.IsReserved(c.Name)), .. ChildColumns.All] };
        foreach (var file in plan.Files)
            if (file.Layout is CsvFileLayout { Csv.LeftOutLines: > 0 and var lines })
                load.Log.Warning($"{file.File.Path}: {(lines == 1 ? "the first line is" : $"the first {lines} lines are")} left out, for the header stands below. If that is wrong, say with skip how many lines are to be left out.");
        return plan;
    }

    // Each thread keeps buffers of 2,048 rows for every column.
    private void MakeRoom(ReadPlan plan, CancellationToken ct)
    {
        if (plan.Columns.Count <= WideTable) return;
        load.Session.Execute("SET threads = 1");
        load.NeedsMemory?.Invoke(plan.Columns.Sum(c => c.Type.Name == "VARCHAR" ? BytesOfText : BytesOfNumber), ct);
    }

    private RecordPump Pump(ReadPlan plan) => new(plan, load.Settings.File, _faults.Keys.ToHashSet(), load.Progress) { WantsChildren = load.Splits ? WantsChildren : null, TakeChildren = pass.Children.Add };

    private bool WantsChildren(string path) => _job.SchemaMode == SchemaMode.Infer || _job.UserSchema.Any(c => c.Name.StartsWith(path + "[].", StringComparison.Ordinal));

    private Staged Stage(RecordPump pump, RowSet rows, IReadOnlyList<TargetColumn> columns, CancellationToken ct)
    {
        load.Session.RegisterSource(Source, RowBuilder.BatchSchema(columns), cancelled => Handed(pump, cancelled), gathers: true);
        try
        {
            return stager.Stage(rows, () => !pump.MustRepeat, ct);
        }
        finally
        {
            load.Session.UnregisterSource(Source);
        }
    }

    // Once a value does not fit, the rest is only read for what it teaches.
    private IEnumerable<RecordBatch> Handed(RecordPump pump, CancellationToken ct)
    {
        foreach (var batch in pump.Read(load.Extraction.Reader is null ? pass.Reject : reject => pass.Reject(RecordLines.Restore(reject)), ct))
        {
            if (pump.MustRepeat) batch.Dispose();
            else yield return batch;
        }
    }

    private RowSet Rows(IReadOnlyList<TargetColumn> columns)
    {
        if (load.ChildOf is not null) return ChildColumns.Rows(Source, columns, load.ChildOf);
        var numbered = columns.Select((c, i) => (Column: c, Sql: $"c{i}")).ToList();
        var operation = TakesChanges ? numbered.Find(c => c.Column.Name == RowSet.Operation).Sql : null;
        if (operation is not null) numbered.RemoveAll(c => c.Sql == operation);
        var names = ColumnNaming.Tables([.. numbered.Select(c => c.Column.Name)], _job.RenameMap);
        List<RowColumn> kept = [.. numbered.Select((c, i) => new RowColumn(c.Column.Name, names[i], c.Sql, c.Column.Type.Name)).Where(c => !_job.LeavesOut(c.Name, pass.Base))];
        return stager.Computed(new RowSet(Source, kept, RowSet.FileName(files, "file"), "record")
        {
            OperationSql = operation,
            RejectedInSql = RowSet.RunOf(files, "file"),
            FileWordSql = RowSet.FileWord(files, "file"),
        });
    }

    // What headers say before anything is read.
    private LackingColumns Lacking(ReadPlan plan) => _job.SchemaMode != SchemaMode.User || load.ChildOf is not null ? LackingColumns.None
        : new([.. plan.Files.Select(f => (f.File.Path, Lacking: f.Layout is CsvFileLayout { Csv.HasHeader: true } csv ? (IReadOnlyList<string>)[.. plan.Columns.Select(c => c.Name).Except(csv.Columns, StringComparer.OrdinalIgnoreCase)] : []))]);

    // What only the records say, once all of them are read. One of them may lack any field: that is no change of the source.
    private LackingColumns LackingFields(ReadPlan plan, RecordPump pump) => _job.SchemaMode != SchemaMode.User || load.ChildOf is not null ? LackingColumns.None
        : new([.. pump.FieldsMet.OrderBy(f => f.Key).Select(f => (files[f.Key].Path, (IReadOnlyList<string>)[.. plan.Columns.Where((c, i) => !f.Value[i] && c.Name != RowSet.Operation).Select(c => c.Name)]))]);

    private LoadedRows Counted(RecordPump pump, RowSet rows, Staged staged)
    {
        var counts = new FileCounts(files, pass, pump.Tallies, _faults);
        counts.CheckPicked();
        counts.CheckDecoded("by the independent count");
        counts.CheckReaders();
        counts.CheckHandover(load.Extraction.Parts);
        return counts.Loaded(rows, staged);
    }
}
