using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Api.Mapping;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Pipelines;
using FlowForge.PluginHost;

namespace FlowForge.Api.Connections;

/// <summary>Puts together what the API tells about connections. No secret passes through here. Thread-safe.</summary>
internal sealed class ConnectionViews(ConnectionBook book, ConnectionStore store, ConnectionUses uses, PluginRegistry plugins, ConnectionGuards guards)
{
    public const string Hidden = "***";

    public IReadOnlyList<ConnectionSummary> List()
    {
        var used = uses.ByConnection();
        var tests = store.Tests();
        return [.. book.All().Select(c => Summary(c, used, tests))];
    }

    public ConnectionDetail? Detail(string name)
    {
        if (book.Find(name) is not { } known) return null;
        var summary = Summary(known, uses.ByConnection(), store.Tests());
        return new ConnectionDetail
        {
            Name = summary.Name, Connector = summary.Connector, ConnectorTitle = summary.ConnectorTitle, Description = summary.Description, Origin = summary.Origin, File = summary.File,
            UpdatedAt = summary.UpdatedAt, Error = summary.Error, LastTest = summary.LastTest, LastSync = summary.LastSync, UsedBy = summary.UsedBy,
            Settings = JsonSerializer.SerializeToElement(Masked(known.Definition)), RateLimit = known.Definition.RateLimit?.ToString(),
            Isolation = known.Definition.Isolation == Pipelines.Isolation.Process ? ConnectorIsolation.Process : ConnectorIsolation.None,
            Traffic = guards.Find(name)?.Traffic is { } t ? new Contracts.ConnectionTraffic(t.Uses, t.Failures, Math.Round(t.Waited.TotalSeconds, 1), t.OpenUntil, t.LastError) : null,
            Health = [.. store.Facts(name).Select(f => new ConnectionHealthFact(f.Fact, f.Value, f.Unit, f.RecordedAt))]
        };
    }

    /// <summary>The settings with secrets as references or stars. Without the connector nobody knows which are secrets: then every text is one.</summary>
    public JsonObject Masked(ConnectionDefinition connection) => plugins.Find(connection.Connector) is { } connector
        ? connector.Spec.MapSecrets(connection.Settings, (_, text) => SecretReferences.IsReadable(text) ? text : Hidden)
        : new JsonObject(connection.Settings.Select(p => KeyValuePair.Create<string, JsonNode?>(p.Key, IsReference(p.Value) ? p.Value!.DeepClone() : JsonValue.Create(Hidden))));

    private static bool IsReference(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) && SecretReferences.IsReadable(text);

    public static ConnectionTestResult ToResult(ConnectionTest test) => new(test.Passed, test.Message, test.Suggestion, Math.Round(test.Took.TotalSeconds, 3), test.TestedAt);

    private ConnectionSummary Summary(KnownConnection known, ILookup<string, ConnectionUse> used, IReadOnlyDictionary<string, ConnectionTest> tests)
    {
        var definition = known.Definition;
        var connector = plugins.Find(definition.Connector);
        var usedBy = used[definition.Name].ToList();
        return new ConnectionSummary
        {
            Name = definition.Name, Connector = connector?.Name ?? definition.Connector, ConnectorTitle = connector?.Title, Description = definition.Description,
            Origin = known.File is null ? ConnectionOrigin.Workbench : ConnectionOrigin.File, File = known.File is { } file ? book.Relative(file) : null, UpdatedAt = known.UpdatedAt,
            Error = known.Problem ?? (connector is null ? $"The connector '{definition.Connector}' is not installed." : null),
            LastTest = tests.TryGetValue(definition.Name, out var test) ? ToResult(test) : null,
            LastSync = LastSync(usedBy), UsedBy = usedBy
        };
    }

    private ConnectionSync? LastSync(List<ConnectionUse> usedBy) => usedBy.Select(u => store.LastSync(u.Pipeline, u.Job)).OfType<LastSync>().MaxBy(s => s.FinishedAt ?? DateTimeOffset.MaxValue) is { } last
        ? new ConnectionSync(last.Pipeline, last.JobId, last.RunId, RunMapping.ToState(last.State), last.FinishedAt, last.RowsLoaded, last.Error?.Message)
        : null;
}
