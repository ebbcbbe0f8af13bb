using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.History;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;
using Temporalio.Api.Schedule.V1;

namespace FlowForge.Temporal.DevServer.Schedules;

/// <summary>The schedules of all namespaces. Touched by the executor only.</summary>
internal sealed class ScheduleStore(ServerState server)
{
    private readonly SortedDictionary<(string Namespace, string Id), ScheduleEntry> _schedules = new(
        Comparer<(string Namespace, string Id)>.Create(static (a, b) =>
            string.CompareOrdinal(a.Namespace, b.Namespace) is var byNamespace and not 0 ? byNamespace : string.CompareOrdinal(a.Id, b.Id)));

    /// <summary>At the start of the server: what was missed meanwhile is caught up with, as far as the catch-up window reaches.</summary>
    public void Load()
    {
        using (var reader = server.Database.Reader())
        using (var rows = reader.Read("SELECT namespace_id, state FROM records WHERE kind = $1", ScheduleEntry.Kind))
        {
            while (rows.Read())
            {
                if (server.Namespaces.ById(rows.GetString(0)) is { } ns)
                {
                    var entry = new ScheduleEntry(server, ns, ScheduleRecord.Parser.ParseFrom((byte[])rows[1]));
                    _schedules.Add((ns.Id, entry.Id), entry);
                }
            }
        }
        foreach (var entry in _schedules.Values)
        {
            entry.Work();
        }
    }

    public ScheduleEntry Create(NamespaceEntry ns, ScheduleRecord record)
    {
        var now = server.Executor.Now;
        record.ConflictToken = 1;
        record.ProcessedUntil = Times.Stamp(now);
        record.Info = new ScheduleInfo { CreateTime = Times.Stamp(now) };
        var entry = new ScheduleEntry(server, ns, record);
        _schedules.Add((ns.Id, entry.Id), entry);
        entry.Work();
        return entry;
    }

    public ScheduleEntry? Find(NamespaceEntry ns, string id) => _schedules.GetValueOrDefault((ns.Id, id));

    public IEnumerable<ScheduleEntry> All(NamespaceEntry ns) => _schedules.Values.Where(s => s.Namespace == ns);

    public void Delete(ScheduleEntry entry)
    {
        entry.Stop();
        _schedules.Remove((entry.Namespace.Id, entry.Id));
        server.Executor.Forget(entry);
        server.Executor.Write(new RecordDeleted(ScheduleEntry.Kind, entry.Namespace.Id, entry.Id));
    }

    public void DeleteAll(string namespaceId)
    {
        foreach (var entry in _schedules.Values.Where(s => s.Namespace.Id == namespaceId).ToArray())
        {
            Delete(entry);
        }
    }

    /// <summary>A run has closed. When it goes on as <paramref name="successorRunId"/>, its schedule goes on waiting.</summary>
    public void RunClosed(Execution run, string? successorRunId)
    {
        if (successorRunId is not null || _schedules.Count == 0 || !run.SearchAttributes.TryGetValue("TemporalScheduledById", out var by))
        {
            return;
        }
        if (PayloadValue.ToText(by) is { } id && _schedules.TryGetValue((run.Namespace.Id, id), out var entry) && entry.Owns(run))
        {
            entry.RunEnded(run);
        }
    }
}
