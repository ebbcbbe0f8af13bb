namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>What a backfill would do; starts nothing. 422 when range or step are not understood.</summary>
    public Task<BackfillPreview> PreviewBackfillAsync(string pipeline, StartBackfill body, CancellationToken ct = default) =>
        SendAsync<BackfillPreview>(HttpMethod.Post, $"pipelines/{Escape(pipeline)}/backfills/preview", body, ct);

    /// <summary>Starts runs of a pipeline over a range of time. 409 when nothing is to be run.</summary>
    public Task<BackfillStarted> StartBackfillAsync(string pipeline, StartBackfill body, CancellationToken ct = default) =>
        SendAsync<BackfillStarted>(HttpMethod.Post, $"pipelines/{Escape(pipeline)}/backfills", body, ct);

    /// <summary>Newest first.</summary>
    public Task<Page<BackfillSummary>> BackfillsAsync(string pipeline, int page = 1, int size = 50, CancellationToken ct = default) =>
        GetAsync<Page<BackfillSummary>>(new QueryText($"pipelines/{Escape(pipeline)}/backfills").Add("page", page).Add("size", size), ct);

    public Task<BackfillSummary> BackfillAsync(string backfill, CancellationToken ct = default) => GetAsync<BackfillSummary>($"backfills/{Escape(backfill)}", ct);

    /// <summary>Runs under way are cancelled, no more start. No effect on one that has ended.</summary>
    public Task CancelBackfillAsync(string backfill, CancellationToken ct = default) => SendAsync(HttpMethod.Post, $"backfills/{Escape(backfill)}/cancel", null, ct);
}
