using FlowForge.Catalog;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Readers;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Sources;

namespace FlowForge.Ingest.Reading;

/// <summary>Reads files of a plugin's format that has types: each becomes a Parquet file first, which lasts as long as the reading.</summary>
internal sealed class FormatReading(LoadRequest load, LoadPass pass, Stager stager, IReadOnlyList<LandedFile> files, PluginFormat format)
{
    private readonly Dictionary<int, UnreadableFileException> _faults = [];
    private readonly FinerInstants _instants = new(load.Log.Warning);

    public LoadedRows Run(CancellationToken ct)
    {
        while (true)
        {
            load.Progress.Start("reading", files.Sum(f => f.Size));
            using var parts = new ReaderParts(load.Session, format, load.Temporary, _instants, load.Progress);
            if (ReadAll(parts, ct) is { } tallies) return Stage(parts, tallies, ct);
            // The rejects of a file that turned out to be none are not to be kept.
            pass.StartOver();
        }
    }

    /// <summary>Counts by file; null when a file turned out to be broken behind rejects of it, so that all has to be read again without it.</summary>
    private Dictionary<int, FileTally>? ReadAll(ReaderParts parts, CancellationToken ct)
    {
        var tallies = new Dictionary<int, FileTally>();
        var spoiled = false;
        for (var i = 0; i < files.Count; i++)
        {
            if (_faults.ContainsKey(i)) continue;
            var rejects = pass.Rejects.Count;
            try { tallies[i] = parts.Read(i, files[i], pass.Reject, ct); }
            catch (UnreadableFileException fault)
            {
                _faults[i] = fault;
                spoiled |= pass.Rejects.Count > rejects;
            }
        }
        return spoiled ? null : tallies;
    }

    private LoadedRows Stage(ReaderParts parts, Dictionary<int, FileTally> tallies, CancellationToken ct)
    {
        var counts = new FileCounts(files, pass, tallies, _faults);
        counts.CheckDecoded("by the reader's count");
        if (parts.Parts.Count == 0) return counts.Loaded(null, Staged.Nothing);
        var source = new PartRows(load.Session, parts.Parts, load.Job, pass.Base) { Numbers = parts.Files, Picks = [.. parts.Files.Select(i => files[i].Picks?.Numbers)], RecordSql = ReaderParts.RecordColumn };
        var rows = stager.Computed(source.Rows(pass.Reject, ct) with { RejectedInSql = RowSet.RunOf(files, "_ff_part") });
        return counts.Loaded(rows, stager.Stage(rows, ct));
    }
}
