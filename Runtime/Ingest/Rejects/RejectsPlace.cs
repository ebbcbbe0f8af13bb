using System.Globalization;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Rejects;

/// <summary>A version of a rejects table, as a bronze table's commit names it: <c>quarantine/flights@3</c>.</summary>
/// <param name="Folder">Relative to the lake, or absolute.</param>
/// <param name="Version">The version that counts; null in old commits, for the newest.</param>
internal sealed record RejectsPlace(string Folder, long? Version)
{
    public static RejectsPlace? Parse(string? text)
    {
        if (text is null) return null;
        var cut = text.LastIndexOf('@');
        return cut > 0 && long.TryParse(text[(cut + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? new RejectsPlace(text[..cut], version) : new RejectsPlace(text, null);
    }

    /// <summary>Where a job's rejects go.</summary>
    public static string FolderOf(IngestDefinition job) => job.QuarantinePath ?? $"bronze/{job.Table}__rejects";

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Folder}@{Version}");

    /// <summary>The rejects that count; null when the folder was taken away.</summary>
    public TableSnapshot? Snapshot(LakeStore lake)
    {
        var table = lake.TableAt(Folder);
        if (Version is not { } version) return table.Latest();
        try { return table.At(version); }
        catch (LakeException) { return table.Latest(); } // Its log entry was cleaned away long ago.
    }
}
