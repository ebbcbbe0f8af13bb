namespace FlowForge.Plugins;

/// <summary>
/// Takes files: deliveries of tables as Parquet, CSV or NDJSON. The runtime writes the files and decides which; after a kill it asks what is there and
/// puts again what may be half done. Paths have slashes and are relative to what the connection names (a bucket, the pipeline's folder); one that leads
/// out of there is refused with a <see cref="TerminalException"/>.
/// </summary>
public interface IFileSink : IConnector
{
    /// <summary>The file of that path, or for a path that ends in a slash all files that lie directly in that folder; nothing where nothing is. What was not put to its end does not show.</summary>
    IAsyncEnumerable<SinkFile> FilesAsync(string path, CancellationToken cancellationToken);

    /// <summary>The content of a small file; null when it is not there.</summary>
    Task<byte[]?> GetAsync(string path, CancellationToken cancellationToken);

    /// <summary>
    /// Puts a file, whole or not at all, and lasting when this returns; folders are made as needed, a file of that name is replaced in one step. It may be
    /// called again with the same file.
    /// </summary>
    /// <param name="file">Path and exact length.</param>
    /// <param name="content">Read once, forward; the caller disposes it.</param>
    Task PutAsync(SinkFile file, Stream content, CancellationToken cancellationToken);

    /// <summary>Takes a file away; one that is not there is none to take away.</summary>
    Task RemoveAsync(string path, CancellationToken cancellationToken);
}

/// <summary>A file at a sink. <c>Size</c> is in bytes.</summary>
public sealed record SinkFile(string Path, long Size);
