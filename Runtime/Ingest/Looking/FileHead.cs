using FlowForge.Ingest.Landing;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Looking;

/// <summary>The beginning of a source file, copied for a look.</summary>
internal static class FileHead
{
    private const int HeadBytes = 4 << 20;
    private const long MostWhole = 64L << 20;
    private static readonly string[] LineFormats = ["csv", "tsv", "ndjson", "jsonl"];

    /// <summary>Copies text files by lines up to 4 MB; what cannot be cut (packed files, Parquet, JSON arrays) up to 64 MB, whole.</summary>
    /// <exception cref="TerminalException">The file can neither be cut nor is it small.</exception>
    public static async Task<(LandedFile File, bool IsWhole)> CopyAsync(SourceFile file, string format, string target, CancellationToken ct)
    {
        var stream = await file.OpenAsync(ct).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        var head = new byte[HeadBytes];
        var filled = await stream.ReadAtLeastAsync(head, HeadBytes, throwOnEndOfStream: false, ct).ConfigureAwait(false);
        var isWhole = filled < HeadBytes;
        using (var copy = File.Create(target))
        {
            if (isWhole) copy.Write(head, 0, filled);
            else if (LineFormats.Contains(format) && !IsPacked(head)) copy.Write(head, 0, 1 + Array.LastIndexOf(head, (byte)'\n'));
            else
            {
                copy.Write(head);
                while ((filled = await stream.ReadAsync(head, ct).ConfigureAwait(false)) > 0)
                {
                    copy.Write(head, 0, filled);
                    if (copy.Length > MostWhole) throw new TerminalException($"{file.Path} is larger than {MostWhole >> 20} MB and cannot be cut, so a dry run cannot look at it.", "Run the job; a failing run publishes nothing.");
                }
                isWhole = true;
            }
        }
        return (new LandedFile(file.Path, new FileInfo(target).Length, file.ETag, file.Modified, "", target), isWhole);
    }

    // gzip, zip, zstd
    private static bool IsPacked(byte[] head) => head is [0x1f, 0x8b, ..] or [(byte)'P', (byte)'K', ..] or [0x28, 0xb5, 0x2f, 0xfd, ..];
}
