namespace FlowForge.PluginHost.Processes;

/// <summary>A file's content that the runtime pushes to the host process, chunk by chunk.</summary>
internal sealed class PushedStream(IAsyncEnumerable<ReadOnlyMemory<byte>> items) : ChunkStream
{
    private readonly IAsyncEnumerator<ReadOnlyMemory<byte>> _chunks = items.GetAsyncEnumerator();

    protected override async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return await _chunks.MoveNextAsync().ConfigureAwait(false) ? _chunks.Current : (ReadOnlyMemory<byte>?)null;
    }

    public override async ValueTask DisposeAsync()
    {
        await _chunks.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }
}
