using System.Net;

namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>Runs the tests of a pipeline's datasets; the lake is not touched.</summary>
    public Task<PipelineTestReport> TestPipelineAsync(TestPipeline body, CancellationToken ct = default) => SendAsync<PipelineTestReport>(HttpMethod.Post, "pipelines/test", body, ct);

    /// <summary>All names in order: for a choice among them. <see cref="PipelinesAsync"/> tells more, a page at a time.</summary>
    public Task<IReadOnlyList<string>> PipelineNamesAsync(CancellationToken ct = default) => GetAsync<IReadOnlyList<string>>("pipeline-names", ct);

    /// <summary>By name. <paramref name="search"/> is part of the name.</summary>
    public Task<Page<PipelineSummary>> PipelinesAsync(string? search = null, int page = 1, int size = 50, CancellationToken ct = default) =>
        GetAsync<Page<PipelineSummary>>(new QueryText("pipelines").Add("search", search).Add("page", page).Add("size", size), ct);

    /// <summary>Throws with status 404 when there is none; see <see cref="FindPipelineAsync"/>.</summary>
    public Task<PipelineDetail> PipelineAsync(string name, int? version = null, CancellationToken ct = default) =>
        GetAsync<PipelineDetail>(new QueryText($"pipelines/{Escape(name)}").Add("version", version), ct);

    /// <summary>Null when there is no such pipeline.</summary>
    public async Task<PipelineDetail?> FindPipelineAsync(string name, CancellationToken ct = default)
    {
        try
        {
            return await PipelineAsync(name, null, ct);
        }
        catch (FlowForgeApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Stores a definition; the same text again keeps the version. With errors it throws 422 with diagnostics and stores nothing.</summary>
    public Task<PipelineDetail> PutPipelineAsync(string name, PutPipeline body, CancellationToken ct = default) =>
        SendAsync<PipelineDetail>(HttpMethod.Put, $"pipelines/{Escape(name)}", body, ct);

    /// <summary>Its runs and tables stay.</summary>
    public Task DeletePipelineAsync(string name, CancellationToken ct = default) =>
        SendAsync(HttpMethod.Delete, $"pipelines/{Escape(name)}", null, ct);

    /// <summary>Diagnostics and plan of a text, storing nothing: for an editor while one types.</summary>
    public Task<PipelineValidation> ValidateAsync(ValidatePipeline body, CancellationToken ct = default) =>
        SendAsync<PipelineValidation>(HttpMethod.Post, "pipelines/validate", body, ct);

    /// <summary>Newest first.</summary>
    public Task<IReadOnlyList<PipelineVersionEntry>> PipelineVersionsAsync(string name, CancellationToken ct = default) =>
        GetAsync<IReadOnlyList<PipelineVersionEntry>>($"pipelines/{Escape(name)}/versions", ct);

    /// <summary>What a run of the latest version would do.</summary>
    public Task<PipelineValidation> PlanAsync(string name, CancellationToken ct = default) =>
        GetAsync<PipelineValidation>($"pipelines/{Escape(name)}/plan", ct);

    /// <summary>The JSON Schema of pipeline files, for editors.</summary>
    public Task<System.Text.Json.JsonElement> PipelineSchemaAsync(CancellationToken ct = default) =>
        GetAsync<System.Text.Json.JsonElement>("schema/pipeline.json", ct);
}
