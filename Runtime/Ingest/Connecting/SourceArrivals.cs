using System.Globalization;
using System.Runtime.CompilerServices;
using FlowForge.Catalog;
using FlowForge.Pipelines;
using FlowForge.Plugins;

namespace FlowForge.Ingest;

/// <summary>Something happened at a source.</summary>
/// <param name="What">One line, for people.</param>
/// <param name="Listed">The source lists files, and its listing tells more; otherwise this is all that is known.</param>
public readonly record struct SourceNews(string What, bool Listed);

/// <summary>What lies at a job's source, and news of it, without reading any of it. Thread-safe.</summary>
public sealed class SourceArrivals(ConnectorOpener connectors)
{
    /// <summary>Path to a stamp that changes when the file does; empty for a source without files that can tell of changes.</summary>
    /// <exception cref="JobFailedException">The source can do neither.</exception>
    public async Task<IReadOnlyDictionary<string, string>> ListAsync(IngestDefinition job, JobRequest request, CancellationToken ct)
    {
        await using var lease = connectors.Open(job, request, Silent.Instance);
        var listed = new Dictionary<string, string>(StringComparer.Ordinal);
        if (lease.Connector is IFileSource files)
            await foreach (var file in files.ListAsync(ct).ConfigureAwait(false))
                listed[file.Path] = string.Create(CultureInfo.InvariantCulture, $"{file.Size}|{file.Modified?.UtcTicks}|{file.ETag}");
        else if (lease.Connector is not IWatch)
            throw new JobFailedException("FF2190", $"Connector '{lease.Descriptor.Name}' can neither list files nor tell of changes.", "Use a schedule instead of an arrival trigger.");
        return listed;
    }

    /// <summary>News as the connector hears it, until cancelled; ends at once when the connector cannot watch.</summary>
    public async IAsyncEnumerable<SourceNews> WatchAsync(IngestDefinition job, JobRequest request, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var lease = connectors.Open(job, request, Silent.Instance);
        if (lease.Connector is not IWatch watch) yield break;
        await foreach (var what in watch.WatchAsync(ct).ConfigureAwait(false)) yield return new SourceNews(what, lease.Connector is IFileSource);
    }

    private sealed class Silent : IJobLog
    {
        public static Silent Instance { get; } = new();

        public void Write(JobLogLevel level, string message)
        {
        }
    }
}
