using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Parquet;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;

namespace FlowForge.Ingest.Reading;

/// <summary>Reads Parquet files: DuckDB does, and their footers count.</summary>
internal sealed class ParquetReading(LoadRequest load, LoadPass pass, Stager stager, IReadOnlyList<LandedFile> files)
{
    private readonly Dictionary<int, UnreadableFileException> _broken = [];
    private readonly FinerInstants _instants = new(load.Log.Warning);

    public LoadedRows Run(CancellationToken ct)
    {
        while (true)
        {
            try { return Once(ct); }
            catch (DuckException e) when (ParquetSource.MayBeDamage(e))
            {
                // One damaged file does not stop the others.
                if (!ParquetSource.FindBroken(load.Session, files, _broken, ct)) throw;
                pass.StartOver();
            }
        }
    }

    private LoadedRows Once(CancellationToken ct)
    {
        load.Progress.Start("reading", files.Sum(f => f.Size));
        var source = ParquetSource.Open(load.Session, files, _broken, ct);
        var counts = new FileCounts(files, pass, source.Tallies(), source.Faults);
        counts.CheckPickedNumbers();
        foreach (var column in source.FinerInstants(ct)) _instants.Say(column);
        var rows = source.Rows(load.Job, pass.Base, pass.Reject, ct) is { } found ? stager.Computed(found) : null;
        return counts.Loaded(rows, rows is null ? Staged.Nothing : stager.Stage(rows, ct));
    }
}
