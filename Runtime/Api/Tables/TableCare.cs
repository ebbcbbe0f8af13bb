using System.Text.Json;
using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Lake;
using FlowForge.Orchestration.Care;
using RunState = FlowForge.Contracts.RunState;

namespace FlowForge.Api.Tables;

/// <summary>Care of tables that people ask for: optimize, vacuum, changes of schema and rules. What cannot be understood is refused here; all else is work that goes on by itself. Thread-safe.</summary>
internal sealed class TableCare(KnownTables tables, CareService service, TableCareStore store)
{
    internal const int MostNamed = 100;

    public Task<TableWorkStarted> OptimizeAsync(TableName name, OptimizeTable body, CancellationToken ct)
    {
        Size(body.TargetFileBytes);
        Size(body.SmallFileBytes);
        var schema = tables[name].Latest()!.Schema;
        if (body.SortBy?.FirstOrDefault(c => schema.Find(c) is null) is { } unknown)
            throw ProblemException.Bad("FF4070", $"The table has no column '{unknown}' to sort by.", $"Its columns: {string.Join(", ", schema.Columns.Where(c => !c.IsReserved).Select(c => c.Name))}.");
        return StartAsync(name, TableCareKind.Optimize, body, ct);
    }

    public Task<TableWorkStarted> VacuumAsync(TableName name, VacuumTable body, CancellationToken ct)
    {
        Check(body);
        return StartAsync(name, TableCareKind.Vacuum, body, ct);
    }

    /// <summary>What a vacuum would remove now.</summary>
    public Task<TableVacuumed> PreviewAsync(TableName name, VacuumTable body, CancellationToken ct)
    {
        Check(body);
        return Task.Run(() => CareWork.Told(name.ToString(), tables[name].Vacuum(CareWork.Options(body) with { DryRun = true }, ct)), ct);
    }

    public Task<TableWorkStarted> AlterAsync(TableName name, AlterTable body, CancellationToken ct)
    {
        if (body.Changes is not { Count: > 0 }) throw ProblemException.Bad("FF4087", "There are no changes.", "Send {\"changes\": [{\"kind\": \"rename_column\", \"name\": \"a\", \"to\": \"b\"}]}.");
        foreach (var change in body.Changes) Check(change);
        return StartAsync(name, TableCareKind.Alter, body, ct);
    }

    public IReadOnlyList<TableWork> Of(TableName name, int limit) => [.. store.OfTable(name.ToString(), limit).Select(View)];

    public TableWork Get(string id) => store.Get(id) is { } care ? View(care) : throw ProblemException.NotFound("FF4170", $"There is no work on a table under '{id}'.", "GET /api/v1/tables/{layer}/{name}/work lists it.");

    public Task CancelAsync(string id, CancellationToken ct)
    {
        Get(id);
        return service.CancelAsync(id, ct);
    }

    private async Task<TableWorkStarted> StartAsync<T>(TableName name, TableCareKind kind, T body, CancellationToken ct) =>
        new(await service.StartAsync(name.ToString(), kind, JsonSerializer.Serialize(body, ContractsJson.Options), "API", ct));

    private static void Check(VacuumTable body)
    {
        if (body.RetentionHours is < 1 or > 24 * 3650 or double.NaN)
            throw ProblemException.Bad("FF4086", $"A retention of {body.RetentionHours} hours is not possible: 1 hour to 10 years.", "Readers of a version may be under way without a lease, so the last hour always stays.");
    }

    private static void Size(long? wished)
    {
        if (wished is < 1 << 20 or > 16L << 30) throw ProblemException.Bad("FF4088", $"A file size of {wished} bytes is not possible: 1 MiB to 16 GiB.");
    }

    private static void Check(TableChange change)
    {
        var missing = string.IsNullOrEmpty(change.Name) && change.Kind is not (TableChangeKind.SetAppendOnly or TableChangeKind.DropAppendOnly) ? "name"
            : string.IsNullOrEmpty(change.To) && change.Kind is (TableChangeKind.RenameColumn or TableChangeKind.AddConstraint) ? "to" : null;
        if (missing is not null) throw ProblemException.Bad("FF4087", $"The change {change.Kind} lacks '{missing}'.");
    }

    private static TableWork View(TableCareRecord care)
    {
        var kind = Enum.Parse<TableWorkKind>(care.Kind.ToString());
        return new TableWork
        {
            Work = care.CareId, Table = care.Table, Kind = kind, State = Enum.Parse<RunState>(care.State.ToString()), Asked = Asked(care), By = care.By, Phase = care.Phase, Done = care.Done, Total = care.Total,
            Attempts = care.Attempts, CreatedAt = care.CreatedAt, StartedAt = care.StartedAt, FinishedAt = care.FinishedAt, ErrorCode = care.Error?.Code, Error = care.Error?.Message, Suggestion = care.Error?.Suggestion,
            Optimized = Read<TableOptimized>(TableWorkKind.Optimize), Vacuumed = Read<TableVacuumed>(TableWorkKind.Vacuum), Altered = Read<TableAltered>(TableWorkKind.Alter),
        };

        T? Read<T>(TableWorkKind wanted) where T : class => kind == wanted && care.Result is { } json ? JsonSerializer.Deserialize<T>(json, ContractsJson.Options) : null;
    }

    private static string Asked(TableCareRecord care)
    {
        switch (care.Kind)
        {
            case TableCareKind.Optimize:
                var optimize = JsonSerializer.Deserialize<OptimizeTable>(care.Request, ContractsJson.Options)!;
                return optimize.SortBy is { Count: > 0 } sort ? $"sort by {string.Join(", ", sort)}" : "merge small files";
            case TableCareKind.Vacuum:
                return JsonSerializer.Deserialize<VacuumTable>(care.Request, ContractsJson.Options)!.RetentionHours is { } hours ? FormattableString.Invariant($"keep {hours:0.##} hours") : "keep what the table's setting says";
            default:
                return string.Join(", ", JsonSerializer.Deserialize<AlterTable>(care.Request, ContractsJson.Options)!.Changes.Select(CareWork.Words));
        }
    }
}
