using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Children;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Json;
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

/// <summary>Reads the landed files into staged Parquet files of a transaction, proving types and counting on the way.</summary>
internal sealed partial class Loading(
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

    private Staged Write(RowSet rows, Func<bool> wanted, CancellationToken ct, Func<RowSet, IReadOnlyList<Lake.Writing.TableFile>>? ready = null)
    {
        return new Stager(session, job, request, settings.File, _drift, state?.Cursor, Numbers(), new RejectSink(_rejects.Add, () => _rejects.Count), Taps, log).Stage(Transaction, rows with { From = Taps.Read(rows.From) }, wanted, ct, ready);
    }

    private Dictionary<string, int> Numbers() => files.Select((f, i) => (f.Path, i)).DistinctBy(f => f.Path, StringComparer.Ordinal).ToDictionary(f => f.Path, f => f.i, StringComparer.Ordinal);

    /// <summary>The checks of the job over the rows of the run.</summary>
    /// <param name="earlier">Values that a check measured in earlier runs.</param>
    public CheckReport Judge(LoadedRows loaded, Func<string, int, IReadOnlyList<double>> earlier, CancellationToken ct) => job.Checks.Count == 0 ? CheckReport.Empty
        : new IngestChecks(job, loaded.Columns, request, earlier).Judge(session, Transaction.StagedScanSql(), loaded.Staged.Mode == CommitMode.Overwrite ? null : Transaction.Base?.ScanSql(), loaded.Staged.TakenOut, ct);

    // A computed column may use one that the source has no longer: a change that a person has to see goes first.
    private RowSet Computed(RowSet rows) => _drift.Held(Transaction.Base, rows).Count > 0 ? rows : rows.WithComputed(job, session);

    public void Dispose()
    {
        Transaction.Dispose();
        _rejects.Dispose();
        Children.Dispose();
    }
}
