namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>Changes of sources that were held, newest first.</summary>
    public Task<IReadOnlyList<SchemaHold>> HoldsAsync(HoldStanding? standing = null, string? table = null, CancellationToken ct = default) =>
        GetAsync<IReadOnlyList<SchemaHold>>(new QueryText("drift").AddWord("state", standing).Add("table", table), ct);

    /// <summary>One of them, with what it touches.</summary>
    public Task<SchemaHold> HoldAsync(string id, CancellationToken ct = default) => GetAsync<SchemaHold>($"drift/{Escape(id)}", ct);

    /// <summary>The landed copy may be loaded. 409 when somebody has decided already.</summary>
    public Task<HoldDecided> ApproveHoldAsync(string id, ApproveHold body, CancellationToken ct = default) => SendAsync<HoldDecided>(HttpMethod.Post, $"drift/{Escape(id)}/approve", body, ct);

    /// <summary>The landed copy is not loaded; the next run reads the source anew.</summary>
    public Task<HoldDecided> RejectHoldAsync(string id, RejectHold body, CancellationToken ct = default) => SendAsync<HoldDecided>(HttpMethod.Post, $"drift/{Escape(id)}/reject", body, ct);

    /// <summary>The schemas that a table had, newest first.</summary>
    public Task<IReadOnlyList<SchemaVersion>> SchemasAsync(TableLayer layer, string name, CancellationToken ct = default) => GetAsync<IReadOnlyList<SchemaVersion>>(TablePath(layer, name) + "/schemas", ct);

    /// <summary>What differs between the schemas of two versions; <paramref name="to"/> null is the newest.</summary>
    public Task<SchemaComparison> CompareSchemasAsync(TableLayer layer, string name, long from, long? to = null, CancellationToken ct = default) =>
        GetAsync<SchemaComparison>(new QueryText(TablePath(layer, name) + "/schemas/diff").Add("from", from).Add("to", to), ct);

    /// <summary>How far incremental jobs have got, by table.</summary>
    /// <param name="search">Part of the table's, pipeline's or job's name; null for all.</param>
    public Task<Page<WatermarkEntry>> WatermarksAsync(string? search = null, int page = 1, int size = 50, CancellationToken ct = default) =>
        GetAsync<Page<WatermarkEntry>>(new QueryText("watermarks").Add("search", search).Add("page", page).Add("size", size), ct);

    /// <summary>What was done by hand, or removed by rule; newest first.</summary>
    /// <param name="subject">A table, or pipeline and job; null for all.</param>
    public Task<IReadOnlyList<AuditEntry>> AuditAsync(string? subject = null, int limit = 100, CancellationToken ct = default) =>
        GetAsync<IReadOnlyList<AuditEntry>>(new QueryText("audit").Add("subject", subject).Add("limit", limit), ct);

    /// <summary>What lies in the landing folders of all jobs, without the names of files. Pages and total are of pipelines, by name: a page may hold fewer reports, or more.</summary>
    public Task<Page<LandingReport>> LandingAsync(int page, int size, CancellationToken ct = default) => GetAsync<Page<LandingReport>>(new QueryText("landing").Add("page", page).Add("size", size), ct);

    /// <summary>What retention would remove from the landing folders of a pipeline's jobs; removes nothing.</summary>
    public Task<IReadOnlyList<LandingReport>> LandingAsync(string pipeline, CancellationToken ct = default) => GetAsync<IReadOnlyList<LandingReport>>($"pipelines/{Escape(pipeline)}/landing", ct);

    /// <summary>Removes it.</summary>
    public Task<IReadOnlyList<LandingReport>> CleanLandingAsync(string pipeline, CancellationToken ct = default) => SendAsync<IReadOnlyList<LandingReport>>(HttpMethod.Post, $"pipelines/{Escape(pipeline)}/landing/clean", new { }, ct);
}
