using FlowForge.Catalog;
using FlowForge.Ingest.Children;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Readers;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Reading;

/// <summary>Reads what was landed into staged Parquet files of a transaction, proving types and counting on the way. Dispose it once the transaction is committed or given up.</summary>
internal sealed class Loading(LoadRequest load) : IDisposable
{
    private readonly IReadOnlyList<LandedFile> _files = FilesOf(load.Extraction, load.Settings.File);
    private readonly LoadPass _pass = new(load.Table, load.Temporary, load.CheckBase);

    /// <summary>Holds the staged files; the caller commits it.</summary>
    public TableTransaction Transaction => _pass.Transaction;

    /// <summary>Records of child tables, once the rows are read.</summary>
    public ChildSpools Children => _pass.Children;

    /// <exception cref="JobFailedException">What was landed cannot be read, or what was read is not what was counted.</exception>
    public LoadedRows Run(CancellationToken ct)
    {
        _pass.Begin();
        var stager = new Stager(load, _pass, _files);
        var loaded = load.Extraction.Format switch
        {
            null => new PartReading(load, _pass, stager, _files).Run(ct),
            "parquet" => new ParquetReading(load, _pass, stager, _files).Run(ct),
            _ when load.Extraction.Reader is { HasTypes: true } reader => new FormatReading(load, _pass, stager, _files, reader).Run(ct),
            var format => new RecordReading(load, _pass, stager, _files, format).Run(ct),
        };
        if (load.Job.Landing == LandingMode.Reference && !load.Extraction.IsRows && load.Run.Replay is null) CheckUnchanged();
        return loaded;
    }

    /// <summary>The checks of the job over the rows of the run.</summary>
    /// <param name="loaded">What was read.</param>
    /// <param name="earlier">Values that a check measured in earlier runs.</param>
    /// <param name="ct">Interrupts.</param>
    public CheckReport Judge(LoadedRows loaded, Func<string, int, IReadOnlyList<double>> earlier, CancellationToken ct) => load.Job.Checks.Count == 0 ? CheckReport.Empty
        : new IngestChecks(load.Job, loaded.Columns, load.Run, earlier).Judge(load.Session, Transaction.StagedScanSql(), loaded.Staged.Mode == CommitMode.Overwrite ? null : Transaction.Base?.ScanSql(), loaded.Staged.TakenOut, ct);

    private static IReadOnlyList<LandedFile> FilesOf(Extraction extraction, FileSettings settings)
    {
        if (extraction.IsRows || extraction.Format == "parquet") return extraction.Files;
        var files = ArchiveMember.Expand(extraction.Files, settings, extraction.Reader?.OwnArchives);
        return extraction.Reader is { HasTypes: false } format ? [.. files.Select(f => f with { Lines = new RecordLines(format, f), Archive = f.Archive ?? f })] : files;
    }

    // A file that is read where it lies was hashed before or meanwhile: what was read must be what was hashed.
    private void CheckUnchanged()
    {
        foreach (var file in load.Extraction.Files)
        {
            if (file.Hashing is { IsCompleted: false }) load.Progress.Start("hashing", null);
            _ = file.Sha256;
            var now = new FileInfo(file.LocalPath);
            if (!now.Exists || now.Length != file.Size || (file.Modified is { } time && now.LastWriteTimeUtc != time.UtcDateTime))
                throw LateHashes.Changed(file.Path, now.Exists ? "changed" : "was removed");
        }
    }

    public void Dispose() => _pass.Dispose();
}
