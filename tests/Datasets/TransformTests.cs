using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Datasets.Tests;

/// <summary>Settings of the sample.</summary>
public sealed record RepeatSpec
{
    [Setting("How many times each row is given.")]
    public int Times { get; init; } = 2;
}

/// <summary>A sample transform: gives each row some times, with its number. This assembly is the plugin.</summary>
[Connector("repeat")]
public sealed class Repeat(ConnectorContext<RepeatSpec> context) : ITransform
{
    public ValueTask<Schema> SchemaAsync(Schema input, CancellationToken cancellationToken) => ValueTask.FromResult(Output);

    private static Schema Output => new([new Field("id", Int64Type.Default, true), new Field("copy", Int64Type.Default, true)]);

    public async IAsyncEnumerable<RecordBatch> TransformAsync(IAsyncEnumerable<RecordBatch> input, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in input.WithCancellation(cancellationToken))
        {
            using (batch)
            {
                var ids = (Int64Array)batch.Column(0);
                var rows = new RecordBatchBuilder(Output);
                for (var i = 0; i < batch.Length; i++)
                {
                    if (ids.GetValue(i) == 13) throw new TerminalException("13 is unlucky.", "Leave it out.");
                    for (var n = 1; n <= context.Settings.Times; n++) rows.AppendRow(ids.GetValue(i), (long)n);
                }
                yield return rows.Build();
            }
        }
    }
}

public sealed class TransformTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("flowforge-transform-").FullName;
    private readonly DatasetFixture fixture;

    public TransformTests()
    {
        var plugin = Directory.CreateDirectory(Path.Combine(folder, "plugins", "FlowForge.Datasets.Tests")).FullName;
        foreach (var file in (string[])["FlowForge.Datasets.Tests.dll", "FlowForge.Datasets.Tests.deps.json"]) File.Copy(Path.Combine(AppContext.BaseDirectory, file), Path.Combine(plugin, file));
        var plugins = PluginRegistry.Scan(Path.Combine(folder, "plugins"), Path.Combine(folder, "shadow"));
        Assert.Empty(plugins.Problems.Select(p => p.ToString()));
        fixture = new DatasetFixture(plugins);
    }

    public void Dispose()
    {
        fixture.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static DatasetDefinition Of(string sql, int times = 2, string name = "repeat") =>
        DatasetFixture.Dataset(sql) with { Transform = name, Config = new JsonObject { ["times"] = times } };

    [Fact]
    public void Run_Transform_StoresWhatItGivesAndChecksThat()
    {
        fixture.Put("bronze.a", "SELECT i AS id FROM range(10_000) t(i) WHERE i <> 13");
        var check = new CheckDefinition { Kind = CheckKind.Range, Columns = ["copy"], Max = "2", OnFail = CheckAction.Drop };
        var dataset = Of("SELECT id FROM bronze.a WHERE id >= getvariable('least')::INT", 3) with { Checks = [check] };
        var request = fixture.Request(dataset.Table) with { Parameters = new Dictionary<string, string> { ["least"] = "9990" } };
        var outcome = fixture.Run(dataset, request);
        Assert.Equal(new RowCounts(30, 20, 0, 0, 10), outcome.Counts);
        Assert.Equal("20|199890|2", fixture.Rows("silver.t", "count(*), sum(id), max(copy)"));
        Assert.Equal(["* condition bronze.a.id"], fixture.Catalog.ColumnLineage.Of("silver.t").Select(e => $"{e.Column ?? "*"} {e.Kind} {e.Input}.{e.InputColumn}"));
        // Its code may be another one by now.
        Assert.Null(fixture.Run(dataset, fixture.Request(dataset.Table) with { Parameters = request.Parameters }).Note);
        Assert.Null(fixture.Run(dataset with { Config = new JsonObject { ["times"] = 1 } }, fixture.Request(dataset.Table) with { Parameters = request.Parameters }).Note);
    }

    [Fact]
    public void Run_TransformFails_SaysWhatItSaidAndPublishesNothing()
    {
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(Of("SELECT 13::BIGINT AS id")));
        Assert.Equal(("FF3231", "The transform 'repeat' of silver.t failed: 13 is unlucky.", "Leave it out.", false), (error.Code, error.Message, error.Suggestion, error.Transient));
        Assert.Null(fixture.Table("silver.t").Latest());
        Assert.Equal("FF3230", Assert.Throws<JobFailedException>(() => fixture.Run(Of("SELECT 1::BIGINT AS id", name: "nope"))).Code);
        Assert.Equal("FF3230", Assert.Throws<JobFailedException>(() => fixture.Run(Of("SELECT 1::BIGINT AS id") with { Config = new JsonObject { ["tims"] = 1 } })).Code);
    }
}
