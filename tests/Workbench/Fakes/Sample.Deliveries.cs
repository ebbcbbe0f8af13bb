using FlowForge.Contracts;

namespace FlowForge.Workbench.Tests.Fakes;

/// <summary>A pipeline with deliveries; it is on no list, its pages are opened by address.</summary>
public sealed partial class Sample
{
    public const string DeliveringPipeline = "crm_sync", DeliveringId = "run_crm";

    public IReadOnlyList<DeliveryEntry> Deliveries { get; set; } =
    [
        Delivery("crm", "gold.delays_by_airport", "crm_db reporting.delays", "postgres", "crm_db", DeliveryKind.Merge) with { Version = 4, LatestVersion = 4, Rows = 305, DeliveredAt = Now.AddHours(-2), Run = DeliveringId },
        Delivery("partner", "gold.delays_by_airport", "partner exports/delays.csv.gz", "s3", "partner", DeliveryKind.Replace) with { Version = 2, LatestVersion = 4, Pending = 2, Rows = 301, Bytes = 18_220, DeliveredAt = Now.AddDays(-3), Run = "run_7c11" },
        Delivery("archive", "bronze.flights", "file archive/flights", "file", null, DeliveryKind.Append) with { LatestVersion = 4, Pending = 5 },
        Delivery("later", "gold.not_yet", "crm_db later", "postgres", "crm_db", DeliveryKind.Replace),
    ];

    private static DeliveryEntry Delivery(string name, string table, string target, string connector, string? connection, DeliveryKind mode) =>
        new() { Pipeline = DeliveringPipeline, Name = name, Table = table, Target = target, Connector = connector, Connection = connection, Mode = mode, Job = "delivery." + name };

    private static IReadOnlyList<JobRun> DeliveringJobs { get; } =
    [
        Job("ingest.flights", JobKind.Ingest, RunState.Succeeded, [], new RowCounts(305, 305, 0, 0, 0)),
        Job("gold.delays_by_airport", JobKind.Gold, RunState.Succeeded, ["ingest.flights"], new RowCounts(305, 305, 0, 0, 0)),
        Job("delivery.crm", JobKind.Delivery, RunState.Succeeded, ["gold.delays_by_airport"], new RowCounts(12, 12, 0, 0, 0)) with { Table = null, TableVersion = null, Bytes = 0, Note = "changes: 12 rows of gold.delays_by_airport version 4 → crm_db reporting.delays" },
        Job("delivery.partner", JobKind.Delivery, RunState.Failed, ["gold.delays_by_airport"], default) with
        {
            Table = null, Error = new JobError("FF2306", "partner: No route to host", "Look whether the destination is up and has room, then retry the run."), Attempt = 3,
        },
    ];

    private RunSummary DeliveringRun => Runs[1] with { Run = DeliveringId, Pipeline = DeliveringPipeline, State = RunState.Failed, Error = null };

    private PipelineDetail Delivering => Detail("flights")! with
    {
        Name = DeliveringPipeline, Schedule = null, Triggers = [], LastRun = DeliveringRun, Plan = new([.. DeliveringJobs.Select(j => new PlannedJob
        {
            Id = j.Id, Name = j.Name, Kind = j.Kind, DependsOn = j.DependsOn, Reads = [], Writes = j.Table,
            Reason = j.Kind == JobKind.Delivery ? $"delivers gold.delays_by_airport (made by gold.delays_by_airport) to {(j.Name == "crm" ? "crm_db reporting.delays" : "partner exports/delays.csv.gz")}" : "reads its source",
        })]),
    };
}
