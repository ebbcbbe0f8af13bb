using System.IO.Compression;
using System.IO.Enumeration;
using FlowForge.Ingest.Landing;
using FlowForge.Plugins.Shared;

namespace FlowForge.Ingest.Formats;

/// <summary>A file within a zip archive. Each is read as a file of its own, under the name <c>ARCHIVE!/MEMBER</c>.</summary>
/// <param name="Archive">The archive's path.</param>
/// <param name="Name">The member's path within it.</param>
/// <param name="Size">Its packed bytes.</param>
internal sealed record ArchiveMember(string Archive, string Name, long Size)
{
    private const string Mark = "!/";
    private const int MostMembers = 10_000;

    /// <summary>What a path names; null for a plain file.</summary>
    public static ArchiveMember? Parse(string path)
    {
        for (var at = path.IndexOf(Mark, StringComparison.Ordinal); at > 0; at = path.IndexOf(Mark, at + 1, StringComparison.Ordinal))
            if (File.Exists(path[..at])) return File.Exists(path) ? null : new ArchiveMember(path[..at], path[(at + Mark.Length)..], new FileInfo(path[..at]).Length);
        return null;
    }

    /// <summary>Whether a plain file or the archive of a member is there.</summary>
    public static bool Exists(string path) => File.Exists(path) || Parse(path) is not null;

    /// <param name="isOwnArchive">Whether an archive is a file of the format itself; null when none is.</param>
    /// <summary>Puts the members in the place of archives with several files, or of which only some are wanted.</summary>
    public static IReadOnlyList<LandedFile> Expand(IReadOnlyList<LandedFile> files, FileSettings settings, Func<string, bool>? isOwnArchive = null)
    {
        if (settings.Compression is not (null or Packing.Zip) || !files.Any(f => IsZip(f.LocalPath))) return files;
        return [.. files.SelectMany(f => f.Picks is null && IsZip(f.LocalPath) && isOwnArchive?.Invoke(f.LocalPath) != true ? Members(f, settings) : [f])];
    }

    private static IEnumerable<LandedFile> Members(LandedFile file, FileSettings settings)
    {
        IReadOnlyList<ArchiveMember> members;
        // What is wrong with the archive is said when it is read.
        try { members = Of(file.LocalPath, settings.Members); }
        catch (UnreadableFileException) { return [file]; }
        if (members.Count == 0 || (members.Count == 1 && settings.Members is null)) return [file];
        return members.Select(m => file with { Path = file.Path + Mark + m.Name, LocalPath = file.LocalPath + Mark + m.Name, Size = m.Size, Archive = file });
    }

    /// <summary>The files of an archive, without folders and what operating systems add.</summary>
    /// <param name="path">The archive.</param>
    /// <param name="pattern">Only those that fit it; null for all.</param>
    public static IReadOnlyList<ArchiveMember> Of(string path, string? pattern)
    {
        try
        {
            using var archive = ZipFile.OpenRead(path);
            var members = archive.Entries.Where(e => e.Name.Length > 0 && e.Name != ".DS_Store" && !e.FullName.StartsWith("__MACOSX/", StringComparison.Ordinal))
                .Where(e => pattern is null || FileSystemName.MatchesSimpleExpression(pattern, pattern.Contains('/', StringComparison.Ordinal) ? e.FullName : e.Name))
                .Select(e => new ArchiveMember(path, e.FullName, e.CompressedLength)).ToList();
            if (members.Count > MostMembers) throw new UnreadableFileException("TOO_MANY_MEMBERS", $"The archive holds {members.Count} files, {MostMembers} are the most.", "Pack them into several archives.");
            if (members.GroupBy(m => m.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twins)
                throw new UnreadableFileException("DUPLICATE_MEMBERS", $"The archive holds {twins.Count()} files of the name {twins.Key}.", "Pack it again: each file under a name of its own.");
            return members;
        }
        catch (InvalidDataException e)
        {
            throw new UnreadableFileException("BROKEN_ARCHIVE", $"The zip archive is damaged: {e.Message}", "Fetch the file again.", e);
        }
    }

    /// <summary>The member's bytes.</summary>
    /// <param name="consumed">Told the packed bytes as they are read; may be null.</param>
    /// <param name="mayBeZip">Whether files of the format are zip archives themselves.</param>
    public Stream Open(Action<int>? consumed, bool mayBeZip = false)
    {
        ZipArchive? archive = null;
        try
        {
            Stream file = new FileStream(Archive, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 1 << 16 });
            archive = new ZipArchive(file, ZipArchiveMode.Read);
            var entry = archive.GetEntry(Name) ?? throw new UnreadableFileException("BROKEN_ARCHIVE", $"The archive holds no {Name} any more.");
            if (entry.IsEncrypted) throw new UnreadableFileException("LOCKED_ARCHIVE", $"{Name} in the archive is locked with a password.", "Send it without a password, or unpack it first.");
            var unpacked = new UnpackedStream(new ZipEntryStream(entry), "zip", archive);
            var start = new PeekStream(unpacked);
            consumed?.Invoke((int)Math.Min(int.MaxValue, entry.CompressedLength));
            var first = start.Peek(4);
            if (first is [0x1f, 0x8b, ..] or [0x28, 0xb5, 0x2f, 0xfd] || (!mayBeZip && first is [(byte)'P', (byte)'K', 3, 4]))
                throw new UnreadableFileException("NESTED_ARCHIVE", $"{Name} in the archive is packed itself.", "Pack the files once.");
            return start;
        }
        catch (InvalidDataException e)
        {
            archive?.Dispose();
            throw new UnreadableFileException("BROKEN_ARCHIVE", $"The zip archive is damaged: {e.Message}", "Fetch the file again.", e);
        }
        catch
        {
            archive?.Dispose();
            throw;
        }
    }

    private static bool IsZip(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            Span<byte> start = stackalloc byte[4];
            return file.ReadAtLeast(start, 4, throwOnEndOfStream: false) == 4 && start is [(byte)'P', (byte)'K', 3, 4];
        }
        catch (IOException) { return false; }
        catch (UnauthorizedAccessException) { return false; }
    }
}
