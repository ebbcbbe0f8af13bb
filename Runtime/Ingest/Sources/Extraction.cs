using FlowForge.Ingest.Formats.Readers;
using FlowForge.Ingest.Landing;
using FlowForge.Lake;

namespace FlowForge.Ingest.Sources;

/// <summary>What was extracted from a source and lies landed, ready to be read.</summary>
internal sealed record Extraction
{
    /// <summary>The landed files to read.</summary>
    public required IReadOnlyList<LandedFile> Files { get; init; }

    /// <summary>Format of the files; null for rows with types.</summary>
    public string? Format { get; init; }

    /// <summary>Reads the files, where a plugin brings their format.</summary>
    public PluginFormat? Reader { get; init; }

    /// <summary>Files that were passed over, with the reason.</summary>
    public IReadOnlyList<SeenFile> PassedOver { get; init; } = [];

    /// <summary>For rows and pages: the parts, with what was counted at the handover.</summary>
    public IReadOnlyList<RowPart> Parts { get; init; } = [];

    /// <summary>How far the source itself says that it has got (streams); null where the rows tell, or nothing does.</summary>
    public string? Cursor { get; init; }

    /// <summary>Whether the source handed over rows or pages, and not files.</summary>
    public bool IsRows { get; init; }

    /// <summary>Nothing came that could change the table.</summary>
    public bool IsEmpty => IsRows ? Parts.Sum(p => p.Rows) == 0 : Files.Count == 0 && PassedOver.Count == 0;
}
