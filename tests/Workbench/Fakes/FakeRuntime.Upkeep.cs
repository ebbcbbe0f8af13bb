using FlowForge.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class FakeRuntime
{
    private readonly List<TableWork> works =
    [
        new() { Work = "care_2", Table = "gold.delays_by_airport", Kind = TableWorkKind.Alter, State = RunState.Failed, Asked = "rename name to airport", By = "API", CreatedAt = DateTimeOffset.UtcNow.AddMinutes(-50), FinishedAt = DateTimeOffset.UtcNow.AddMinutes(-49), Attempts = 1, ErrorCode = "FF4089", Error = "Column 'name' cannot get another name without column mapping.", Suggestion = "The table stays as it is." },
        new() { Work = "care_1", Table = "gold.delays_by_airport", Kind = TableWorkKind.Optimize, State = RunState.Succeeded, Asked = "sort by state", By = "API", Done = 5, Total = 5, CreatedAt = DateTimeOffset.UtcNow.AddDays(-1), FinishedAt = DateTimeOffset.UtcNow.AddDays(-1), Attempts = 1, Optimized = new("gold.delays_by_airport", 4, 12, 1, 1, 48_000) },
    ];

    /// <summary>What was asked for: the word and its body.</summary>
    public Noted<(string Kind, object Body)> Upkeep { get; } = new();

    /// <summary>Ends the work that is open.</summary>
    public void EndWork() => Change(w => w.State == RunState.Running, w => w with
    {
        State = RunState.Succeeded, Phase = null, Done = w.Total, Vacuumed = w.Kind == TableWorkKind.Vacuum ? new TableVacuumed(w.Table, ["part-000-00000-0f3a.zstd.parquet"], 12, 96_000_000) : null,
        Optimized = w.Kind == TableWorkKind.Optimize ? new TableOptimized(w.Table, 5, 12, 1, 1, 48_000) : null,
    });

    private void MapUpkeep(RouteGroupBuilder api)
    {
        api.MapGet("/tables/{layer}/{name}/work", () =>
        {
            lock (works)
                return works.ToArray();
        });
        api.MapPost("/tables/{layer}/{name}/vacuum/preview", (string layer, string name, VacuumTable body) => body.RetentionHours == 720 ? new TableVacuumed($"{layer}.{name}", [], 0, 0)
            : new TableVacuumed($"{layer}.{name}", ["part-000-00000-0f3a.zstd.parquet", "part-000-00001-0f3a.zstd.parquet"], 12, 96_000_000));
        api.MapPost("/tables/{layer}/{name}/vacuum", (string layer, string name, VacuumTable body) => Begin($"{layer}.{name}", TableWorkKind.Vacuum, body, "keep 24 hours", "removing"));
        api.MapPost("/tables/{layer}/{name}/optimize", (string layer, string name, OptimizeTable body) => Begin($"{layer}.{name}", TableWorkKind.Optimize, body, $"sort by {string.Join(", ", body.SortBy ?? [])}", "sorting"));
        api.MapPost("/tables/{layer}/{name}/alter", (string layer, string name, AlterTable body) => Begin($"{layer}.{name}", TableWorkKind.Alter, body, $"rename {body.Changes[0].Name} to {body.Changes[0].To}", "checking rows"));
        api.MapPost("/table-work/{work}/cancel", (string work) =>
        {
            Change(w => w.Work == work, w => w with { State = RunState.Cancelled, Phase = null });
            return Results.Accepted();
        });
    }

    private TableWorkStarted Begin(string table, TableWorkKind kind, object body, string asked, string phase)
    {
        lock (works)
        {
            Upkeep.Add((kind.ToString(), body));
            var id = $"care_{works.Count + 1}";
            works.Insert(0, new TableWork { Work = id, Table = table, Kind = kind, State = RunState.Running, Asked = asked, By = "API", Phase = phase, Done = 4, Total = 12, Attempts = 1, CreatedAt = DateTimeOffset.UtcNow });
            return new TableWorkStarted(id);
        }
    }

    private void Change(Func<TableWork, bool> which, Func<TableWork, TableWork> how)
    {
        lock (works)
            for (var i = 0; i < works.Count; i++)
                if (which(works[i])) works[i] = how(works[i]);
    }
}
