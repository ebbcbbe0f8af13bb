using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Sources;

namespace FlowForge.Ingest.Reading;

/// <summary>Reads the landed parts of databases and streams: rows that come with types, counted when they were handed over.</summary>
internal sealed class PartReading(LoadRequest load, LoadPass pass, Stager stager, IReadOnlyList<LandedFile> files)
{
    public LoadedRows Run(CancellationToken ct)
    {
        load.Progress.Start("reading", files.Sum(f => f.Size));
        var parts = load.Extraction.Parts;
        var source = new PartRows(load.Session, parts, load.Job, pass.Base);
        var tallies = source.Landed(ct).Select((landed, i) => (i, new FileTally(parts[i].Rows, landed))).ToDictionary(t => t.i, t => t.Item2);
        var counts = new FileCounts(files, pass, tallies, new Dictionary<int, UnreadableFileException>());
        counts.CheckHandover(parts);
        var rows = stager.Computed(source.Rows(pass.Reject, ct));
        var staged = stager.Stage(rows, ct, TableForm.Of(load.Job, load.Run) is null ? null : r => TableForm.Files(parts, r));
        return counts.Loaded(rows, staged);
    }
}
