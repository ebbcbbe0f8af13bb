using System.Collections.Concurrent;
using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Api.Mapping;

/// <summary>Definitions of stored pipeline versions, parsed once, for lists and run pages. A version never changes. Thread-safe.</summary>
internal sealed class KnownDefinitions(PipelineStore pipelines)
{
    private const int Most = 2000;

    private readonly ConcurrentDictionary<(string Name, int Version), PipelineDefinition?> known = new();

    /// <summary>Null when there is no such version, or nothing can be made of its text.</summary>
    public PipelineDefinition? Get(string name, int version) =>
        known.TryGetValue((name, version), out var definition) ? definition : pipelines.Get(name, version) is { } stored ? Get(stored) : null;

    public PipelineDefinition? Get(PipelineVersion stored)
    {
        if (known.Count > Most)
            known.Clear();
        return known.GetOrAdd((stored.Name, stored.Version), _ => PipelineParser.Parse(stored.Text, stored.Format).Definition);
    }
}
