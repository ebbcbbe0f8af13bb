using FlowForge.Catalog;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Sources;

namespace FlowForge.Ingest.Reading;

/// <summary>The records of each file as one pass has read them, counted twice over, and the row equation that follows. Files that could not be read are counted as rejects.</summary>
/// <param name="files">All files of the load; the others mean them by their numbers.</param>
/// <param name="pass">Gets the rejects, and counts them.</param>
/// <param name="tallies">What the reading counted.</param>
/// <param name="faults">Files that could not be read.</param>
internal sealed class FileCounts(IReadOnlyList<LandedFile> files, LoadPass pass, IReadOnlyDictionary<int, FileTally> tallies, IReadOnlyDictionary<int, UnreadableFileException> faults)
{
    private readonly Dictionary<int, FileTally> _tallies = WithRejected(files, pass, tallies, faults);

    /// <summary>Of files that are read again for some of their records: as many must be there as were rejected.</summary>
    public void CheckPicked()
    {
        for (var i = 0; i < files.Count; i++)
            if (files[i].Picks is { Whole: false } picks && _tallies.GetValueOrDefault(i)?.Read != picks.Expected)
                throw new JobFailedException("FF2035", $"{picks.Expected} records of {files[i].Path} were to be read again, and by the job's present definition {_tallies.GetValueOrDefault(i)?.Read ?? 0} of them are there. Nothing was published.",
                    "Set encoding, skip and compression as they were, or replay the rejects of other reasons or files.");
    }

    /// <summary>The same for records that are picked by number from files whose footers count them.</summary>
    public void CheckPickedNumbers()
    {
        for (var i = 0; i < files.Count; i++)
            if (files[i].Picks is { Numbers: [.., var last] } && _tallies[i].Fault is null && last > _tallies[i].Counted)
                throw new JobFailedException("FF2035", $"Record {last} of {files[i].Path} was to be read again, and the landed file has {_tallies[i].Counted} records. Nothing was published.");
    }

    /// <summary>What was made of records must be as many as were counted by other means.</summary>
    /// <param name="counted">For people: by which means.</param>
    public void CheckDecoded(string counted)
    {
        var wrong = _tallies.FirstOrDefault(t => t.Value.Counted != t.Value.Decoded);
        if (wrong.Value is not null)
            throw new JobFailedException("FF2030", $"The rows do not add up, and nothing was published: {files[wrong.Key].Path} holds {wrong.Value.Counted} records {counted}, and {wrong.Value.Decoded} were read.",
                "This is a defect of FlowForge: keep the landed file and report it.");
    }

    /// <summary>What a format's plugin says that it handed over must be what was read.</summary>
    public void CheckReaders()
    {
        for (var i = 0; i < files.Count; i++)
            if (files[i].Lines?.Handed is { } lines && _tallies.GetValueOrDefault(i) is { Fault: null } tally && tally.Counted != lines)
                throw new JobFailedException("FF2030", $"The rows do not add up, and nothing was published: the reader of {files[i].Path} says that it handed over {lines} records, and they are {tally.Counted}.", "This is a defect of the format's plugin: report it to its author.");
    }

    /// <summary>What the source handed over must be what was read.</summary>
    public void CheckHandover(IReadOnlyList<RowPart> parts)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            var read = _tallies.GetValueOrDefault(i)?.Decoded ?? 0;
            if (read != parts[i].Rows && _tallies.GetValueOrDefault(i)?.Fault is null)
                throw new JobFailedException("FF2030", $"The rows do not add up, and nothing was published: {parts[i].Rows} rows were handed over for {files[i].Path}, and {read} were read.",
                    "If the connector counts its records itself, its count is wrong; else this is a defect of FlowForge: keep the landed file and report it.");
        }
    }

    /// <summary>The row equation, once the rows are staged. Each of the five is counted where it arises; none of them is what is left of the others.</summary>
    /// <param name="rows">The rows as they were read; null when there were none to read.</param>
    /// <param name="staged">What became of them.</param>
    public LoadedRows Loaded(RowSet? rows, Staged staged)
    {
        // Rejects that were found while the rows were staged are counted like the others.
        var counts = new RowCounts(_tallies.Values.Sum(t => t.Read), staged.Loaded, pass.Rejects.Count, staged.Deduplicated, staged.LeftOut + staged.TakenOut.Dropped);
        return new LoadedRows(counts, pass.Rejects, rows?.Columns ?? [], rows?.Schema(), files, _tallies, staged);
    }

    /// <summary>A file that cannot be read is one record that does not fit; of one that was read before it is the records that are wanted of it.</summary>
    private static Dictionary<int, FileTally> WithRejected(IReadOnlyList<LandedFile> files, LoadPass pass, IReadOnlyDictionary<int, FileTally> tallies, IReadOnlyDictionary<int, UnreadableFileException> faults)
    {
        var all = tallies.ToDictionary();
        foreach (var (file, fault) in faults)
        {
            var records = Wanted(files[file]) ?? [null];
            all[file] = new FileTally(records.Count, records.Count, fault);
            foreach (var record in records) pass.Reject(new Reject(file, record, null, fault.Reason, fault.Message, null, null));
        }
        return all;
    }

    private static List<long?>? Wanted(LandedFile file) => file.Picks is { Whole: false } picks ? [.. picks.Texts().Select(t => (long?)t.Record), .. (picks.Numbers ?? []).Select(n => (long?)n)] : null;
}
