using FlowForge.Api.Mapping;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Lake;
using TableColumn = FlowForge.Contracts.TableColumn;

namespace FlowForge.Api.Tables;

/// <summary>Puts together what the API tells about tables, from the lake's logs and the catalog. Thread-safe.</summary>
internal sealed class TableViews(KnownTables tables, CatalogDatabase catalog)
{
    public IReadOnlyList<TableSummary> List(TableLayer? layer, string? search)
    {
        var held = catalog.Holds.Pending();
        return [.. Summaries(layer, search).Select(t => t with { Held = held.GetValueOrDefault(t.Table) })];
    }

    private IEnumerable<TableSummary> Summaries(TableLayer? layer, string? search) =>
    [
        .. from name in tables.Names()
           where layer is null || ToLayer(name.Layer) == layer
           where search is null || name.ToString().Contains(search, StringComparison.OrdinalIgnoreCase)
           let table = tables[name]
           let latest = table.Latest()
           where latest is not null
           orderby name.Layer, name.Name
           select Summary(name, table, latest)
    ];

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
                : new TableRejects(OpenRows(kept, rejects), [.. rejects.GroupBy(r => r.Reason).Select(g => new RejectReason(g.Key, g.Sum(r => r.Open))).Where(r => r.Rows > 0).OrderByDescending(r => r.Rows)])
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
    public TableSnapshot? Rejects(TableSnapshot shown)
    {
        if (shown.State?.Rejects is not { } place)
            return null;
        // FOLDER@VERSION: rejects that were written for a commit that never came are not shown.
        var cut = place.LastIndexOf('@');
        var (folder, version) = cut < 0 ? (place, null) : (place[..cut], place[(cut + 1)..]);
        return long.TryParse(version, out var number) ? tables.At(folder).At(number) : tables.At(folder).Latest();
    }

    /// <summary>A condition for rejects of one status; null when it holds for all of them.</summary>
    public static string? RejectsOf(TableSnapshot rejects, RejectStatus status) =>
        rejects.Schema.Find("status") is null ? status is RejectStatus.Open or RejectStatus.All ? null : "false"
        : status switch { RejectStatus.All => null, RejectStatus.Open => "status IS NULL OR status = 'open'", _ => $"status = '{System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString())}'" };

    /// <summary>Rejects that are neither replayed nor superseded.</summary>
    private static long OpenRows(TableSnapshot rejects, IEnumerable<RejectSummary> known) => Math.Max(0, rejects.Rows - known.Sum(r => r.Count - r.Open));

    public static TableColumn ToColumn(Lake.Schema.TableColumn column) => new(column.Name, column.DuckType, column.Nullable, column.OriginalName);

    public static TableLayer ToLayer(Layer layer) => layer switch { Layer.Bronze => TableLayer.Bronze, Layer.Silver => TableLayer.Silver, _ => TableLayer.Gold };

    public static Layer ToLayer(TableLayer layer) => layer switch { TableLayer.Bronze => Layer.Bronze, TableLayer.Silver => Layer.Silver, _ => Layer.Gold };

    private TableSummary Summary(TableName name, LakeTable table, TableSnapshot latest) => new()
    {
        Table = name.ToString(), Layer = ToLayer(name.Layer), Name = name.Name, Version = latest.Version, Rows = latest.Rows, Bytes = latest.Bytes,
        Files = latest.Files.Count, Columns = latest.Schema.Columns.Count(c => !c.IsReserved), UpdatedAt = Committed(table, latest.Version),
        Pipeline = latest.State?.Pipeline, Description = latest.Description, Rejects = name.Layer == Layer.Bronze && Rejects(latest) is { } kept ? OpenRows(kept, catalog.Rejects.OfTable(name.ToString())) : 0
    };

    private static DateTimeOffset? Committed(LakeTable table, long version) => table.History(1, version + 1) is [var entry] ? entry.Committed : null;

    private static Contracts.RowCounts ToRows(RowEquation r) => new(r.Read, r.Loaded, r.Rejected, r.Deduplicated, r.Filtered);

    /// <summary>Results of the run that checked last.</summary>
    private static IEnumerable<CheckResult> Latest(IReadOnlyList<CheckResult> results) =>
        results.Count == 0 ? [] : results.Where(r => r.RunId == results.MaxBy(x => x.At)!.RunId);
}
