using FlowForge.Temporal.DevServer.Persistence;
using Temporalio.Api.ErrorDetails.V1;

namespace FlowForge.Temporal.DevServer.Namespaces;

/// <summary>The namespaces. Written by the executor; read from any thread.</summary>
internal sealed class NamespaceStore(ServerState server)
{
    private volatile Dictionary<string, NamespaceEntry> _byName = new(StringComparer.Ordinal);
    private volatile Dictionary<string, NamespaceEntry> _byId = new(StringComparer.Ordinal);

    public IEnumerable<NamespaceEntry> All => _byId.Values;

    public NamespaceEntry? ByName(string name) => _byName.GetValueOrDefault(name);

    public NamespaceEntry? ById(string id) => _byId.GetValueOrDefault(id);

    /// <exception cref="GrpcException">NOT_FOUND for an unknown namespace, INVALID_ARGUMENT for an empty name.</exception>
    public NamespaceEntry Require(string name)
    {
        if (name.Length == 0)
        {
            throw new GrpcException(GrpcCode.InvalidArgument, "Namespace not set on request.");
        }
        return ByName(name) ?? throw new GrpcException(GrpcCode.NotFound, $"Namespace {name} is not found.", new NamespaceNotFoundFailure { Namespace = name });
    }

    public void Load(IReadOnlyCollection<string> wanted, IReadOnlyDictionary<string, IndexedValueType> attributes)
    {
        using (var reader = server.Database.Reader())
        using (var rows = reader.Read("SELECT state FROM records WHERE kind = $1", NamespaceEntry.Kind))
        {
            while (rows.Read())
            {
                Publish(new NamespaceEntry(NamespaceRecord.Parser.ParseFrom((byte[])rows[0])));
            }
        }
        foreach (var name in wanted.Where(n => ByName(n) is null))
        {
            Add(new NamespaceRecord { Id = Guid.NewGuid().ToString(), Name = name, Retention = Duration.FromTimeSpan(TimeSpan.FromDays(3)), State = (int)NamespaceState.Registered });
        }
        foreach (var entry in wanted.Select(ByName).OfType<NamespaceEntry>())
        {
            foreach (var (name, type) in attributes)
            {
                entry.Record.SearchAttributes[name] = (int)type;
            }
            server.Executor.Touch(entry);
        }
    }

    public NamespaceEntry Add(NamespaceRecord record)
    {
        var entry = new NamespaceEntry(record);
        Publish(entry);
        server.Executor.Touch(entry);
        return entry;
    }

    public void Remove(NamespaceEntry entry)
    {
        _byName = new(_byName.Where(p => p.Value != entry), StringComparer.Ordinal);
        _byId = new(_byId.Where(p => p.Value != entry), StringComparer.Ordinal);
        server.Executor.Forget(entry);
        server.Executor.Write(new RecordDeleted(NamespaceEntry.Kind, "", entry.Id));
    }

    private void Publish(NamespaceEntry entry)
    {
        _byName = new(_byName, StringComparer.Ordinal) { [entry.Name] = entry };
        _byId = new(_byId, StringComparer.Ordinal) { [entry.Id] = entry };
    }
}
