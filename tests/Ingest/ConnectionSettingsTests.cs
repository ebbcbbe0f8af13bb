using System.Text.Json.Nodes;
using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Tests;

/// <summary>What a connection says of the system and the way in, no job that uses it can change: not in the plan, and not in a run that never saw a plan.</summary>
public sealed class ConnectionSettingsTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Open_JobThatChangesItsConnection_IsRefusedByTheSettingsName()
    {
        var kept = new ConnectionDefinition { Name = "kept", Connector = "test_tables", Settings = new JsonObject { ["folder"] = "tables" } };
        var opener = new ConnectorOpener(Bench.Plugins, new IngestOptions { Connections = name => name == "kept" ? kept : null });
        var job = Bench.Job("source_type: test_tables\nconfig: { folder: elsewhere, table_name: orders, lax: true }") with { Connection = "kept" };
        var refused = Assert.Throws<JobFailedException>(() => opener.Open(job, _bench.Request(job), _bench.Log));
        Assert.Equal(("FF5004", "'folder' is a setting of the connection 'kept', and a job that uses it cannot change it.", "Remove it from the job, change the connection, or make another one."),
            (refused.Code, refused.Message, refused.Suggestion));
        Assert.Equal("folder", Assert.Single(opener.Check(job)).Setting);

        // Without the connection the folder is the job's own; with it, what to read is.
        var alone = job with { Connection = null };
        await opener.Open(alone, _bench.Request(alone), _bench.Log).DisposeAsync();
        job.Config.Remove("folder");
        Assert.Empty(opener.Check(job));
        await opener.Open(job, _bench.Request(job), _bench.Log).DisposeAsync();
    }
}
