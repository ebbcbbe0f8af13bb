using System.IO.Compression;
using FlowForge.Duck.Packing;
using FlowForge.Ingest.Landing;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Formats.Readers;

/// <summary>A format that a plugin reads, opened with the settings of one job. One thread at a time; it is disposed with the run.</summary>
internal sealed class PluginFormat(ConnectorLease lease, FileSettings settings, string temporary) : IDisposable
{
    public string Name => lease.Descriptor.Name;

    /// <summary>Whether the values come with types; otherwise they are found.</summary>
    public bool HasTypes => lease.Connector is IBatchFormat;

    /// <summary>Whether an archive is a file of the format and not a container of files; null for formats that are no archives.</summary>
    public Func<string, bool>? OwnArchives => lease.Descriptor.ZipMark is null ? null : IsOwnArchive;

    private bool IsOwnArchive(string path)
    {
        try
        {
            using var archive = ZipFile.OpenRead(path);
            return archive.GetEntry(lease.Descriptor.ZipMark!) is not null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // What is wrong with it is said when it is read.
            return true;
        }
    }

    /// <summary>The records of a file that come with types.</summary>
    public IAsyncEnumerable<FormatBatch> Batches(LandedFile file, Action<int>? consumed, CancellationToken ct) => ((IBatchFormat)lease.Connector).ReadAsync(Describe(file, consumed), ct);

    /// <summary>The records of a file as pages of JSON.</summary>
    public IAsyncEnumerable<FormatPage> Pages(LandedFile file, Action<int>? consumed, CancellationToken ct) => ((IRecordFormat)lease.Connector).ReadAsync(Describe(file, consumed), ct);

    /// <summary>What a reader's failure means: of the file, or else of the job.</summary>
    public static Exception FileFault(Exception failure) => failure switch
    {
        BrokenFileException e => new UnreadableFileException(e.Reason, e.Message, e.Suggestion, e),
        InvalidDataException or EndOfStreamException => new UnreadableFileException("BROKEN_FILE", $"The file is damaged or cut off: {failure.Message}", "Fetch the file again.", failure),
        _ => failure,
    };

    private FormatFile Describe(LandedFile file, Action<int>? consumed) => new()
    {
        Path = file.Path, TemporaryFolder = temporary, Zstd = static stream => new ZstdStream(stream),
        Open = () => DecodedStream.OpenBytes(file.LocalPath, settings, OwnArchives, consumed), OpenSeekable = () => Seekable(file.LocalPath, consumed),
    };

    private FileStream Seekable(string path, Action<int>? consumed)
    {
        var stream = DecodedStream.OpenBytes(path, settings, OwnArchives, consumed);
        if (stream is PeekStream { IsUntouched: true })
        {
            stream.Dispose();
            return File.OpenRead(path);
        }
        using (stream)
        {
            Directory.CreateDirectory(temporary);
            var unpacked = new FileStream(Path.Combine(temporary, $"unpacked-{Guid.NewGuid():n}"), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose });
            try
            {
                stream.CopyTo(unpacked);
                unpacked.Position = 0;
                return unpacked;
            }
            catch
            {
                unpacked.Dispose();
                throw;
            }
        }
    }

    public void Dispose() => lease.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
