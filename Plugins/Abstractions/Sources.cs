using System.Data.Common;

namespace FlowForge.Plugins;

/// <summary>
/// Hands over files as they are; the runtime decides which are new, copies them to the landing zone with a hash, and
/// reads their format.
/// </summary>
public interface IFileSource : IConnector
{
    /// <summary>
    /// The files that match the settings now, in an order that stays the same while nothing changes. Listing opens nothing.
    /// No match is an empty list, a missing folder a <see cref="TerminalException"/>.
    /// </summary>
    IAsyncEnumerable<SourceFile> ListAsync(CancellationToken cancellationToken);
}

/// <summary>One file and what is known of it without reading it.</summary>
public sealed record SourceFile
{
    /// <summary>What tells it from all other files of this source: a path or URL without secrets, <c>/</c> as separator.</summary>
    public required string Path { get; init; }
    /// <summary>The last part of the path.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];
    /// <summary>Bytes, when the source says so.</summary>
    public long? Size { get; init; }
    public DateTimeOffset? Modified { get; init; }
    /// <summary>A mark that changes whenever the content does.</summary>
    public string? ETag { get; init; }
    /// <summary>Where the bytes can be read in place, for <c>landing: reference</c>; null when only a stream exists.</summary>
    public string? LocalPath { get; init; }
    /// <summary>Opens the content from its first byte. The caller disposes the stream; a second call opens it again.</summary>
    public required Func<CancellationToken, ValueTask<Stream>> OpenAsync { get; init; }
}

/// <summary>What to read from a source of rows.</summary>
public sealed record ReadRequest
{
    /// <summary>One of the tables that <see cref="IDiscover"/> lists; null when the settings say it all.</summary>
    public string? Table { get; init; }
    /// <summary>Only rows at or after this; null for all. The bound is inclusive: the runtime removes the twins.</summary>
    public Watermark? From { get; init; }
    /// <summary>Where an earlier read stopped, the <see cref="SourceBatch.Cursor"/> of its last batch; only with <see cref="IResume"/>.</summary>
    public string? Cursor { get; init; }
    /// <summary>More rows than this are not needed (a preview); null for all.</summary>
    public long? Limit { get; init; }
}

/// <summary>A column that grows with time, and how far it has been read. The value is in invariant text form; texts are compared byte by byte.</summary>
public sealed record Watermark(string Column, string? Value)
{
    /// <summary>Whether rows without a value in the column are wanted too.</summary>
    public bool IncludeNulls { get; init; }
}

/// <summary>Hands over typed records: <typeparamref name="T"/>'s public properties are the columns, in their order.</summary>
public interface IRecordSource<out T> : IConnector
{
    IAsyncEnumerable<T> ReadAsync(ReadRequest request, CancellationToken cancellationToken);
}

/// <summary>Hands over an ADO.NET reader, positioned before the first row; the runtime disposes it.</summary>
public interface IReaderSource : IConnector
{
    ValueTask<DbDataReader> ReadAsync(ReadRequest request, CancellationToken cancellationToken);
}
