using System.Text.Json;
using FlowForge.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class FakeRuntime
{
    /// <summary>Bodies of drafts, the newest last.</summary>
    public Noted<JobDraft> Drafts { get; } = new();

    /// <summary>Bodies of pipelines that were stored.</summary>
    public Noted<PutPipeline> StoredPipelines { get; } = new();

    /// <summary>Storing says that somebody else was quicker.</summary>
    public bool Overtaken { get; set; }

    private void MapJobs(RouteGroupBuilder api)
    {
        api.MapGet("/forms/job", () => Sample.Form);
        api.MapGet("/formats", () => Sample.Formats);
        api.MapGet("/pipelines/{name}/jobs/{job}", (string name, string job) => new JobSettings(name, 3, job, Sample.Element("""
            {"source_type":"shop","connection":"shop_db","error_handling":"quarantine","quarantine_path":"q/flights","dedupe_keys":["id"],"rename_map":{"Order No":"order_id"},
             "schema_mode":"user","user_schema":[{"name":"id","type":"BIGINT","nullable":false},{"name":"day","type":"DATE","format":"%d.%m.%Y"}],
             "checks":[{"not_null":["id"]},{"range":{"column":"delay","min":-120}}],"config":{"query":"SELECT * FROM flights","odd":1}}
            """), Sample.Element("""{"cron":"0 2 * * *","timezone":"Europe/Berlin"}"""), Sample.Element("""[{"arrival":"flights"}]""")));
        api.MapGet("/pipelines/{name}/starts", (string name) => new PipelineStartTexts(name, 3, Sample.Element("""{"cron":"0 2 * * *"}"""), null));
        api.MapPost("/jobs/draft", (JobDraft body) =>
        {
            Drafts.Add(body);
            DiagnosticEntry[] said = body.Settings.TryGetProperty("error_handling", out var handling) && handling.GetString() == "quarantine" && !body.Settings.TryGetProperty("quarantine_path", out _)
                ? [new(DiagnosticLevel.Error, "FF1204", "error_handling: quarantine needs quarantine_path.", $"ingest.{body.Job}.error_handling", 4, 5, "Add quarantine_path: quarantine/x.")] : [];
            return new JobDraftPreview(body.Pipeline, body.Job, body.Existing ? "pipeline: p\ningest:\n  a: 1\n" : "", $"pipeline: {body.Pipeline}\ningest:\n  a: 1\n  {body.Job}: {body.Settings.GetRawText()}\n", body.Existing ? 3 : 0, PipelineTextFormat.Yaml, "/work",
                new PipelineValidation(said.Length == 0, body.Pipeline, said, Sample.Plan));
        });
        api.MapPost("/jobs/dry-run", (DryRunDraft body) => new DryRunReport(new RowCounts(401, 399, 2, 0, 0), new RowChanges(399, 0, 0, 0),
            [new("id", "BIGINT", "id", "new"), new("day", "DATE", "day", "new"), new("_ff_run", "VARCHAR", "", "new")], [Sample.Element("""{"id":1,"day":"2024-05-01"}"""), Sample.Element("""{"id":2,"day":null}""")],
            [new("data/x.csv", 7, "NOT_A_NUMBER", "'twelve' is no BIGINT.", "id", "twelve;2024-05-01")], [new("NOT_A_NUMBER", 2)], ["data/x.csv, whole"], "bronze.x would be made with 2 columns.", null));
    }
}
