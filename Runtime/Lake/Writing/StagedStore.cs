using FlowForge.Lake.Files;

namespace FlowForge.Lake.Writing;

/// <summary>Lets staged files be read before they have their place in the table.</summary>
internal sealed class StagedStore(IFileStore table, Dictionary<string, string> localPaths) : IFileStore
{
    // A name that no partition folder matches: values then come from the log, as they must while the files lie elsewhere.
    public string Root => "=staged";

    public string StagingFolder => table.StagingFolder;

    public string ReadPath(string path) => localPaths[Log.FilePaths.Encode(path)];

    public byte[]? Read(string path) => throw new NotSupportedException("Staged files are read by DuckDB only.");

    public bool PutIfAbsent(string path, ReadOnlySpan<byte> content) => throw new NotSupportedException("Staged files are read only.");

    public void Put(string path, ReadOnlySpan<byte> content) => throw new NotSupportedException("Staged files are read only.");

    public void Publish(string localFile, string path) => throw new NotSupportedException("Staged files are read only.");

    public void Settle(string folder) => throw new NotSupportedException("Staged files are read only.");

    public IEnumerable<StoredFile> List(string folder, bool recursive = false) => throw new NotSupportedException("Staged files are read only.");

    public bool Exists(string path) => localPaths.ContainsKey(Log.FilePaths.Encode(path));

    public void Delete(string path) => throw new NotSupportedException("Staged files are read only.");
}
