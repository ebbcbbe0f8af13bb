namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>What restoring a version would do; changes nothing.</summary>
    public Task<RestorePreview> PreviewRestoreAsync(TableLayer layer, string name, long version, CancellationToken ct = default) =>
        GetAsync<RestorePreview>(new QueryText(TablePath(layer, name) + "/restore").Add("version", version), ct);

    /// <summary>Makes the table what it was, as a new version. 409 when files of the version are gone.</summary>
    public Task<TableRestored> RestoreAsync(TableLayer layer, string name, RestoreTable restore, CancellationToken ct = default) =>
        SendAsync<TableRestored>(HttpMethod.Post, TablePath(layer, name) + "/restore", restore, ct);

    /// <summary>Asks for small files to be merged or rows to be sorted. 409 while other work on the table is open.</summary>
    public Task<TableWorkStarted> OptimizeAsync(TableLayer layer, string name, OptimizeTable optimize, CancellationToken ct = default) =>
        SendAsync<TableWorkStarted>(HttpMethod.Post, TablePath(layer, name) + "/optimize", optimize, ct);

    /// <summary>What a vacuum would remove now; removes nothing.</summary>
    public Task<TableVacuumed> PreviewVacuumAsync(TableLayer layer, string name, VacuumTable vacuum, CancellationToken ct = default) =>
        SendAsync<TableVacuumed>(HttpMethod.Post, TablePath(layer, name) + "/vacuum/preview", vacuum, ct);

    /// <summary>Asks for the removal of files that no version within the retention needs. 409 while other work on the table is open.</summary>
    public Task<TableWorkStarted> VacuumAsync(TableLayer layer, string name, VacuumTable vacuum, CancellationToken ct = default) =>
        SendAsync<TableWorkStarted>(HttpMethod.Post, TablePath(layer, name) + "/vacuum", vacuum, ct);

    /// <summary>Asks for a change of the schema or the rules of a table. What cannot be is told by the work: its state is then failed, and the table as it was.</summary>
    public Task<TableWorkStarted> AlterAsync(TableLayer layer, string name, AlterTable alter, CancellationToken ct = default) =>
        SendAsync<TableWorkStarted>(HttpMethod.Post, TablePath(layer, name) + "/alter", alter, ct);

    /// <summary>Work on a table, newest first.</summary>
    public Task<IReadOnlyList<TableWork>> TableWorksAsync(TableLayer layer, string name, int limit = 20, CancellationToken ct = default) =>
        GetAsync<IReadOnlyList<TableWork>>(new QueryText(TablePath(layer, name) + "/work").Add("limit", limit), ct);

    public Task<TableWork> TableWorkAsync(string work, CancellationToken ct = default) => GetAsync<TableWork>($"table-work/{Escape(work)}", ct);

    /// <summary>Stops work on a table; the table stays as it is, except for files that a vacuum has removed already. No effect on work that has ended.</summary>
    public Task CancelTableWorkAsync(string work, CancellationToken ct = default) => SendAsync(HttpMethod.Post, $"table-work/{Escape(work)}/cancel", null, ct);
}
