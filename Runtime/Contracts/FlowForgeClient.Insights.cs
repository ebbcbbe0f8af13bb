namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>Where a column comes from, and what would break if it went.</summary>
    public Task<ColumnLineage> ColumnLineageAsync(TableLayer layer, string name, string column, CancellationToken ct = default) =>
        GetAsync<ColumnLineage>($"{TablePath(layer, name)}/columns/{Escape(column)}/lineage", ct);

    /// <summary>The profile of a version (the newest when null); made now when it was not before. 503 when that takes too long.</summary>
    public Task<TableProfile> ProfileAsync(TableLayer layer, string name, long? version = null, CancellationToken ct = default) =>
        GetAsync<TableProfile>(new QueryText(TablePath(layer, name) + "/profile").Add("version", version), ct);

    /// <summary>What differs between two versions; <paramref name="to"/> null is the newest.</summary>
    /// <param name="keys">Columns with commas between; null compares whole rows.</param>
    public Task<TableDiff> DiffAsync(TableLayer layer, string name, long from, long? to = null, string? keys = null, long offset = 0, int limit = 100, CancellationToken ct = default) =>
        GetAsync<TableDiff>(new QueryText(TablePath(layer, name) + "/diff").Add("from", from).Add("to", to).Add("keys", keys).Add("offset", offset).Add("limit", limit), ct);

    /// <summary>Runs one SELECT over the lake. 400 says what is wrong with it, 503 that it took too long.</summary>
    public Task<SqlResult> SqlAsync(SqlQuery query, CancellationToken ct = default) => SendAsync<SqlResult>(HttpMethod.Post, "sql", query, ct);
}
