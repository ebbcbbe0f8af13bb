using FlowForge.Columnar;

namespace FlowForge.Plugins;

/// <summary>
/// Names a format of files. Put it on a public class that implements <see cref="IBatchFormat"/> or <see cref="IRecordFormat"/>; its settings stand in a job's <c>config</c>, beside those of
/// the connector that brings the files.
/// </summary>
/// <param name="name">What a pipeline writes as <c>format</c>.</param>
public sealed class FormatAttribute(string name) : ConnectorAttribute(name)
{
    /// <summary>Endings of file names, without the dot, that mean this format.</summary>
    public string[] Endings { get; init; } = [];
    /// <summary>For formats whose files are zip archives themselves: a member that only such a file has. Other archives are unpacked as for every format.</summary>
    public string? ZipMark { get; init; }
}

/// <summary>
/// Reads the records of files, one file after the other. The runtime lands the files, unpacks them, numbers their records, proves types, keeps rejects and counts: it implements
/// one of the two ways to hand over records.
/// </summary>
public interface IFormatReader : IConnector;

/// <summary>For formats that know the types of their values.</summary>
public interface IBatchFormat : IFormatReader
{
    /// <summary>The file's records in order. Batches pass into the runtime's ownership; from one to the next the columns may change. A file without records may give an empty batch, so that its columns are known.</summary>
    /// <exception cref="BrokenFileException">The file cannot be read to its end: all of it is a reject, other files go on.</exception>
    IAsyncEnumerable<FormatBatch> ReadAsync(FormatFile file, CancellationToken cancellationToken);
}

/// <summary>For formats whose values are text: the runtime finds the types, and takes nested values apart as the job says.</summary>
public interface IRecordFormat : IFormatReader
{
    /// <inheritdoc cref="IBatchFormat.ReadAsync"/>
    IAsyncEnumerable<FormatPage> ReadAsync(FormatFile file, CancellationToken cancellationToken);
}

/// <summary>Records that follow those of the batch before: the rows, and between them what is no row.</summary>
public readonly record struct FormatBatch(RecordBatch Rows, IReadOnlyList<BadRecord>? Bad = null);

/// <param name="Records">UTF-8, one JSON object a line, each ended by <c>\n</c>; not touched again until the next page is asked for.</param>
/// <param name="Count">Number of lines, against which they are checked.</param>
/// <param name="Bad">What is no record between them.</param>
public readonly record struct FormatPage(ReadOnlyMemory<byte> Records, int Count, IReadOnlyList<BadRecord>? Bad = null);

/// <summary>A record that cannot be read; it becomes a reject and the file goes on. In order of their numbers.</summary>
/// <param name="Record">Its number in the file, from 1, good and bad ones counted alike.</param>
/// <param name="Reason">A code like <c>ERROR_CELL</c>, the same for the same kind of fault.</param>
/// <param name="Message">What is wrong, for people.</param>
/// <param name="Raw">As it stands in the file, where that is text.</param>
/// <param name="Column">The field that it is about.</param>
public sealed record BadRecord(long Record, string Reason, string Message, string? Raw = null, string? Column = null);

/// <summary>The file to read. Streams belong to the reader, which disposes them.</summary>
public sealed record FormatFile
{
    /// <summary>As the connector names it.</summary>
    public required string Path { get; init; }
    /// <summary>Opens the content, unpacked, from its first byte; it can only be read on.</summary>
    public required Func<Stream> Open { get; init; }
    /// <summary>Opens the content as a stream that knows its length and can seek; a packed file is unpacked to disk for that.</summary>
    public required Func<Stream> OpenSeekable { get; init; }
    /// <summary>Unpacks zstd, which .NET has not.</summary>
    public required Func<Stream, Stream> Zstd { get; init; }
    /// <summary>A folder for what does not fit into memory; the reader removes what it puts there.</summary>
    public required string TemporaryFolder { get; init; }
}

/// <summary>A file cannot be read as what it should be. Its reject carries reason, message and suggestion.</summary>
public sealed class BrokenFileException(string reason, string message, string? suggestion = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>A code like <c>BROKEN_AVRO</c>.</summary>
    public string Reason { get; } = reason;
    public string? Suggestion { get; } = suggestion;
}
