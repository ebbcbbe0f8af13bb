namespace FlowForge.Lake.Files;

/// <summary>A file as a listing shows it. <see cref="Path"/> is relative to the store's root, with '/'.</summary>
public readonly record struct StoredFile(string Path, long Length, DateTimeOffset Modified);

/// <summary>
/// The few operations that a table needs from the place it lives in. Paths are relative to the table's folder and use '/'.
/// Implementations are thread-safe. <see cref="LocalFileStore"/> is the local disk, <see cref="S3.S3FileStore"/> a bucket.
/// </summary>
public interface IFileStore
{
    /// <summary>The whole file, or null when there is none.</summary>
    byte[]? Read(string path);

    /// <summary>
    /// Makes the file appear with this content, durable and in one step, unless one is there already (false; nothing changed).
    /// This is the only operation that the correctness of commits rests upon.
    /// </summary>
    bool PutIfAbsent(string path, ReadOnlySpan<byte> content);

    /// <summary>Puts the file in one step, replacing an older one.</summary>
    void Put(string path, ReadOnlySpan<byte> content);

    /// <summary>Moves a finished local file to <paramref name="path"/>, durable. The name must be new: data files are never overwritten.</summary>
    void Publish(string localFile, string path);

    /// <summary>Makes earlier <see cref="Publish"/> calls into this folder durable. One call for many files.</summary>
    void Settle(string folder);

    /// <summary>Files directly in the folder (or below it too); empty when there is no such folder.</summary>
    IEnumerable<StoredFile> List(string folder, bool recursive = false);

    /// <summary>True when the file exists.</summary>
    bool Exists(string path);

    /// <summary>Deletes the file; no error when it is gone already.</summary>
    void Delete(string path);

    /// <summary>What DuckDB opens to read a data file. A store that is elsewhere brings the file here first.</summary>
    string ReadPath(string path);

    /// <summary>Brings files here that are about to be read, several at once. Nothing to do where they are here anyway.</summary>
    /// <param name="files">Paths and sizes in bytes.</param>
    /// <param name="holders">Who keeps them here; without any they stay for some minutes at least.</param>
    /// <exception cref="LakeStorageException">There is no room for all of them at once.</exception>
    void Fetch(IReadOnlyList<(string Path, long Bytes)> files, IReadOnlyCollection<CopyHold> holders)
    {
    }

    /// <summary>Keeps what is fetched for it until it is disposed; null where nothing is fetched.</summary>
    CopyHold? HoldCopies() => null;

    /// <summary>A file of any kind for one reading, such as a checkpoint, whose name may stand for another file later.</summary>
    BorrowedFile Borrow(string path) => new(ReadPath(path));

    /// <summary>True when the files are on this machine's disk, and nowhere else.</summary>
    bool IsLocal => true;

    /// <summary>The folder of this machine below which <see cref="ReadPath"/> finds the files.</summary>
    string LocalFolder => Root;

    /// <summary>A local folder from which <see cref="Publish"/> is cheap; writers prepare files in it.</summary>
    string StagingFolder { get; }

    /// <summary>Shown in messages.</summary>
    string Root { get; }
}
