using System.Net;
using FlowForge.Catalog;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

[Collection(RuntimeCollection.Name)]
public sealed class DriftTests(TestRuntime runtime)
{
    private readonly FlowForgeClient client = runtime.Client;

    private void Hold(string run, params Catalog.SchemaDifference[] changes)
    {
        using var catalog = CatalogDatabase.Open(Path.Combine(runtime.Folder, "catalog", "catalog.db"));
        catalog.Holds.Record(new Catalog.SchemaHold
        {
            HoldId = run + "-orders", Table = "bronze.orders", Pipeline = "orders", JobId = "ingest.orders", RunId = run, RunTime = DateTimeOffset.UtcNow, HeldAt = DateTimeOffset.UtcNow, Changes = changes,
            Renames = [new("amount", "amount_eur", 0.8, "the names are alike (80 %)")], RowsRead = 12, RowsRejected = 1, Bytes = 345,
        });
    }

    [Fact]
    public async Task Hold_IsShownWithWhatItTouches_AndDecidedOnce()
    {
        Hold("run_held", new(DifferenceKind.Added, "amount_eur", null, "DOUBLE"), new(DifferenceKind.Added, "note", null, "VARCHAR"), new(DifferenceKind.Removed, "amount", "DECIMAL(10,2)", null));
        var listed = (await client.HoldsAsync(HoldStanding.Pending)).Single(h => h.Run == "run_held");
        Assert.Equal(("run_held-orders", "bronze.orders", 12L, 1L, "new column amount_eur DOUBLE; new column note VARCHAR; missing column amount"), (listed.Id, listed.Table, listed.RowsRead, listed.RowsRejected, string.Join("; ", listed.Changes.Select(c => c.Text))));
        Assert.Contains(await client.HoldsAsync(table: "bronze.orders"), h => h.Run == "run_held");
        var hold = await client.HoldAsync(listed.Id);
        Assert.Contains(hold.Impact, i => i is { Column: "amount", Kind: "column", Effect: "gets no values any more" } && i.Where.StartsWith("gold.totals.", StringComparison.Ordinal));
        Assert.Contains(hold.Columns, c => c.Name == "customer");

        async Task Refused(ApproveHold body, string message)
        {
            var failure = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.ApproveHoldAsync(hold.Id, body));
            Assert.Equal((HttpStatusCode.BadRequest, message), (failure.Status, failure.Message));
        }

        await Refused(new ApproveHold(new Dictionary<string, string> { ["nope"] = "amount" }), "'nope' is no new column of the source: amount_eur, note are.");
        await Refused(new ApproveHold(new Dictionary<string, string> { ["note"] = "nope" }), "bronze.orders has no column 'nope'.");
        await Refused(new ApproveHold(new Dictionary<string, string> { ["note"] = "customer" }), "'customer' is not missing in the source, so no other column can be it.");
        await Refused(new ApproveHold(new Dictionary<string, string> { ["note"] = "amount", ["amount_eur"] = "amount" }), "Two columns cannot both be 'amount'.");
        await Refused(new ApproveHold(Discard: ["customer"]), "'customer' is no new or changed column, so it cannot be left out.");

        var decided = await client.ApproveHoldAsync(hold.Id, new ApproveHold(new Dictionary<string, string> { ["amount_eur"] = "amount" }, ["note"], "as announced", "ada"));
        Assert.Equal((HoldStanding.Approved, "ada", "as announced", null, null), (decided.Hold.Standing, decided.Hold.DecidedBy, decided.Hold.Note, decided.Run, decided.NotContinued));
        Assert.Equal(["amount_eur", "note"], decided.Hold.Renamed.Keys.Concat(decided.Hold.Discarded));
        var late = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.RejectHoldAsync(hold.Id, new RejectHold()));
        Assert.Equal((HttpStatusCode.Conflict, "run_held-orders is approved by now, or was read anew."), (late.Status, late.Message));
        var audit = (await client.AuditAsync("bronze.orders")).First(a => a.Detail.StartsWith("run_held-orders", StringComparison.Ordinal));
        Assert.Equal(("ada", "approve schema change", "run_held-orders: new column amount_eur DOUBLE, new column note VARCHAR, missing column amount; renamed: amount_eur is amount; left out: note; as announced"), (audit.By, audit.Action, audit.Detail));
    }

    [Fact]
    public async Task Hold_Rejected_AndUnknown()
    {
        Hold("run_bad", new Catalog.SchemaDifference(DifferenceKind.Widened, "id", "BIGINT", "VARCHAR"));
        Assert.Equal(HoldStanding.Rejected, (await client.RejectHoldAsync("run_bad-orders", new RejectHold("wrong file"))).Hold.Standing);
        Assert.Equal("Nothing is held under 'nope'.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.HoldAsync("nope"))).Message);
    }

    [Fact]
    public async Task Schemas_HistoryAndComparison()
    {
        // The sample's catalog knows no schema of this table: it is set right from the table.
        var history = await client.SchemasAsync(TableLayer.Gold, "totals");
        Assert.Equal(["region VARCHAR", "total DECIMAL(10,2)"], Assert.Single(history).Columns.Select(c => $"{c.Name} {c.Type}"));
        using (var catalog = CatalogDatabase.Open(Path.Combine(runtime.Folder, "catalog", "catalog.db")))
            catalog.Schemas.Record(new SchemaHistoryEntry("bronze.orders", 0, "run_first", DateTimeOffset.UtcNow, [new("id", "INTEGER"), new("sum", "DECIMAL(10,2)")]));
        var compared = await client.CompareSchemasAsync(TableLayer.Bronze, "orders", 0);
        Assert.Contains("id INTEGER → BIGINT", compared.Differences.Select(d => d.Text));
        Assert.Contains(compared.Differences, d => d is { Kind: SchemaDifferenceKind.Removed, Column: "sum" });
        Assert.Equal((0L, 1L), (compared.From, compared.To));
        Assert.Equal("There is no table 'bronze.nope'.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.SchemasAsync(TableLayer.Bronze, "nope"))).Message);
        Assert.Equal("The schema of gold.totals in version -1 is not known.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.CompareSchemasAsync(TableLayer.Gold, "totals", -1))).Message);
    }

    [Fact]
    public async Task Watermarks_AreListed()
    {
        using (var catalog = CatalogDatabase.Open(Path.Combine(runtime.Folder, "catalog", "catalog.db")))
            catalog.Watermarks.Record(new Watermark("bronze.elsewhere", "orders", "ingest.elsewhere", "at", "2024-01-01", "run_ok", DateTimeOffset.UtcNow));
        var found = (await client.WatermarksAsync()).Items.Single(w => w.Table == "bronze.elsewhere");
        Assert.Equal(("orders", "ingest.elsewhere", "at", "2024-01-01", "run_ok"), (found.Pipeline, found.Job, found.Column, found.Value, found.Run));
        var page = await client.WatermarksAsync("E.ELSE", size: 1);
        Assert.Equal((1L, found), (page.Total, Assert.Single(page.Items)));
        Assert.Empty((await client.WatermarksAsync("nowhere")).Items);
        Assert.Empty((await client.WatermarksAsync("elsewhere", page: 2, size: 1)).Items);
    }

    [Fact]
    public async Task Landing_IsListedAndCleaned()
    {
        var cancel = TestContext.Current.CancellationToken;
        await client.PutPipelineAsync("landed", new PutPipeline("pipeline: landed\ningest:\n  raw: { source_type: file_local, format: csv, landing_retention_days: 30, config: { path: raw.csv } }\n", PipelineTextFormat.Yaml, runtime.Workspace), cancel);
        var folder = Path.Combine(runtime.Folder, "lake", "landing", "landed", "raw");
        Directory.CreateDirectory(Path.Combine(folder, "_flowforge"));
        Directory.CreateDirectory(Path.Combine(folder, "2024"));
        var copy = Path.Combine(folder, "2024", "raw.csv");
        await File.WriteAllTextAsync(copy, "12345", cancel);
        var manifest = Path.Combine(folder, "_flowforge", "run_long_ago.json");
        await File.WriteAllTextAsync(manifest, System.Text.Json.JsonSerializer.Serialize(new[] { new { Path = "raw.csv", Size = 5, Sha256 = "00", LocalPath = copy } }), cancel);
        File.SetLastWriteTimeUtc(manifest, DateTime.UtcNow.AddDays(-31));
        var plan = Assert.Single(await client.LandingAsync("landed", cancel));
        Assert.Equal(("raw", 30, 1L, 5L, 1L, 5L), (plan.Job, plan.Days, plan.Files, plan.Bytes, plan.GoingFiles, plan.GoingBytes));
        Assert.Equal(("landed/raw/2024/raw.csv", "run_long_ago"), (plan.Going[0].Path, plan.Going[0].Run));
        var shown = Assert.Single((await client.LandingAsync(1, 200, cancel)).Items, r => r.Pipeline == "landed");
        Assert.Equal(plan with { Going = shown.Going, Kept = shown.Kept }, shown);
        Assert.Empty(shown.Going);
        Assert.Empty((await client.LandingAsync(2, 200, cancel)).Items);
        Assert.True(File.Exists(copy));
        Assert.Equal(1, Assert.Single(await client.CleanLandingAsync("landed", cancel)).GoingFiles);
        Assert.False(File.Exists(copy));
        Assert.Equal(0, Assert.Single(await client.LandingAsync("landed", cancel)).Files);
        Assert.StartsWith("1 file, 5 bytes, landed more than 30 days ago: landed/raw/2024/raw.csv", (await client.AuditAsync("landed/ingest.raw", ct: cancel))[0].Detail, StringComparison.Ordinal);
        await client.DeletePipelineAsync("landed", cancel);
    }
}
