using System.Net.Sockets;
using FlowForge.Catalog;
using FlowForge.PluginHost;
using FlowForge.PluginHost.Processes;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Delivering;

/// <summary>A sink's four calls, with failures as people see them, and every put looked at afterwards.</summary>
/// <param name="target">Where, for people.</param>
internal sealed class SinkFiles(IFileSink sink, string target)
{
    public Task<IReadOnlyList<SinkFile>> FilesAsync(string path, CancellationToken ct) => CallAsync<IReadOnlyList<SinkFile>>(async () =>
    {
        var files = new List<SinkFile>();
        await foreach (var file in sink.FilesAsync(path, ct).ConfigureAwait(false)) files.Add(file);
        return files;
    }, ct);

    public async Task<SinkFile?> FileAsync(string path, CancellationToken ct) => (await FilesAsync(path, ct).ConfigureAwait(false)).FirstOrDefault(f => f.Path == path);

    public Task<byte[]?> GetAsync(string path, CancellationToken ct) => CallAsync(() => sink.GetAsync(path, ct), ct);

    /// <summary>Puts the content and asks the sink whether it has it whole.</summary>
    public async Task PutAsync(string path, Stream content, CancellationToken ct)
    {
        var file = new SinkFile(path, content.Length);
        await CallAsync(async () => { await sink.PutAsync(file, content, ct).ConfigureAwait(false); return true; }, ct).ConfigureAwait(false);
        var there = await FileAsync(path, ct).ConfigureAwait(false);
        if (there?.Size != file.Size)
            throw new JobFailedException("FF2304", $"{path} was put with {file.Size} bytes, and {target} {(there is null ? "does not have it" : $"has {there.Size}")}.", "Something else writes there, or the connector is at fault.", transient: true);
    }

    public Task RemoveAsync(string path, CancellationToken ct) => CallAsync(async () => { await sink.RemoveAsync(path, ct).ConfigureAwait(false); return true; }, ct);

    private Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken ct) => SinkCalls.CallAsync(target, call, ct);
}

/// <summary>A sink's failures as people see them.</summary>
internal static class SinkCalls
{
    /// <param name="target">Where, for people.</param>
    public static async Task<T> CallAsync<T>(string target, Func<Task<T>> call, CancellationToken ct)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is not (JobFailedException or PluginException or PluginCrashException or PluginTimeoutException or RemoteConnectorException))
        {
            throw e switch
            {
                TransientException transient => Unanswered(e.Message, transient.RetryAfter, e),
                IOException or SocketException or TimeoutException or HttpRequestException or OperationCanceledException => Unanswered($"{target}: {e.Message}", null, e),
                _ => new JobFailedException("FF2305", e is TerminalException ? e.Message : $"{target}: {e.Message}", (e as TerminalException)?.Suggestion, inner: e),
            };
        }
    }

    private static JobFailedException Unanswered(string message, TimeSpan? retryAfter, Exception e) => new("FF2306", message, transient: true, inner: e) { RetryAfter = retryAfter };
}
