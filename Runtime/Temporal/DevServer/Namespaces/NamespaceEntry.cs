using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Persistence;

namespace FlowForge.Temporal.DevServer.Namespaces;

/// <summary>A namespace and its custom search attributes.</summary>
internal sealed class NamespaceEntry(NamespaceRecord record) : IPersistent
{
    public const string Kind = "namespace";

    public NamespaceRecord Record { get; } = record;

    public string Id => Record.Id;

    public string Name => Record.Name;

    public TimeSpan Retention => Times.Span(Record.Retention) ?? TimeSpan.FromDays(3);

    /// <summary>The type of a search attribute, system ones included; null when it is not known.</summary>
    public IndexedValueType? AttributeType(string name) =>
        Record.SearchAttributes.TryGetValue(name, out var type) ? (IndexedValueType)type
        : SystemAttributes.Types.TryGetValue(name, out var system) ? system
        : null;

    public void Save(List<Change> changes) => changes.Add(new RecordSaved(Kind, "", Id, Record.ToByteArray()));
}
