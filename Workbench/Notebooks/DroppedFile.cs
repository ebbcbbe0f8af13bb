using FlowForge.Contracts;

namespace FlowForge.Workbench.Notebooks;

/// <summary>A file on its way from the page to the upload area. Used by the page's circuit alone.</summary>
internal sealed class DroppedFile(int key, string name, long size)
{
    private static readonly string[] Readable = [".csv", ".tsv", ".json", ".ndjson", ".jsonl", ".parquet"];

    public int Key => key;

    public string Name => name;

    /// <summary>Bytes.</summary>
    public long Size => size;

    public long Sent { get; set; }

    /// <summary>Why it did not arrive.</summary>
    public string? Error { get; set; }

    /// <summary>It did not arrive because a file of its name is there.</summary>
    public bool IsThere { get; set; }

    /// <summary>The cell that reads it: SQL for what SQL reads, C# for everything else.</summary>
    public static (NotebookCellKind Kind, string Source, string? Result) FirstCell(string name)
    {
        var plain = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name;
        return Readable.Contains(Path.GetExtension(plain), StringComparer.OrdinalIgnoreCase)
            ? (NotebookCellKind.Sql, $"SELECT *\nFROM '{name.Replace("'", "''", StringComparison.Ordinal)}'", ResultName(plain))
            : (NotebookCellKind.Csharp, $"var file = System.IO.File.OpenRead(\"uploads/{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\");", null);
    }

    private static string ResultName(string file)
    {
        var name = new string([.. Path.GetFileNameWithoutExtension(file).ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_')]).Trim('_');
        return name.Length == 0 ? "file" : char.IsAsciiDigit(name[0]) ? "file_" + name : name;
    }
}
