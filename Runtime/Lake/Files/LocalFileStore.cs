namespace FlowForge.Lake.Files;

/// <summary>
/// A table's files on the local disk. New content is written under <c>_flowforge/tmp/</c>, flushed, and then given its name: no reader sees
/// half a file, and a crash leaves at most a file there, which the next writer clears away.
/// </summary>
public sealed class LocalFileStore : IFileStore
{
    /// <summary>Where unfinished small files live; locked while they are written.</summary>
    internal const string TemporaryFolder = "_flowforge/tmp";

    private const int SweptRetries = 5;

    /// <summary>A store over <paramref name="root"/>, which need not exist yet.</summary>
    public LocalFileStore(string root) => Root = Path.GetFullPath(root);

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public string StagingFolder => Full("_flowforge/staging");

    /// <inheritdoc/>
    public byte[]? Read(string path)
    {
        var full = Full(path);
        // Most who look for a newer log entry find none, and an exception costs fifty times a look.
        if (!File.Exists(full)) return null;
        try
        {
            return File.ReadAllBytes(full);
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
        for (var attempt = 0; ; attempt++)
        {
            var temporary = WriteTemporary(content);
            try
            {
                var placed = Durable.MoveWithoutReplace(temporary, target);
                if (placed) Durable.FlushFolder(folder);
                else File.Delete(temporary);
                return placed;
            }
            catch (FileNotFoundException) when (attempt < SweptRetries)
            {
                // A sweep took the temporary file between its closing and its naming.
            }
            catch
            {
                File.Delete(temporary);
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public void Put(string path, ReadOnlySpan<byte> content)
    {
        var target = Full(path);
        var folder = Path.GetDirectoryName(target)!;
        Durable.CreateFolder(folder);
        for (var attempt = 0; ; attempt++)
        {
            var temporary = WriteTemporary(content);
            try
            {
                File.Move(temporary, target, overwrite: true);
                Durable.FlushFolder(folder);
                return;
            }
            catch (FileNotFoundException) when (attempt < SweptRetries)
            {
                // As above.
            }
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
            if (Facts(file) is { } facts) yield return facts;
    }

    // Null: another writer took it away since it was listed.
    private StoredFile? Facts(FileInfo file)
    {
        try
        {
            return new StoredFile(Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'), file.Length, file.LastWriteTimeUtc);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
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

    // The lock while writing tells a sweep of leftovers that the writer lives. It is given up before the file gets its name, as .NET readers respect it.
    private string WriteTemporary(ReadOnlySpan<byte> content)
    {
        var folder = Full(TemporaryFolder);
        Durable.CreateFolder(folder);
        var held = HeldFile.Create(folder, "", out var path);
        try
        {
            using (held)
            {
                held.Write(content);
                held.Flush(flushToDisk: true);
            }
            return path;
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }
}
