using System.Net;
using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

/// <summary>Jobs between a form and their pipeline's text.</summary>
[Collection(RuntimeCollection.Name)]
public sealed class JobDraftTests(TestRuntime runtime)
{
    private readonly FlowForgeClient client = runtime.Client;

    [Fact]
    public async Task Draft_NewPipeline_IsShownTriedStoredAndEdited()
    {
        Directory.CreateDirectory(runtime.Workspace);
        await File.WriteAllTextAsync(Path.Combine(runtime.Workspace, "wizard.csv"), "Id;v\n1;a\nx;b\n", TestContext.Current.CancellationToken);
        var draft = new JobDraft { Pipeline = "wiz", Description = "From a form", Job = "wiz_things", Settings = Json("""{"source_type":"file_local","format":"csv","error_handling":"quarantine","config":{"path":"wizard.csv"}}""") };
        var shown = await client.DraftJobAsync(draft);
        Assert.Equal(("", 0, runtime.Workspace), (shown.Before, shown.BaseVersion, shown.Folder));
        Assert.Equal("pipeline: wiz\ndescription: From a form\ningest:\n  wiz_things:\n    source_type: file_local\n    format: csv\n    error_handling: quarantine\n    config:\n      path: wizard.csv\n", shown.After);
        Assert.Equal([("ingest.wiz_things.error_handling", "FF1204")], shown.Validation.Diagnostics.Select(d => (d.Path, d.Code)));
        // The job cannot be tried while it has errors.
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DryRunAsync(new DryRunDraft(shown.After, "wiz_things")));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "FF1204"), (refused.Status, refused.Diagnostics.Single().Code));

        shown = await client.DraftJobAsync(draft with { Settings = Json("""{"source_type":"file_local","format":"csv","error_handling":"quarantine","quarantine_path":"quarantine/w","schema_mode":"user","user_schema":[{"name":"Id","type":"BIGINT"},{"name":"v","type":"VARCHAR"}],"config":{"path":"wizard.csv"}}""") });
        Assert.Empty(shown.Validation.Diagnostics);
        Assert.Equal(["ingest.wiz_things"], shown.Validation.Plan!.Jobs.Select(j => j.Id));
        var tried = await client.DryRunAsync(new DryRunDraft(shown.After, "wiz_things", Rows: 50));
        Assert.Equal((2, 1, 1), (tried.Rows.Read, tried.Rows.Loaded, tried.Rows.Rejected));
        await client.PutPipelineAsync("wiz", new PutPipeline(shown.After, BaseVersion: shown.BaseVersion));

        var job = await client.JobAsync("wiz", "ingest.wiz_things");
        Assert.Equal((1, null, null), (job.Version, job.Schedule, job.Triggers));
        Assert.Equal("quarantine/w", job.Settings.GetProperty("quarantine_path").GetString());
        var scheduled = await client.DraftJobAsync(draft with { Existing = true, Settings = job.Settings, ChangeStarts = true, Schedule = Json("""{"cron":"0 2 * * *"}"""), Triggers = Json("""[{"arrival":"wiz_things"}]""") });
        Assert.Equal(shown.After + "schedule:\n  cron: 0 2 * * *\ntriggers:\n  - { arrival: wiz_things }\n", scheduled.After.Replace("'", "", StringComparison.Ordinal));
        // Stored over a version that is not there any more: refused.
        await client.PutPipelineAsync("wiz", new PutPipeline(scheduled.After, BaseVersion: 1));
        var late = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PutPipelineAsync("wiz", new PutPipeline(shown.After, BaseVersion: 1)));
        Assert.Equal((HttpStatusCode.Conflict, "Somebody has stored version 2 of wiz meanwhile; nothing was stored."), (late.Status, late.Message));
        Assert.Equal("0 2 * * *", (await client.JobAsync("wiz", "wiz_things")).Schedule!.Value.GetProperty("cron").GetString());
        var starts = await client.PipelineStartsAsync("wiz");
        Assert.Equal(("0 2 * * *", "wiz_things"), (starts.Schedule!.Value.GetProperty("cron").GetString(), starts.Triggers!.Value[0].GetProperty("arrival").GetString()));

        Assert.Equal("The pipeline wiz has a job wiz_things already.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DraftJobAsync(draft))).Message);
        Assert.Equal("The pipeline wiz has no job gone any more.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DraftJobAsync(draft with { Job = "gone", Existing = true }))).Message);
        Assert.Equal("Pipeline wiz has no ingest job 'gone'.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.JobAsync("wiz", "gone"))).Message);
        await client.DeletePipelineAsync("wiz");
        var away = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PutPipelineAsync("wiz", new PutPipeline(shown.After, BaseVersion: 2)));
        Assert.Equal("The pipeline wiz was deleted meanwhile; nothing was stored.", away.Message);
    }

    [Fact]
    public async Task Draft_WithoutNamesOrWithOddSettings_IsRefused()
    {
        Assert.Equal("A job needs a name, and the name of its pipeline.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DraftJobAsync(new JobDraft { Pipeline = "p", Job = " ", Settings = Json("{}") }))).Message);
        Assert.Equal("settings must be an object: the fields of the ingest job.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DraftJobAsync(new JobDraft { Pipeline = "p", Job = "j", Settings = Json("[]") }))).Message);
        // A name that is none is told as the engine tells it, at its place.
        var odd = await client.DraftJobAsync(new JobDraft { Pipeline = "Not a name", Job = "Bad Job", Settings = Json("""{"source_type":"nowhere","x":1}""") });
        Assert.Contains(odd.Validation.Diagnostics, d => d.Path == "pipeline");
        Assert.Contains(odd.Validation.Diagnostics, d => d.Path == "ingest.Bad Job.x");
    }

    [Fact]
    public async Task Form_HasEveryFieldOfAJob()
    {
        var form = await client.JobFormAsync();
        var schema = await client.PipelineSchemaAsync();
        Assert.Equal(schema.GetProperty("definitions").GetProperty("ingest").GetProperty("properties").EnumerateObject().Select(p => p.Name), form.Job.Select(f => f.Name));
        Assert.Equal((FieldKind.Choice, "fail"), Of("error_handling", f => (f.Kind, f.Default!.Value.GetString())));
        Assert.Equal((FieldKind.List, FieldKind.Text, 0), Of("dedupe_keys", f => (f.Kind, f.Element, f.Fields.Count)));
        Assert.Equal((FieldKind.List, "name type nullable format"), Of("user_schema", f => (f.Kind, string.Join(' ', f.Fields.Select(c => c.Name)))));
        Assert.Equal((FieldKind.Map, FieldKind.Boolean, FieldKind.Integer, FieldKind.Text), (Of("rename_map", f => f.Kind), Of("is_reference", f => f.Kind), Of("landing_retention_days", f => f.Kind), Of("max_rejects", f => f.Kind)));
        Assert.Contains(form.Csv, f => f.Name == "delimiter");
        Assert.Contains(form.Files, f => f.Name == "encoding");
        Assert.Equal(["column", "min", "max", "on_fail"], form.Checks.Single(c => c.Kind == "range").Fields.Select(f => f.Name));
        Assert.Equal(["cron", "timezone", "start", "end"], form.Schedule.Select(f => f.Name));
        Assert.Contains(form.Trigger, f => f.Name == "arrival");

        T Of<T>(string name, Func<ConnectorField, T> what) => what(form.Job.Single(f => f.Name == name));
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement.Clone();
}
