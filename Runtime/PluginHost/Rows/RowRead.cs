using FlowForge.Columnar;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Rows;

/// <summary>
/// A read under way. Each batch belongs to whoever takes it. A batch may have another schema than the one before: types only grow wider, so that
/// nothing handed over earlier has to be taken back. Dispose it, also after a failure.
/// </summary>
public sealed class RowRead : IAsyncDisposable
{
    private readonly Func<ValueTask>? _close;

    internal RowRead(Schema schema, IAsyncEnumerable<SourceBatch> batches, Func<ValueTask>? close = null) => (Schema, Batches, _close) = (schema, batches, close);

    /// <summary>The columns as they are known before the first row.</summary>
    public Schema Schema { get; }

    /// <summary>To be enumerated once.</summary>
    public IAsyncEnumerable<SourceBatch> Batches { get; }

    public ValueTask DisposeAsync() => _close?.Invoke() ?? default;
}
