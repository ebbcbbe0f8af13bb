using System.Collections.Concurrent;
using FlowForge.Lake.Files;
using FlowForge.Lake.S3;

namespace FlowForge.Lake;

/// <summary>
/// The lake: <c>bronze/ silver/ gold/</c> in a folder or in a bucket, and <c>landing/</c>, which is always a folder of this machine. Thread-safe; keep one for the process, as its
/// tables remember what they have read of their logs.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "Its connections are the process's and end with it; tables that it gave out may be in use until then.")]
public sealed class LakeStore
{
    private readonly ConcurrentDictionary<string, LakeTable> tables = new(StringComparer.Ordinal);
    private readonly S3LakeOptions? remote;
    private readonly S3Bucket? bucket;
    private readonly ObjectCache? cache;

    /// <summary>A lake below <paramref name="rootFolder"/>, which is made when needed.</summary>
    public LakeStore(string rootFolder) : this(rootFolder, null)
    {
    }

    /// <summary>A lake in a bucket, or, without <paramref name="s3"/>, one in <paramref name="localFolder"/>.</summary>
    /// <param name="localFolder">For a lake in a bucket: holds landed files, copies of data files and what writers of this machine have not finished. It must belong to this lake alone.</param>
    /// <param name="s3">The bucket.</param>
    public LakeStore(string localFolder, S3LakeOptions? s3)
    {
        Root = Path.GetFullPath(localFolder);
        LandingFolder = Path.Combine(Root, "landing");
        Location = Root;
        if (s3 is null) return;
        remote = s3;
        Location = s3.ToString();
        bucket = new S3Bucket(s3);
        cache = new ObjectCache(Root, s3.CacheBytes, s3.CacheGrace);
    }

    /// <summary>The lake's folder on this machine; of a lake in a bucket the local part.</summary>
    public string Root { get; }

    /// <summary>Where raw files are kept.</summary>
    public string LandingFolder { get; }

    /// <summary>Where the tables are, for people: the folder, or <c>s3://bucket/prefix</c>.</summary>
    public string Location { get; }

    /// <summary>The name of the local folder of a lake in a bucket, which two lakes never share.</summary>
    public static string LocalName(S3LakeOptions s3)
    {
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{s3.Endpoint} {s3}"));
        return $"lake-s3-{s3.Bucket}-{Convert.ToHexStringLower(hash.AsSpan(0, 4))}";
    }

    /// <summary>
    /// Finds out whether a lake in a bucket can be used: the bucket is there, the credentials suffice, and a put can be made conditional, without which two writers could destroy
    /// each other's commits. It writes and deletes one small object.
    /// </summary>
    /// <exception cref="LakeStorageException">It cannot; the message says why.</exception>
    public void Check()
    {
        if (bucket is null) return;
        var key = Key($"_flowforge_check/{Guid.NewGuid():n}");
        var content = "FlowForge checks whether this bucket can hold a lake."u8.ToArray();
        _ = bucket.Folders(Key("")).FirstOrDefault();
        if (bucket.TryPut(key, content) != System.Net.HttpStatusCode.OK) throw NotConditional("refused an object whose name was free");
        try
        {
            if (bucket.TryPut(key, [.. content, 0]) == System.Net.HttpStatusCode.OK) throw NotConditional("overwrote an object although the put said If-None-Match: *");
            if (bucket.Read(key)?.AsSpan().SequenceEqual(content) != true) throw NotConditional("did not give back what was just put");
        }
        finally
        {
            bucket.Delete(key);
        }

        LakeStorageException NotConditional(string what) => new("FF2703",
            $"The service of the lake {remote} {what}. A lake needs conditional puts and reads that see what was put: Amazon S3, Ceph, MinIO and others have them. Use another service, or a folder (Lake:Root unset).", false);
    }

    /// <summary>True when tables are files of this machine, where a look at a log costs next to nothing.</summary>
    public bool IsLocal => bucket is null;

    /// <summary>All tables that have at least one version, by layer and name. A table that was seen before is not looked at again while its folder is there.</summary>
    public IReadOnlyList<TableName> Tables()
    {
        var found = new List<TableName>();
        foreach (var layer in Enum.GetValues<Layer>())
            foreach (var folder in Folders(layer))
                if (TableName.TryParse($"{new TableName(layer, "x").LayerName}.{folder}", out var name) && Table(name) is var table && (table.KnownVersion is not null || table.Exists)) found.Add(name);
        return [.. found.OrderBy(t => t.Layer).ThenBy(t => t.Name, StringComparer.Ordinal)];
    }

    /// <summary>Names of the folders of a layer, whether or not they hold a table.</summary>
    public IReadOnlyList<string> Folders(Layer layer)
    {
        var name = new TableName(layer, "x").LayerName;
        if (bucket is not null) return [.. bucket.Folders(Key(name + "/"))];
        var folder = new DirectoryInfo(Path.Combine(Root, name));
        return folder.Exists ? [.. folder.EnumerateDirectories().Select(d => d.Name)] : [];
    }

    /// <summary>The table of that name, whether it exists yet or not.</summary>
    public LakeTable Table(TableName name) => TableAt($"{name.LayerName}/{name.Name}", name.ToString());

    /// <summary>A table at a folder of its own, relative to the lake (rejects tables lie so), or absolute: that is one of this machine, unless it is below <see cref="Root"/>.</summary>
    /// <exception cref="LakeException">A relative folder that leads out of the lake.</exception>
    public LakeTable TableAt(string relativeFolder) => TableAt(relativeFolder, relativeFolder);

    private LakeTable TableAt(string folder, string shownName)
    {
        var full = Path.GetFullPath(Path.Combine(Root, folder));
        var isInside = full.StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        if (!Path.IsPathRooted(folder) && !isInside)
            throw new LakeException($"Folder '{folder}' leads out of the lake at {Root}. Give a folder below it, or an absolute one.");
        return tables.GetOrAdd(full, path => new LakeTable(bucket is not null && isInside ? Remote(path) : new LocalFileStore(path), shownName));
    }

    private S3FileStore Remote(string path)
    {
        var relative = Path.GetRelativePath(Root, path).Replace(Path.DirectorySeparatorChar, '/');
        return new S3FileStore(bucket!, cache!, Key(relative), $"{remote}/{relative}", path);
    }

    private string Key(string path) => remote!.Prefix.Length == 0 ? path : $"{remote.Prefix}/{path}";
}
