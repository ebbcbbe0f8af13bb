using FlowForge.Temporal.DevServer.Namespaces;

namespace FlowForge.Temporal.DevServer.Visibility;

/// <summary>Whether search attributes are known in a namespace, and what type their payloads have to carry.</summary>
internal static class AttributeChecks
{
    private const int TotalBytes = 40 * 1024;
    private const int ValueBytes = 2 * 1024;

    /// <summary>Null when all is well, else the real server's complaint.</summary>
    public static string? Fault(NamespaceEntry ns, SearchAttributes? attributes)
    {
        if (attributes is null)
        {
            return null;
        }
        foreach (var (name, payload) in attributes.IndexedFields)
        {
            if (SystemAttributes.ReadOnly.Contains(name))
            {
                return $"{name} attribute can't be set in SearchAttributes";
            }
            if (ns.AttributeType(name) is null)
            {
                return $"Namespace {ns.Name} has no mapping defined for search attribute {name}";
            }
            if (payload.Data.Length > ValueBytes)
            {
                return $"search attribute {name} value size {payload.Data.Length} exceeds size limit {ValueBytes}";
            }
        }
        var size = attributes.CalculateSize();
        return size > TotalBytes ? $"total size of search attributes {size} exceeds size limit {TotalBytes}" : null;
    }

    /// <summary>Adds the type that each payload carries in history.</summary>
    public static SearchAttributes? Typed(NamespaceEntry ns, SearchAttributes? attributes)
    {
        if (attributes is null)
        {
            return null;
        }
        foreach (var (name, payload) in attributes.IndexedFields)
        {
            if (ns.AttributeType(name) is { } type)
            {
                payload.Metadata["type"] = ByteString.CopyFromUtf8(type.ToString());
            }
        }
        return attributes;
    }
}
