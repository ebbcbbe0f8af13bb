using FlowForge.Catalog;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Lake.Schema;

namespace FlowForge.Ingest;

/// <summary>What was read, counted twice over, and the row equation.</summary>
internal sealed partial class Loading
{
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
}
