using FlowForge.Lake.Files;

namespace FlowForge.Lake.S3;

/// <summary>
/// A table's files in a bucket. The put with If-None-Match is what commits rest upon. On this machine's disk are copies of data files and, under <c>_flowforge</c>, what
/// belongs to writers and readers of this machine: unfinished files with their leases, and held versions.
/// </summary>
internal sealed class S3FileStore : IFileStore
{
    private readonly S3Bucket bucket;
    private readonly ObjectCache cache;
    private readonly string prefix;

    /// <param name="prefix">The table's folder in the bucket, without a slash at its end.</param>
    /// <param name="root">The same with the bucket, for messages.</param>
    /// <param name="localFolder">The table's folder on this machine.</param>
    public S3FileStore(S3Bucket bucket, ObjectCache cache, string prefix, string root, string localFolder) =>
        (this.bucket, this.cache, this.prefix, Root, LocalFolder) = (bucket, cache, prefix + "/", root, localFolder);

    public string Root { get; }

    public string LocalFolder { get; }

    public bool IsLocal => false;

    public string StagingFolder => Path.Combine(LocalFolder, "_flowforge", "staging");

    public byte[]? Read(string path) => bucket.Read(Key(path));

    public bool PutIfAbsent(string path, ReadOnlySpan<byte> content) => bucket.PutIfAbsent(Key(path), content.ToArray());

    public void Put(string path, ReadOnlySpan<byte> content) => bucket.Put(Key(path), content.ToArray());

    public void Publish(string localFile, string path)
    {
        if (!bucket.Upload(localFile, Key(path))) throw new IOException($"{Root}/{path} exists already; data files are never overwritten.");
        if (IsUnique(path)) cache.Keep(localFile, Local(path));
        else File.Delete(localFile);
    }

    public void Settle(string folder)
    {
        // An object is durable when its put is answered.
    }

    public IEnumerable<StoredFile> List(string folder, bool recursive = false) =>
        bucket.List(folder.Length == 0 ? prefix : $"{prefix}{folder}/", recursive).Select(f => f with { Path = f.Path[prefix.Length..] });

    public bool Exists(string path) => bucket.Exists(Key(path));

    public void Delete(string path)
    {
        bucket.Delete(Key(path));
        cache.Remove(Local(path));
    }

    public string ReadPath(string path)
    {
        if (!IsUnique(path)) throw new InvalidOperationException($"{path} may be another file tomorrow, so no copy of it is kept. Borrow it.");
        var local = Local(path);
        if (!File.Exists(local)) Fetch([(path, bucket.Length(Key(path)) ?? throw bucket.Missing(Key(path)))], []);
        return local;
    }

    public BorrowedFile Borrow(string path)
    {
        var scratch = new ScratchFolder(Path.Combine(LocalFolder, "_flowforge", "borrowed"));
        try
        {
            var local = Path.Combine(scratch.Directory, "file" + Path.GetExtension(path));
            bucket.Download(Key(path), local);
            return new BorrowedFile(local, scratch);
        }
        catch
        {
            scratch.Dispose();
            throw;
        }
    }

    public void Fetch(IReadOnlyList<(string Path, long Bytes)> files, IReadOnlyCollection<CopyHold> holders)
    {
        var byLocal = files.DistinctBy(f => f.Path).ToDictionary(f => Local(f.Path), StringComparer.Ordinal);
        cache.Fetch([.. byLocal.Select(f => (f.Key, f.Value.Bytes))], (local, to) => bucket.Download(Key(byLocal[local].Path), to), holders);
    }

    public CopyHold? HoldCopies() => cache.Hold();

    // Files of the log have the same names in a table that was deleted and made anew, so a copy says nothing about them.
    private static bool IsUnique(string path) => !path.StartsWith("_delta_log/", StringComparison.Ordinal) && !path.StartsWith("_flowforge/", StringComparison.Ordinal);

    private string Key(string path) => prefix + Checked(path);

    private string Local(string path) => Path.Combine(LocalFolder, Checked(path).Replace('/', Path.DirectorySeparatorChar));

    // A log is text that anybody may have written; what it names must not lead to another place.
    private string Checked(string path)
    {
        if (path.Length == 0 || path.AsSpan().IndexOfAny('\\', '\0') >= 0 || path.Split('/').Any(p => p is "" or "." or ".."))
            throw new LakeException($"The log of {Root} names the file '{path}', which is no plain path below the table. The log is damaged, or was made by somebody else.");
        return path;
    }
}
