using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Workbench.Tests.Fakes;

/// <summary>A small world: two pipelines, runs in every state, tables in every layer. Values are made up and used nowhere but in tests.</summary>
public sealed partial class Sample
{
    public const string RunningId = "run_8f20";
    public const string FailedId = "run_8f1f";
    public const string DoneId = "run_8f1e";

    /// <summary>A run whose log retention has removed.</summary>
    public const string UnloggedId = "run_old";

    public static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    public IReadOnlyList<PipelineSummary> Pipelines { get; init; } = [];
    public IReadOnlyList<RunSummary> Runs { get; init; } = [];
    public IReadOnlyList<TableSummary> Tables { get; init; } = [];
    public IReadOnlyList<ConnectorEntry> Connectors { get; init; } = [new() { Name = "file", Title = "Files", Description = "CSV, JSON and Parquet files of this machine.", Version = "0.1.0", SourceTypes = ["file", "file_local", "file_upload"], Abilities = ["discover", "file_source", "test_connection"],
        Fields = [new() { Name = "path", Title = "Path", Description = "Files to read.", Kind = FieldKind.List, Element = FieldKind.Text, Required = true }] }, Shop];

    public SystemStatus System { get; init; } = new()
    {
        Version = "0.1.0", Framework = ".NET 10.0.1", DuckDb = "1.5.6", StartedAt = Now.AddHours(-3), UptimeSeconds = 10_800, ProcessId = 4711, DataFolder = "/home/ada/flowforge/.flowforge",
        Temporal = new TemporalStatus("127.0.0.1:7233", "default", true, true), Worker = new WorkerStatus("flowforge", 4, 3, 8), WorkingSetBytes = 312_000_000, ManagedBytes = 41_000_000,
    };

    public IReadOnlyList<WorkerPool> Pools { get; init; } =
    [
        new() { TaskQueue = "flowforge", Workers = [new("4711@ada", Now.AddSeconds(-4))], Waiting = 0, Routes = [new("flights", ["ingest.flights", "ingest.airports", "silver.flights_clean"]), new("movies", ["ingest.movies"])] },
        new() { Name = "heavy", TaskQueue = "flowforge-heavy", Workers = [], Waiting = 2, OldestWaitingSeconds = 95, Routes = [new("flights", ["gold.delays_by_airport"])] },
    ];

    public static Sample Empty() => new();

    public static Sample Full() => new()
    {
        Connections = SomeConnections(), Secrets = [new("shop_db.password", Now.AddDays(-3), ["connection shop_db"]), new("old_token", Now.AddDays(-90), [])],
        Workflows = SomeWorkflows,
        Schedules = SomeSchedules,
        Pipelines =
        [
            new() { Name = "flights", Description = "US flights with airports: delays by airport and hour", Version = 3, UpdatedAt = Now.AddHours(-5), IngestJobs = 3, SilverTables = 2, GoldTables = 2,
                Schedule = new PipelineSchedule("0 2 * * *", "Europe/Berlin", null), LastRun = Summary(RunningId, "flights", RunState.Running, 1),
                RecentStates = [.. Enumerable.Range(0, 14).Select(i => i == 6 ? RunState.Failed : RunState.Succeeded), RunState.Running] },
            new() { Name = "movies", Description = "Ragged JSON with a user schema", Version = 1, UpdatedAt = Now.AddDays(-2), IngestJobs = 1, SilverTables = 1, GoldTables = 1, LastRun = Summary(DoneId, "movies", RunState.Succeeded, 9), RecentStates = [RunState.Succeeded] },
            new() { Name = "weather", Version = 2, UpdatedAt = Now.AddDays(-9), IngestJobs = 1, SilverTables = 0, GoldTables = 1 },
        ],
        Runs =
        [
            Summary(RunningId, "flights", RunState.Running, 1), Summary(FailedId, "flights", RunState.Failed, 6), Summary(DoneId, "movies", RunState.Succeeded, 9), Summary("run_8f1d", "weather", RunState.Queued, 0),
            Summary("run_8f1c", "flights", RunState.Cancelled, 90), .. Enumerable.Range(0, 120).Select(i => Summary($"run_7{i:x3}", i % 3 == 0 ? "movies" : "flights", RunState.Succeeded, 200 + i * 61)),
        ],
        Tables =
        [
            T(TableLayer.Bronze, "airports", 3_376, 212_000, 7, "flights"), T(TableLayer.Bronze, "flights", 3_000_000, 58_400_000, 5, "flights"), T(TableLayer.Bronze, "movies", 3_190, 402_000, 16, "movies", 11),
            T(TableLayer.Silver, "flights_clean", 2_998_811, 71_000_000, 9, "flights"), T(TableLayer.Gold, "delays_by_airport", 305, 14_000, 5, "flights", 0, "Mean delay, share of late flights and busiest hour of every airport"), T(TableLayer.Gold, "delays_by_hour", 24, 3_400, 3, "flights"),
        ],
    };

    public FlowForge.Contracts.Overview Overview(string window)
    {
        var slices = window switch { "7d" => 28, "30d" => 30, _ => 24 };
        var random = new Random(7);
        var empty = Runs.Count == 0;
        return new FlowForge.Contracts.Overview
        {
            Window = window, From = Now.AddDays(-1), To = Now, Counts = new WorkspaceCounts(Pipelines.Count, Runs.Count(r => !r.State.IsFinal()), Tables.Count, 1) { HeldChanges = 1 },
            Current = empty ? new() : new() { Runs = 1284, Succeeded = 1270, Failed = 10, SuccessRate = 0.992, RowsLoaded = 412_800_000, RowsRejected = 1_204, P95Seconds = 221 },
            Previous = empty ? new() : new() { Runs = 1233, SuccessRate = 0.989, RowsLoaded = 368_571_428, P95Seconds = 203 },
            Buckets = [.. Enumerable.Range(0, slices).Select(i => empty ? new OverviewBucket(Now, 0, 0, 0, 0, null) : new OverviewBucket(Now.AddHours(i - slices), 40 + random.Next(30), 38, random.Next(3), 14_000_000 + random.Next(9_000_000), 150 + random.Next(90)))],
            RecentRuns = [.. Runs.Take(8)],
        };
    }

    public SearchResults Search(string text) => new(text,
    [
        .. Pipelines.Where(p => p.Name.Contains(text)).Select(p => new SearchHit("pipeline", p.Name, p.Name, p.Description)),
        .. Tables.Where(t => t.Name.Contains(text)).Select(t => new SearchHit("table", t.Table, t.Table, $"{t.Rows} rows")),
        .. Runs.Where(r => r.Run.Contains(text)).Take(5).Select(r => new SearchHit("run", r.Run, r.Run, r.Pipeline)),
    ]);

    private static RunSummary Summary(string run, string pipeline, RunState state, int minutesAgo) => new()
    {
        Run = run, Pipeline = pipeline, PipelineVersion = 3, Trigger = minutesAgo % 2 == 0 ? "schedule" : "manual", State = state, QueuedAt = Now.AddMinutes(-minutesAgo),
        StartedAt = state == RunState.Queued ? null : Now.AddMinutes(-minutesAgo), FinishedAt = state.IsFinal() ? Now.AddMinutes(-minutesAgo).AddSeconds(34) : null,
        Seconds = state == RunState.Queued ? null : state == RunState.Running ? 48 : 34.2,
        Rows = state switch { RunState.Queued => default, RunState.Running => new RowCounts(1_204_331, 1_204_331, 0, 0, 0), RunState.Failed => new RowCounts(3_376, 3_376, 0, 0, 0), _ => new RowCounts(3_006_566, 3_003_180, 11, 3_375, 0) },
        Bytes = 88_000_000, JobsDone = state == RunState.Succeeded ? 7 : 2, JobsTotal = 7, Progress = state switch { RunState.Succeeded => 1, RunState.Queued => 0, RunState.Failed => 0.28, _ => 0.62 },
        Error = state == RunState.Failed ? "ingest.flights: flights-2001.json line 88,120 is not JSON" : null,
    };

    private static TableSummary T(TableLayer layer, string name, long rows, long bytes, int columns, string pipeline, long rejects = 0, string? description = null) => new()
    {
        Table = $"{layer.ToString().ToLowerInvariant()}.{name}", Layer = layer, Name = name, Version = 4, Rows = rows, Bytes = bytes, Files = 3, Columns = columns, UpdatedAt = Now.AddMinutes(-9), Pipeline = pipeline, Rejects = rejects, Description = description,
    };

    private static JsonElement[] Row(params object?[] values) => [.. values.Select(v => JsonSerializer.SerializeToElement(v))];
}
