using FlowForge.Api.Mapping;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Lake;
using TableColumn = FlowForge.Contracts.TableColumn;

namespace FlowForge.Api.Tables;

/// <summary>Puts together what the API tells about tables, from the lake's logs and the catalog. Thread-safe.</summary>
internal sealed class TableViews(KnownTables tables, CatalogDatabase catalog, TableShelf shelf)
{
    public IReadOnlyList<TableSummary> List(TableLayer? layer, string? search)
    {
        var held = catalog.Holds.Pending();
        return [.. shelf.Find(layer, search).Select(t => shelf.Complete(t, held))];
    }

    public TableDetail Detail(TableName name, TableSnapshot shown)
    {
        var table = tables[name];
        var state = shown.State;
        var rejects = catalog.Rejects.OfTable(name.ToString());
        return new TableDetail
        {
            Table = name.ToString(), Layer = ToLayer(name.Layer), Name = name.Name, Version = shown.Version, LatestVersion = table.Latest()?.Version ?? shown.Version,
            Rows = shown.Rows, Bytes = shown.Bytes, Files = shown.Files.Count, UpdatedAt = Committed(table, shown.Version), Description = shown.Description,
            Columns = [.. shown.Schema.Columns.Where(c => !c.IsReserved).Select(ToColumn)], PartitionColumns = shown.PartitionColumns,
            Held = catalog.Holds.Pending().GetValueOrDefault(name.ToString()),
            Inputs = [.. catalog.Lineage.Inputs(name.ToString()).Select(e => e.Input).Distinct()],
            Outputs = [.. catalog.Lineage.Outputs(name.ToString()).Select(e => e.Table).Distinct()],
            Origin = state is null ? null : new TableOrigin(state.Pipeline, state.Job, state.RunId, ToRows(state.Rows)),
            Rejects = Rejects(shown) is not { } kept ? null
                : new TableRejects(TableShelf.OpenRows(kept, rejects), [.. rejects.GroupBy(r => r.Reason).Select(g => new RejectReason(g.Key, g.Sum(r => r.Open))).Where(r => r.Rows > 0).OrderByDescending(r => r.Rows)])
                    { Replayed = rejects.Sum(r => r.Count - r.Open) },
            Checks = [.. Latest(catalog.Checks.OfTable(name.ToString())).Select(JobMapping.ToCheck)]
        };
    }

    public IReadOnlyList<TableVersionEntry> Versions(TableName name, int limit, long? before) =>
    [
        .. tables[name].History(limit, before).Select(v =>
        {
            v.Info.TryGetValue("pipeline", out var pipeline);
            v.Info.TryGetValue("job", out var job);
            return new TableVersionEntry(v.Version, v.Committed, v.Operation ?? "", pipeline, job, v.RunId, v.FilesAdded, v.FilesRemoved, v.RowsAdded, v.BytesAdded);
        })
    ];

    /// <summary>The rejects that this version of a table makes count; null when it has none.</summary>
    public TableSnapshot? Rejects(TableSnapshot shown) => shown.State?.Rejects is { } place ? TableShelf.RejectsAt(tables, place) : null;

    /// <summary>A condition for rejects of one status; null when it holds for all of them.</summary>
    public static string? RejectsOf(TableSnapshot rejects, RejectStatus status) =>
        rejects.Schema.Find("status") is null ? status is RejectStatus.Open or RejectStatus.All ? null : "false"
        : status switch { RejectStatus.All => null, RejectStatus.Open => "status IS NULL OR status = 'open'", _ => $"status = '{System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString())}'" };

    public static TableColumn ToColumn(Lake.Schema.TableColumn column) => new(column.Name, column.DuckType, column.Nullable, column.OriginalName);

    public static TableLayer ToLayer(Layer layer) => layer switch { Layer.Bronze => TableLayer.Bronze, Layer.Silver => TableLayer.Silver, _ => TableLayer.Gold };

    public static Layer ToLayer(TableLayer layer) => layer switch { TableLayer.Bronze => Layer.Bronze, TableLayer.Silver => Layer.Silver, _ => Layer.Gold };

    internal static DateTimeOffset? Committed(LakeTable table, long version) => table.History(1, version + 1) is [var entry] ? entry.Committed : null;

    private static Contracts.RowCounts ToRows(RowEquation r) => new(r.Read, r.Loaded, r.Rejected, r.Deduplicated, r.Filtered);

    /// <summary>Results of the run that checked last.</summary>
    private static IEnumerable<CheckResult> Latest(IReadOnlyList<CheckResult> results) =>
        results.Count == 0 ? [] : results.Where(r => r.RunId == results.MaxBy(x => x.At)!.RunId);
}
