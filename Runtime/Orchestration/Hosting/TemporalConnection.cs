using FlowForge.Temporal.Worker;
using Microsoft.Extensions.Logging;

namespace FlowForge.Orchestration.Hosting;

/// <summary>
/// The runtime's one connection to Temporal. The server may start after the runtime and may be away for a while: callers wait until it
/// answers, or until they lose patience. Thread-safe.
/// </summary>
public sealed class TemporalConnection(TemporalOptions options, ILogger<TemporalConnection> logger) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private TemporalClient? _client;

    public TemporalOptions Options => options;

    /// <summary>True once the server has answered.</summary>
    public bool IsConnected => _client is not null;

    public async Task<TemporalClient> GetAsync(CancellationToken cancel)
    {
        if (_client is { } connected) return connected;
        await _gate.WaitAsync(cancel);
        try
        {
            if (_client is { } other) return other;
            _client = await TemporalClient.ConnectAsync(options, cancel);
            logger.LogInformation("connected to Temporal at {Address}, namespace {Namespace}", options.Address, options.Namespace);
            return _client;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>As <see cref="GetAsync"/>, but tries until the server answers.</summary>
    public async Task<TemporalClient> WaitAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return await GetAsync(cancel);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                logger.LogWarning("Temporal at {Address} does not answer ({Reason}); trying again", options.Address, error.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), cancel);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is { } client) await client.DisposeAsync();
        _gate.Dispose();
    }
}
