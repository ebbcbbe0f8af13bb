using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Api.Tests;

/// <summary>Runs as a working day leaves them.</summary>
internal static class SampleCatalog
{
    public const string Succeeded = "run_ok";
    public const string Failed = "run_bad";

    public static void Fill(string file)
    {
        using var catalog = CatalogDatabase.Open(file);
        var now = DateTimeOffset.UtcNow;
        Run(Succeeded, now.AddHours(-2), now.AddHours(-2).AddSeconds(90));
        catalog.Runs.UpsertJobs(
        [
            new JobRunRecord { RunId = Succeeded, JobId = "ingest.orders", Name = "orders", Kind = JobKind.Ingest, Table = "bronze.orders" },
            new JobRunRecord { RunId = Succeeded, JobId = "gold.totals", Name = "totals", Kind = JobKind.Gold, Table = "gold.totals", DependsOn = ["ingest.orders"] }
        ]);
        Job(new JobRunRecord
        {
            RunId = Succeeded, JobId = "ingest.orders", Name = "orders", Kind = JobKind.Ingest, State = RunState.Succeeded, Attempt = 2,
            Counts = new RowCounts(100, 95, 3, 1, 1), Bytes = 5000, StartedAt = now.AddHours(-2), FinishedAt = now.AddHours(-2).AddSeconds(50), Table = "bronze.orders", TableVersion = 1
        });
        Job(new JobRunRecord
        {
            RunId = Succeeded, JobId = "gold.totals", Name = "totals", Kind = JobKind.Gold, State = RunState.Succeeded, Attempt = 1,
            Counts = new RowCounts(95, 95), StartedAt = now.AddHours(-2).AddSeconds(50), FinishedAt = now.AddHours(-2).AddSeconds(90), Table = "gold.totals", TableVersion = 0
        });
        catalog.Runs.AddAttempt(new AttemptRecord(Succeeded, "ingest.orders", 1, RunState.Failed, now.AddHours(-2), now.AddHours(-2).AddSeconds(5), new RunError("FF2001", "The disk was full.", "Make room.")));
        catalog.Runs.AddAttempt(new AttemptRecord(Succeeded, "ingest.orders", 2, RunState.Succeeded, now.AddHours(-2).AddSeconds(10), now.AddHours(-2).AddSeconds(50), null));
        catalog.Checks.Record(Succeeded, "gold.totals", "gold.totals", [new CheckOutcome("unique(region)", CheckAction.Warn, false, 2, "2 rows share a key.")], now, new Dictionary<string, IReadOnlyList<string>> { ["unique(region)"] = ["""{"region":"n"}""", """{"region":"n"}"""] });
        catalog.Runs.SetState(Succeeded, RunState.Succeeded, null, now.AddHours(-2).AddSeconds(90));
        catalog.Logs.Append(Succeeded, null, JobLogLevel.Info, now, "run begins");
        catalog.Logs.Append(Succeeded, "ingest.orders", JobLogLevel.Warning, now, "3 rows rejected");
        catalog.Logs.Append(Succeeded, "ingest.orders", JobLogLevel.Info, now, "published version 1");

        Run(Failed, now.AddHours(-1), null);
        Job(new JobRunRecord
        {
            RunId = Failed, JobId = "ingest.orders", Name = "orders", Kind = JobKind.Ingest, State = RunState.Failed, Attempt = 1, StartedAt = now.AddHours(-1),
            FinishedAt = now.AddHours(-1).AddSeconds(3), Table = "bronze.orders", Error = new RunError("FF2002", "No file matches data/*.csv.", "Check config.path.")
        });
        catalog.Runs.SetState(Failed, RunState.Failed, new RunError("FF3001", "1 of 1 jobs failed.", null), now.AddHours(-1).AddSeconds(3));
        catalog.Rejects.Record("bronze.orders", Succeeded, new Dictionary<string, long> { ["not_a_number"] = 2, ["missing"] = 1 });
        catalog.Lineage.Record("gold.totals", "orders", "gold.totals", ["bronze.orders"]);
        catalog.ColumnLineage.Record("gold.totals", 0,
        [
            new ColumnEdge("gold.totals", "region", "copied", "bronze.orders", "customer"), new ColumnEdge("gold.totals", "total", "aggregated", "bronze.orders", "amount"),
            new ColumnEdge("gold.totals", null, "condition", "bronze.orders", "amount")
        ]);

        void Run(string id, DateTimeOffset queued, DateTimeOffset? _)
        {
            catalog.Runs.Create(new RunRecord { RunId = id, Pipeline = "orders", PipelineVersion = 1, Trigger = "schedule", QueuedAt = queued, WorkflowId = "run/" + id });
            catalog.Runs.SetState(id, RunState.Running, null, queued);
        }

        void Job(JobRunRecord job) => Assert.True(catalog.Runs.UpsertJob(job));
    }
}
