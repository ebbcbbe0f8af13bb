using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Children;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Formats.Parquet;
using FlowForge.Ingest.Formats.Readers;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest;

/// <summary>What was read and staged.</summary>
internal sealed record LoadedRows(RowCounts Counts, RejectSpool Rejects, IReadOnlyList<RowColumn> Columns, TableSchema? Schema, IReadOnlyList<LandedFile> Files, IReadOnlyDictionary<int, FileTally> Tallies, Staged Staged)
{
    public bool HasRows => Counts.Loaded > 0;

    /// <summary>Records of a landed file; of an archive those of its members.</summary>
    public long RowsOf(LandedFile file) => TalliesOf(file).Sum(t => t.Counted);

    public string? NoteOf(LandedFile file) => TalliesOf(file).Select(t => t.Fault).FirstOrDefault(f => f is not null) is { } fault ? $"rejected: {fault.Message}" : null;

    /// <summary>One reject in one line.</summary>
    public string Describe(Reject reject)
    {
        var place = Files[reject.File].Path + (reject.Record is { } record ? $", record {record} (byte {reject.Offset})" : "");
        var raw = reject.Raw is { } text ? $": {(text.Length > 300 ? text[..300] + "…" : text)}" : "";
        return $"{place}: {reject.Message}{(reject.Column is null ? "" : $" [{reject.Column}]")}{raw}";
    }

    private IEnumerable<FileTally> TalliesOf(LandedFile file) =>
        Files.Select((f, i) => (f, i)).Where(f => ReferenceEquals(f.f, file) || ReferenceEquals(f.f.Archive, file)).Select(f => Tallies.GetValueOrDefault(f.i)).OfType<FileTally>();
}

/// <summary>Reads the landed files into staged Parquet files of a transaction, proving types and counting on the way.</summary>
internal sealed class Loading(
    DuckSession session, LakeTable table, IngestDefinition job, JobRequest request, FormatSettings settings, Extraction extraction,
    JobState? state, string temporary, ReadingProgress progress, IJobLog log) : IDisposable
{
    private const string Source = "ff_rows";
    private const int WideTable = 1000;
    // What a column takes on its way into a file, measured: DuckDB keeps some vectors of 2,048 values of each.
    private const long BytesOfText = 230 << 10;
    private const long BytesOfNumber = 72 << 10;
    private static readonly Staged Nothing = new(RowChanges.Appended(0), CommitMode.Append, null);
    private readonly IReadOnlyList<LandedFile> files = FilesOf(extraction, settings.File);
    private readonly bool _splits = settings.File.Nested == Nested.Split && (extraction.Format is "json" or "ndjson" or "jsonl" || extraction.Reader is { HasTypes: false });
    private readonly Drift _drift = new(job, state?.Drift?.MayMiss ?? [], extraction.Format is "json" or "ndjson" or "jsonl" || extraction.Reader is { HasTypes: false });
    private readonly FinerInstants _instants = new(log.Warning);
    private RejectSpool _rejects = new(temporary);

    /// <summary>The files at the top, when these are the records of a child table.</summary>
    public IReadOnlyList<LandedFile>? ChildOf { get; init; }

    /// <summary>Asked about the version that the transaction stands on: another run may have committed since this one looked what is new. Throws when it has.</summary>
    public Action<TableSnapshot?>? CheckBase { get; init; }

    /// <summary>For tests that lose rows.</summary>
    public RowTaps Taps { get; init; } = new();

    /// <summary>Asked for the memory that a table of very many columns needs.</summary>
    public Action<long, CancellationToken>? NeedsMemory { get; init; }

    /// <summary>Records of child tables, once the rows are read.</summary>
    public ChildSpools Children { get; private set; } = new(temporary);

    /// <summary>Holds the staged files; the caller commits it.</summary>
    public TableTransaction Transaction { get; private set; } = table.Begin();

    public LoadedRows Run(CancellationToken ct)
    {
        CheckBase?.Invoke(Transaction.Base);
        var loaded = extraction.Format switch
        {
            null => FromParts(ct),
            "parquet" => FromParquet(ct),
            _ when extraction.Reader is { HasTypes: true } reader => FromReader(reader, ct),
            _ => FromRecords(extraction.Format, ct),
        };
        if (job.Landing == LandingMode.Reference && !extraction.IsRows && request.Replay is null) CheckUnchanged();
        return loaded;
    }

    private static IReadOnlyList<LandedFile> FilesOf(Extraction extraction, FileSettings settings)
    {
        if (extraction.IsRows || extraction.Format == "parquet") return extraction.Files;
        var files = ArchiveMember.Expand(extraction.Files, settings, extraction.Reader?.OwnArchives);
        return extraction.Reader is { HasTypes: false } format ? [.. files.Select(f => f with { Lines = new RecordLines(format, f), Archive = f.Archive ?? f })] : files;
    }

    // A file that is read where it lies was hashed before or meanwhile: what was read must be what was hashed.
    private void CheckUnchanged()
    {
        foreach (var file in extraction.Files)
        {
            if (file.Hashing is { IsCompleted: false }) progress.Start("hashing", null);
            _ = file.Sha256;
            var now = new FileInfo(file.LocalPath);
            if (!now.Exists || now.Length != file.Size || (file.Modified is { } time && now.LastWriteTimeUtc != time.UtcDateTime))
                throw LateHashes.Changed(file.Path, now.Exists ? "changed" : "was removed");
        }
    }

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

    // What the pass has staged is not to be used.
    private void StartOver()
    {
        Transaction.Dispose();
        Transaction = table.Begin();
        CheckBase?.Invoke(Transaction.Base);
        _rejects.Dispose();
        _rejects = new RejectSpool(temporary);
        Children.Dispose();
        Children = new ChildSpools(temporary);
    }

    private bool WantsChildren(string path) => job.SchemaMode == SchemaMode.Infer || job.UserSchema.Any(c => c.Name.StartsWith(path + "[].", StringComparison.Ordinal));

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
        foreach (var batch in pump.Read(extraction.Reader is null ? _rejects.Add : reject => _rejects.Add(RecordLines.Restore(reject)), ct))
        {
            if (pump.MustRepeat) batch.Dispose();
            else yield return batch;
        }
    }

    private Staged Write(RowSet rows, Func<bool> wanted, CancellationToken ct, Func<RowSet, IReadOnlyList<Lake.Writing.TableFile>>? ready = null)
    {
        return new Stager(session, job, request, settings.File, _drift, state?.Cursor, Numbers(), new RejectSink(_rejects.Add, () => _rejects.Count), Taps, log).Stage(Transaction, rows with { From = Taps.Read(rows.From) }, wanted, ct, ready);
    }

    private Dictionary<string, int> Numbers() => files.Select((f, i) => (f.Path, i)).DistinctBy(f => f.Path, StringComparer.Ordinal).ToDictionary(f => f.Path, f => f.i, StringComparer.Ordinal);

    /// <summary>The checks of the job over the rows of the run.</summary>
    /// <param name="earlier">Values that a check measured in earlier runs.</param>
    public CheckReport Judge(LoadedRows loaded, Func<string, int, IReadOnlyList<double>> earlier, CancellationToken ct) => job.Checks.Count == 0 ? CheckReport.Empty
        : new IngestChecks(job, loaded.Columns, request, earlier).Judge(session, Transaction.StagedScanSql(), loaded.Staged.Mode == CommitMode.Overwrite ? null : Transaction.Base?.ScanSql(), loaded.Staged.TakenOut, ct);

    private LoadedRows Count(RecordPump pump, RowSet rows, Staged staged, Dictionary<int, UnreadableFileException> faults)
    {
        var tallies = pump.Tallies.ToDictionary();
        foreach (var (file, fault) in faults) RejectFile(file, fault, tallies);
        for (var i = 0; i < files.Count; i++)
            if (files[i].Picks is { Whole: false } picks && tallies.GetValueOrDefault(i)?.Read != picks.Expected)
                throw new JobFailedException("FF2035", $"{picks.Expected} records of {files[i].Path} were to be read again, and by the job's present definition {tallies.GetValueOrDefault(i)?.Read ?? 0} of them are there. Nothing was published.",
                    "Set encoding, skip and compression as they were, or replay the rejects of other reasons or files.");
        CheckCounts(tallies, "by the independent count");
        for (var i = 0; i < files.Count; i++)
            if (files[i].Lines?.Handed is { } lines && tallies.GetValueOrDefault(i) is { Fault: null } tally && tally.Counted != lines)
                throw new JobFailedException("FF2030", $"The rows do not add up, and nothing was published: the reader of {files[i].Path} says that it handed over {lines} records, and they are {tally.Counted}.", "This is a defect of the format's plugin: report it to its author.");
        CheckHandover(tallies);
        var read = tallies.Values.Sum(t => t.Read);
        return new LoadedRows(Equation(read, staged), _rejects, rows.Columns, rows.Schema(), files, tallies, staged);
    }

    private void CheckCounts(Dictionary<int, FileTally> tallies, string counted)
    {
        var wrong = tallies.FirstOrDefault(t => t.Value.Counted != t.Value.Decoded);
        if (wrong.Value is not null)
            throw new JobFailedException("FF2030", $"The rows do not add up, and nothing was published: {files[wrong.Key].Path} holds {wrong.Value.Counted} records {counted}, and {wrong.Value.Decoded} were read.",
                "This is a defect of FlowForge: keep the landed file and report it.");
    }

    /// <summary>A file that cannot be read is one record that does not fit; of one that was read before it is the records that are wanted of it.</summary>
    private void RejectFile(int file, UnreadableFileException fault, Dictionary<int, FileTally> tallies)
    {
        var records = Wanted(file) ?? [null];
        tallies[file] = new FileTally(records.Count, records.Count, fault);
        foreach (var record in records) _rejects.Add(new Reject(file, record, null, fault.Reason, fault.Message, null, null));
    }

    private List<long?>? Wanted(int file) => files[file].Picks is { Whole: false } picks ? [.. picks.Texts().Select(t => (long?)t.Record), .. (picks.Numbers ?? []).Select(n => (long?)n)] : null;

    // Each of the five is counted where it arises; none of them is what is left of the others.
    private RowCounts Equation(long read, Staged staged) => new(read, staged.Loaded, _rejects.Count, staged.Deduplicated, staged.LeftOut + staged.TakenOut.Dropped);

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

    // A computed column may use one that the source has no longer: a change that a person has to see goes first.
    private RowSet Computed(RowSet rows) => _drift.Held(Transaction.Base, rows).Count > 0 ? rows : rows.WithComputed(job, session);

    private LoadedRows FromParquet(CancellationToken ct)
    {
        var broken = new Dictionary<int, UnreadableFileException>();
        while (true)
        {
            try { return FromParquet(broken, ct); }
            catch (DuckException e) when (ParquetSource.MayBeDamage(e))
            {
                // One damaged file does not stop the others.
                if (!ParquetSource.FindBroken(session, files, broken, ct)) throw;
                StartOver();
            }
        }
    }

    private LoadedRows FromParquet(Dictionary<int, UnreadableFileException> broken, CancellationToken ct)
    {
        progress.Start("reading", files.Sum(f => f.Size));
        var source = ParquetSource.Open(session, files, broken, ct);
        var tallies = source.Tallies();
        foreach (var (file, fault) in source.Faults) RejectFile(file, fault, tallies);
        for (var i = 0; i < files.Count; i++)
            if (files[i].Picks is { Numbers: [.., var last] } && tallies[i].Fault is null && last > tallies[i].Counted)
                throw new JobFailedException("FF2035", $"Record {last} of {files[i].Path} was to be read again, and the landed file has {tallies[i].Counted} records. Nothing was published.");
        var read = tallies.Values.Sum(t => t.Read);
        foreach (var column in source.FinerInstants(ct)) _instants.Say(column);
        var rows = source.Rows(job, Transaction.Base, _rejects.Add, ct) is { } found ? Computed(found) : null;
        var staged = rows is null ? Nothing : Write(rows, static () => true, ct);
        return new LoadedRows(Equation(read, staged), _rejects, rows?.Columns ?? [], rows?.Schema(), files, tallies, staged);
    }

    private LoadedRows FromReader(PluginFormat format, CancellationToken ct)
    {
        var faults = new Dictionary<int, UnreadableFileException>();
        while (true)
        {
            progress.Start("reading", files.Sum(f => f.Size));
            using var parts = new ReaderParts(session, format, temporary, _instants, progress);
            var tallies = new Dictionary<int, FileTally>();
            var spoiled = false;
            for (var i = 0; i < files.Count; i++)
            {
                if (faults.ContainsKey(i)) continue;
                var rejects = _rejects.Count;
                try { tallies[i] = parts.Read(i, files[i], _rejects.Add, ct); }
                catch (UnreadableFileException fault)
                {
                    faults[i] = fault;
                    spoiled |= _rejects.Count > rejects;
                }
            }
            if (!spoiled) return FromReader(parts, tallies, faults, ct);
            // The rejects of a file that turned out to be none are not to be kept.
            StartOver();
        }
    }

    private LoadedRows FromReader(ReaderParts parts, Dictionary<int, FileTally> tallies, Dictionary<int, UnreadableFileException> faults, CancellationToken ct)
    {
        foreach (var (file, fault) in faults) RejectFile(file, fault, tallies);
        CheckCounts(tallies, "by the reader's count");
        var source = new PartRows(session, parts.Parts, job, Transaction.Base) { Numbers = parts.Files, Picks = [.. parts.Files.Select(i => files[i].Picks?.Numbers)], RecordSql = ReaderParts.RecordColumn };
        var rows = parts.Parts.Count == 0 ? null : Computed(source.Rows(_rejects.Add, ct) with { RejectedInSql = RowSet.RunOf(files, "_ff_part") });
        var read = tallies.Values.Sum(t => t.Read);
        var staged = rows is null ? Nothing : Write(rows, static () => true, ct);
        return new LoadedRows(Equation(read, staged), _rejects, rows?.Columns ?? [], rows?.Schema(), files, tallies, staged);
    }

    private LoadedRows FromParts(CancellationToken ct)
    {
        progress.Start("reading", files.Sum(f => f.Size));
        var source = new PartRows(session, extraction.Parts, job, Transaction.Base);
        var tallies = source.Landed(ct).Select((landed, i) => (i, new FileTally(extraction.Parts[i].Rows, landed))).ToDictionary(t => t.i, t => t.Item2);
        CheckHandover(tallies);
        var rows = Computed(source.Rows(_rejects.Add, ct));
        // Rejects found while staging are counted like these.
        var read = tallies.Values.Sum(t => t.Counted);
        var staged = Write(rows, static () => true, ct, TableForm.Of(job, request) is null ? null : r => TableForm.Files(extraction.Parts, r));
        return new LoadedRows(Equation(read, staged), _rejects, rows.Columns, rows.Schema(), files, tallies, staged);
    }

    /// <summary>What the source handed over must be what was read.</summary>
    private void CheckHandover(IReadOnlyDictionary<int, FileTally> tallies)
    {
        for (var i = 0; i < extraction.Parts.Count; i++)
        {
            var read = tallies.GetValueOrDefault(i)?.Decoded ?? 0;
            if (read != extraction.Parts[i].Rows && tallies.GetValueOrDefault(i)?.Fault is null)
                throw new JobFailedException("FF2030", $"The rows do not add up, and nothing was published: {extraction.Parts[i].Rows} rows were handed over for {files[i].Path}, and {read} were read.",
                    "If the connector counts its records itself, its count is wrong; else this is a defect of FlowForge: keep the landed file and report it.");
        }
    }

    public void Dispose()
    {
        Transaction.Dispose();
        _rejects.Dispose();
        Children.Dispose();
    }
}
