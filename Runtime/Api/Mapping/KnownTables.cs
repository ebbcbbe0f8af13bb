using System.Collections.Concurrent;
using FlowForge.Lake;

namespace FlowForge.Api.Mapping;

/// <summary>The lake's tables, opened once: an open table remembers its past and reads only what came since. Thread-safe.</summary>
internal sealed class KnownTables(LakeStore lake)
{
    private readonly ConcurrentDictionary<TableName, LakeTable> open = new();
    private readonly ConcurrentDictionary<string, LakeTable> byFolder = new(StringComparer.Ordinal);

    public LakeTable this[TableName name] => open.GetOrAdd(name, lake.Table);

    /// <summary>A table that has no place of its own among the layers: rejects.</summary>
    public LakeTable At(string relativeFolder) => byFolder.GetOrAdd(relativeFolder, lake.TableAt);

    /// <summary>True when a look at a table's log costs next to nothing.</summary>
    public bool IsLocal => lake.IsLocal;

    /// <summary>Those that exist now, by layer and name.</summary>
    public IReadOnlyList<TableName> Names() => lake.Tables();
}
