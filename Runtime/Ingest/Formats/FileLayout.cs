using FlowForge.Ingest.Formats.Csv;
using FlowForge.Ingest.Formats.Json;

namespace FlowForge.Ingest.Formats;

/// <summary>How one file's records are found and decoded.</summary>
internal abstract class FileLayout
{
    /// <summary>Columns that the file itself names (a header); empty when its records name them.</summary>
    public abstract IReadOnlyList<string> Columns { get; }
    /// <summary>Whether records may bring columns that are not known beforehand.</summary>
    public abstract bool FindsFields { get; }
    /// <summary>Where the first record starts in the decoded file.</summary>
    public abstract long DataOffset { get; }
    public abstract IRecordSplitter Splitter(int longestRecord);
    /// <summary>A decoder that makes rows of these columns; matched by name, by position where the file has no names.</summary>
    public abstract IRecordDecoder Decoder(IReadOnlyList<TargetColumn> targets);
    /// <summary>How single records are read that were taken out of the file.</summary>
    public virtual FileLayout ForTexts() => this;
}

internal sealed class CsvFileLayout(CsvLayout layout) : FileLayout
{
    public CsvLayout Csv => layout;
    public override IReadOnlyList<string> Columns => layout.Columns;
    public override bool FindsFields => false;
    public override long DataOffset => layout.DataOffset;
    public override IRecordSplitter Splitter(int longestRecord) => new CsvSplitter(layout.Dialect, longestRecord);

    public override IRecordDecoder Decoder(IReadOnlyList<TargetColumn> targets)
    {
        var byName = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < targets.Count; i++) byName.TryAdd(targets[i].Name, i);
        var map = layout.HasHeader
            ? layout.Columns.Select(c => byName.GetValueOrDefault(c, -1)).ToArray()
            : layout.Columns.Select((_, i) => i < targets.Count ? i : -1).ToArray();
        return new CsvDecoder(layout, map, targets.Count);
    }
}

internal sealed class JsonFileLayout(JsonLayout layout, NestedSettings nested = default) : FileLayout
{
    public override IReadOnlyList<string> Columns => [];
    public override bool FindsFields => true;
    public override long DataOffset => layout.DataOffset;
    public override IRecordSplitter Splitter(int longestRecord) => new JsonSplitter(layout.Shape);
    public override IRecordDecoder Decoder(IReadOnlyList<TargetColumn> targets) => new JsonDecoder(layout, targets, nested);
    // Out of its array a value stands alone, over as many lines as it likes.
    public override FileLayout ForTexts() => new JsonFileLayout(new JsonLayout(JsonShape.Sequence, 0), nested);
}
