using FlowForge.Catalog;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Rejects;
using FlowForge.Lake.Schema;

namespace FlowForge.Ingest.Reading;

/// <summary>What was read and staged.</summary>
internal sealed record LoadedRows(RowCounts Counts, RejectSpool Rejects, IReadOnlyList<RowColumn> Columns, TableSchema? Schema, IReadOnlyList<LandedFile> Files, IReadOnlyDictionary<int, FileTally> Tallies, Staged Staged)
{
    // There may be hundreds of thousands of files: looked up, not looked for.
    private readonly Lazy<Dictionary<LandedFile, List<FileTally>>> _byFile = new(() => ByFile(Files, Tallies));

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

    private List<FileTally> TalliesOf(LandedFile file) => _byFile.Value.GetValueOrDefault(file, []);

    private static Dictionary<LandedFile, List<FileTally>> ByFile(IReadOnlyList<LandedFile> files, IReadOnlyDictionary<int, FileTally> tallies)
    {
        var found = new Dictionary<LandedFile, List<FileTally>>(ReferenceEqualityComparer.Instance);
        for (var i = 0; i < files.Count; i++)
        {
            if (!tallies.TryGetValue(i, out var tally)) continue;
            Of(files[i]).Add(tally);
            if (files[i].Archive is { } archive && !ReferenceEquals(archive, files[i])) Of(archive).Add(tally);
        }
        return found;

        List<FileTally> Of(LandedFile file) => found.TryGetValue(file, out var tallied) ? tallied : found[file] = [];
    }
}
