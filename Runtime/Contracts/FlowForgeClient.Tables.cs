namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>By layer and name; rejects tables are shown at their bronze table.</summary>
    public Task<IReadOnlyList<TableSummary>> TablesAsync(TableLayer? layer = null, string? search = null, CancellationToken ct = default) =>
        GetAsync<IReadOnlyList<TableSummary>>(new QueryText("tables").AddWord("layer", layer).Add("search", search), ct);

    /// <summary>One page of the tables of each layer (or of one), whose name or description holds the text, with the layers' sums.</summary>
    public Task<IReadOnlyList<LayerPage>> LayersAsync(TableLayer? layer = null, string? search = null, int page = 1, int size = 50, CancellationToken ct = default) =>
        GetAsync<IReadOnlyList<LayerPage>>(new QueryText("layers").AddWord("layer", layer).Add("search", search).Add("page", page).Add("size", size), ct);

    public Task<TableDetail> TableAsync(TableLayer layer, string name, long? version = null, CancellationToken ct = default) =>
        GetAsync<TableDetail>(new QueryText(TablePath(layer, name)).Add("version", version), ct);

    /// <summary>Newest first; <paramref name="before"/> continues below that version.</summary>
    public Task<IReadOnlyList<TableVersionEntry>> TableVersionsAsync(TableLayer layer, string name, int limit = 50, long? before = null,
        CancellationToken ct = default) =>
        GetAsync<IReadOnlyList<TableVersionEntry>>(new QueryText(TablePath(layer, name) + "/versions").Add("limit", limit).Add("before", before), ct);

    /// <summary>One page of the table. 400 says what is wrong with a filter, 503 that the read took too long.</summary>
    public Task<TableRows> RowsAsync(TableLayer layer, string name, RowsQuery query, CancellationToken ct = default) =>
        GetAsync<TableRows>(Rows(TablePath(layer, name) + "/rows", query), ct);

    /// <summary>One page of the rejects kept beside a table; 404 when the version that is asked for, or the latest, has none.</summary>
    public Task<TableRows> RejectsAsync(TableLayer layer, string name, RowsQuery query, RejectStatus status = RejectStatus.Open, CancellationToken ct = default) =>
        GetAsync<TableRows>(Rows(TablePath(layer, name) + "/rejects", query).AddWord("status", (RejectStatus?)status), ct);

    /// <summary>Starts a run that reads open rejects of a bronze table again, by the present definition of its job.</summary>
    public Task<RunStarted> ReplayRejectsAsync(string name, ReplayRejects choice, CancellationToken ct = default) =>
        SendAsync<RunStarted>(HttpMethod.Post, TablePath(TableLayer.Bronze, name) + "/rejects/replay", choice, ct);

    /// <summary>What such a run would load now. Reads the rejects, publishes nothing.</summary>
    public Task<ReplayPreview> PreviewReplayAsync(string name, ReplayRejects choice, CancellationToken ct = default) =>
        SendAsync<ReplayPreview>(HttpMethod.Post, TablePath(TableLayer.Bronze, name) + "/rejects/replay/preview", choice, ct);

    private static QueryText Rows(string path, RowsQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return new QueryText(path).Add("version", query.Version).Add("offset", query.Offset).Add("limit", query.Limit)
            .Add("sort", query.Sort).Add("desc", query.Descending).Add("filter", query.Filter);
    }

    private static string TablePath(TableLayer layer, string name) =>
        $"tables/{System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(layer.ToString())}/{Escape(name)}";
}
