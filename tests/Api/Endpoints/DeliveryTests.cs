using System.Net;
using FlowForge.Catalog;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

[Collection(RuntimeCollection.Name)]
public sealed class DeliveryTests(TestRuntime runtime)
{
    private readonly FlowForgeClient client = runtime.Client;

    [Fact]
    public async Task Deliveries_OfAPipelineAndOfATable_SayWhatIsThereAndWhatIsPending()
    {
        await client.PutPipelineAsync("deliver_views", new PutPipeline("""
            pipeline: deliver_views
            deliveries:
              old: { from: bronze.orders, to: file, path: out/orders, format: csv, mode: append }
              never: { from: gold.totals, to: file, path: out/totals.parquet }
            """));
        var orders = await client.TableAsync(TableLayer.Bronze, "orders");
        Assert.Empty(await client.TableDeliveriesAsync(TableLayer.Gold, "totals"));
        using (var catalog = CatalogDatabase.Open(Path.Combine(runtime.Folder, "catalog", "catalog.db")))
        {
            var table = new FlowForge.Lake.LakeStore(Path.Combine(runtime.Folder, "lake")).Table(FlowForge.Lake.TableName.Parse("bronze.orders")).Latest()!;
            catalog.Deliveries.Begin("deliver_views", "old", "file:out/orders/", "bronze.orders", DateTimeOffset.UnixEpoch);
            catalog.Deliveries.Record(new("deliver_views", "old", "file:out/orders/", "bronze.orders") { TableId = table.TableId, Version = 0, Rows = 50, Bytes = 1234, RunId = "run_ok", DeliveredAt = DateTimeOffset.UnixEpoch });
            // Begun and not ended: nothing is there.
            catalog.Deliveries.Begin("deliver_views", "never", "file:out/totals.parquet", "gold.totals", DateTimeOffset.UnixEpoch);
        }

        var found = await client.DeliveriesAsync("deliver_views");
        Assert.Equal(["old", "never"], found.Select(d => d.Name));
        Assert.Equal(new DeliveryEntry
        {
            Pipeline = "deliver_views", Name = "old", Table = "bronze.orders", Target = "file out/orders", Connector = "file", Mode = DeliveryKind.Append, Job = "delivery.old", Version = 0, DeliveredAt = DateTimeOffset.UnixEpoch, Rows = 50, Bytes = 1234,
            Run = "run_ok", LatestVersion = orders.LatestVersion, Pending = orders.LatestVersion,
        }, found[0]);
        Assert.Equal((null, null, null, DeliveryKind.Replace, true), (found[1].Version, found[1].DeliveredAt, found[1].Run, found[1].Mode, found[1].Pending == found[1].LatestVersion + 1));
        Assert.Equal([("deliver_views", "old")], (await client.TableDeliveriesAsync(TableLayer.Bronze, "orders")).Select(d => (d.Pipeline, d.Name)));
        Assert.Equal([("deliver_views", "never")], (await client.TableDeliveriesAsync(TableLayer.Gold, "totals")).Select(d => (d.Pipeline, d.Name)));

        await client.DeletePipelineAsync("deliver_views");
        Assert.Empty(await client.TableDeliveriesAsync(TableLayer.Bronze, "orders"));
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DeliveriesAsync("deliver_views"))).Status);
    }
}
