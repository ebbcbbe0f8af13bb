namespace FlowForge.Lake.Files;

/// <summary>
/// A table's files on the local disk. New content is written under <c>_flowforge/tmp/</c>, flushed, and then given its name: no reader sees
/// half a file, and a crash leaves at most a file there, which the next writer clears away.
/// </summary>
public sealed class LocalFileStore : IFileStore
{
    /// <summary>Where unfinished small files live; locked while they are written.</summary>
    internal const string TemporaryFolder = "_flowforge/tmp";

    /// <summary>A store over <paramref name="root"/>, which need not exist yet.</summary>
    public LocalFileStore(string root) => Root = Path.GetFullPath(root);

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public string StagingFolder => Full("_flowforge/staging");

    /// <inheritdoc/>
    public byte[]? Read(string path)
    {
        try
        {
            return File.ReadAllBytes(Full(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public bool PutIfAbsent(string path, ReadOnlySpan<byte> content)
    {
        var target = Full(path);
        if (File.Exists(target)) return false;
        var folder = Path.GetDirectoryName(target)!;
        Durable.CreateFolder(folder);
        var temporary = WriteTemporary(content, out var held);
        using (held)
        {
            bool placed;
            try
            {
                placed = Durable.MoveWithoutReplace(temporary, target);
            }
            catch
            {
                File.Delete(temporary);
                throw;
            }
            if (placed) Durable.FlushFolder(folder);
            else File.Delete(temporary);
            return placed;
        }
    }

    /// <inheritdoc/>
    public void Put(string path, ReadOnlySpan<byte> content)
    {
        var target = Full(path);
        var folder = Path.GetDirectoryName(target)!;
        Durable.CreateFolder(folder);
        var temporary = WriteTemporary(content, out var held);
        using (held)
        {
            File.Move(temporary, target, overwrite: true);
            Durable.FlushFolder(folder);
        }
    }

    /// <inheritdoc/>
    public void Publish(string localFile, string path)
    {
        var target = Full(path);
        Durable.CreateFolder(Path.GetDirectoryName(target)!);
        Durable.FlushFile(localFile);
        if (!Durable.MoveWithoutReplace(localFile, target))
            throw new IOException($"'{target}' exists already; data files are never overwritten.");
    }

    /// <inheritdoc/>
    public void Settle(string folder) => Durable.FlushFolder(Full(folder));

    /// <inheritdoc/>
    public IEnumerable<StoredFile> List(string folder, bool recursive = false)
    {
        var directory = new DirectoryInfo(Full(folder));
        if (!directory.Exists) yield break;
        var options = new EnumerationOptions { RecurseSubdirectories = recursive, AttributesToSkip = FileAttributes.None };
        foreach (var file in directory.EnumerateFiles("*", options))
            yield return new StoredFile(Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'), file.Length, file.LastWriteTimeUtc);
    }

    /// <inheritdoc/>
    public bool Exists(string path) => File.Exists(Full(path));

    /// <inheritdoc/>
    public void Delete(string path)
    {
        try
        {
            File.Delete(Full(path));
        }
        catch (DirectoryNotFoundException)
        {
            // Gone with its folder.
        }
    }

    /// <inheritdoc/>
    public string ReadPath(string path) => Full(path);

    /// <summary>The file's place on the disk.</summary>
    public string Full(string path) => Path.Combine(Root, path.Replace('/', Path.DirectorySeparatorChar));

    // The handle stays open, with its lock, until the file has its real name: that is how the sweep of leftovers tells a live writer from a dead one.
    // A sweep that comes between creation and lock takes the file away; then another name is tried.
    private string WriteTemporary(ReadOnlySpan<byte> content, out FileStream held)
    {
        var folder = Full(TemporaryFolder);
        Durable.CreateFolder(folder);
        held = HeldFile.Create(folder, "", out var path);
        try
        {
            held.Write(content);
            held.Flush(flushToDisk: true);
            return path;
        }
        catch
        {
            held.Dispose();
            File.Delete(path);
            throw;
        }
    }
}
