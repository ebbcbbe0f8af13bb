using FlowForge.Contracts;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class Sample
{
    public static readonly IReadOnlyList<Ingestion> Ingested =
    [
        new() { Run = RunningId, Pipeline = "flights", Job = "ingest.flights", Table = "bronze.flights", Connector = "file", Trigger = "manual", State = RunState.Succeeded, StartedAt = Now.AddMinutes(-9), FinishedAt = Now.AddMinutes(-8), Seconds = 61,
            Fetched = 3_000_000, Loaded = 2_999_800, Skipped = 191, Rejected = 9, Bytes = 210_000_000, Changes = new RowChanges(2_999_800, 0, 0, 0) },
        new() { Run = "run_8f1f", Pipeline = "movies", Job = "ingest.movies", Table = "bronze.movies", Connector = "shop", Connection = "shop_db", Trigger = "schedule", State = RunState.Failed, StartedAt = Now.AddHours(-2), FinishedAt = Now.AddHours(-2).AddSeconds(4), Seconds = 4,
            Fetched = 12, Error = new JobError("FF2003", "connection refused by db.example.com", "Start it.") },
    ];

    public static readonly IReadOnlyList<SourceCard> Cards =
    [
        new() { Pipeline = "flights", Job = "flights", Kind = SourceKind.File, Connector = "file", ConnectorTitle = "Local files", Reads = "data/flights-*.json", Table = "bronze.flights", LastSync = Ingested[0], NextSync = Now.AddHours(9), FilesRead = 12, HeldChanges = 1,
            NewestFiles = [new("data/flights-2000.json", 1_200_000, 20_000, Now.AddMinutes(-9), Now.AddDays(-1), false), new("data/copy of flights-2000.json", 1_200_000, 0, Now.AddMinutes(-9), null, true)] },
        new() { Pipeline = "movies", Job = "movies", Kind = SourceKind.Database, Connector = "shop", ConnectorTitle = "Shop database", Connection = "shop_db", Host = "db.example.com", Reads = "public.movies", Table = "bronze.movies", LastTest = new(true, "Shop 15.3", null, 0.2, Now.AddHours(-2)),
            LastSync = Ingested[1], Errors24h = 3, Watermark = "2026-11-20T08:00:00Z", Health = [new("replication_lag", 1.5, "s", Now)] },
        new() { Pipeline = "web", Job = "visits", Kind = SourceKind.Api, Connector = "rest", ConnectorTitle = "REST API", Reads = "https://api.example.com/v1/visits", Table = "bronze.visits" },
    ];
}
