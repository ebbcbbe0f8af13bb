namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>What restoring a version would do; changes nothing.</summary>
    public Task<RestorePreview> PreviewRestoreAsync(TableLayer layer, string name, long version, CancellationToken ct = default) =>
        GetAsync<RestorePreview>(new QueryText(TablePath(layer, name) + "/restore").Add("version", version), ct);

    /// <summary>Makes the table what it was, as a new version. 409 when files of the version are gone.</summary>
    public Task<TableRestored> RestoreAsync(TableLayer layer, string name, RestoreTable restore, CancellationToken ct = default) =>
        SendAsync<TableRestored>(HttpMethod.Post, TablePath(layer, name) + "/restore", restore, ct);
}
