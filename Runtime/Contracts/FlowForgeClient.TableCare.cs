namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>What restoring a version would do; changes nothing.</summary>
    public Task<RestorePreview> PreviewRestoreAsync(TableLayer layer, string name, long version, CancellationToken ct = default) =>
        GetAsync<RestorePreview>(new QueryText(TablePath(layer, name) + "/restore").Add("version", version), ct);

    /// <summary>Makes the table what it was, as a new version. 409 when files of the version are gone.</summary>
    public Task<TableRestored> RestoreAsync(TableLayer layer, string name, RestoreTable restore, CancellationToken ct = default) =>
        SendAsync<TableRestored>(HttpMethod.Post, TablePath(layer, name) + "/restore", restore, ct);

    /// <summary>Merges small files or sorts rows; answers when it is done.</summary>
    public Task<TableOptimized> OptimizeAsync(TableLayer layer, string name, OptimizeTable optimize, CancellationToken ct = default) =>
        SendAsync<TableOptimized>(HttpMethod.Post, TablePath(layer, name) + "/optimize", optimize, ct);

    /// <summary>Removes files that no version within the retention needs, or says which.</summary>
    public Task<TableVacuumed> VacuumAsync(TableLayer layer, string name, VacuumTable vacuum, CancellationToken ct = default) =>
        SendAsync<TableVacuumed>(HttpMethod.Post, TablePath(layer, name) + "/vacuum", vacuum, ct);

    /// <summary>Changes the schema or the rules of a table. 422 says why it cannot be.</summary>
    public Task<TableAltered> AlterAsync(TableLayer layer, string name, AlterTable alter, CancellationToken ct = default) =>
        SendAsync<TableAltered>(HttpMethod.Post, TablePath(layer, name) + "/alter", alter, ct);
}
