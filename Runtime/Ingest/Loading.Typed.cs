using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Formats.Parquet;
using FlowForge.Ingest.Formats.Readers;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Sources;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest;

/// <summary>Rows that come with types: Parquet files, formats of plugins, the landed parts of databases and streams.</summary>
internal sealed partial class Loading
{
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
}
