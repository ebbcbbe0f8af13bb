using FlowForge.Contracts;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class Sample
{
    public RunDetail Run(string run)
    {
        var s = Runs.FirstOrDefault(r => r.Run == run) ?? (run == DeliveringId ? DeliveringRun : run == UnloggedId ? Runs.First(r => r.Run == DoneId) with { Run = UnloggedId } : Runs[0]);
        return new RunDetail
        {
            Run = s.Run, Pipeline = s.Pipeline, PipelineVersion = s.PipelineVersion, Trigger = s.Trigger, State = s.State, QueuedAt = s.QueuedAt, StartedAt = s.StartedAt, FinishedAt = s.FinishedAt, Seconds = s.Seconds,
            Rows = s.Rows, Bytes = s.Bytes, JobsDone = s.JobsDone, JobsTotal = s.JobsTotal, Progress = s.Progress, Error = s.Error, WorkflowId = "run/" + s.Run, Samples = s.StartedAt is null ? 0 : 60, Jobs = run == DeliveringId ? DeliveringJobs : Jobs(s.State),
            LogRemovedAt = run == UnloggedId ? Now.AddDays(-3) : null,
        };
    }

    public IReadOnlyList<RunEvent> RunEvents(string run)
    {
        var detail = Run(run);
        return [new RunEvent(RunEvent.Ready, run), new RunEvent(RunEvent.RunChanged, run) { Run = Runs.FirstOrDefault(r => r.Run == detail.Run) ?? DeliveringRun }, .. detail.Jobs.Select(j => new RunEvent(RunEvent.JobChanged, run) { Job = j })];
    }

    public IReadOnlyList<LogEntry> Logs(long after, string? level, string? search)
    {
        RunLogLevel[] levels = [RunLogLevel.Debug, RunLogLevel.Info, RunLogLevel.Info, RunLogLevel.Warning, RunLogLevel.Info, RunLogLevel.Error];
        string[] texts = ["Plan of 7 jobs, 3 can start at once", "Landed flights-2001-01.json (41.2 MB, sha256 9f2c…)", "Read 250,000 rows at 1.1 M rows/s", "11 rows rejected: date is not a timestamp", "Committed bronze.flights version 4", "flights-2001.json line 88,120 is not JSON"];
        var lowest = Enum.TryParse<RunLogLevel>(level, true, out var l) ? l : RunLogLevel.Debug;
        return [.. Enumerable.Range(1, 60).Select(i => new LogEntry(i, Now.AddSeconds(i - 60), levels[i % 6], i % 4 == 0 ? null : "ingest.flights", texts[i % 6]))
            .Where(e => e.Id > after && e.Level >= lowest && (search is null || e.Message.Contains(search, StringComparison.OrdinalIgnoreCase)))];
    }

    private static IReadOnlyList<JobRun> Jobs(RunState run)
    {
        var failed = run == RunState.Failed;
        var done = run == RunState.Succeeded;
        var later = done ? RunState.Succeeded : failed ? RunState.Skipped : run == RunState.Cancelled ? RunState.Cancelled : RunState.Queued;
        var flights = done ? RunState.Succeeded : failed ? RunState.Failed : run == RunState.Cancelled ? RunState.Cancelled : RunState.Running;
        return
        [
            Job("ingest.airports", JobKind.Ingest, RunState.Succeeded, [], new RowCounts(3_376, 3_376, 0, 0, 0), reference: true),
            Job("ingest.flights", JobKind.Ingest, flights, ["ingest.airports"], done ? new RowCounts(3_003_190, 2_999_804, 11, 3_375, 0) : new RowCounts(1_200_955, 1_200_944, 11, 0, 0)) with
            {
                Attempt = failed ? 3 : 1, Progress = done ? 1 : 0.41, Phase = "read", RowsPerSecond = 1_120_000, RejectsTable = "bronze.flights__rejects",
                Error = failed ? new JobError("FF2020", "flights-2001.json, record 88,120 (byte 41,220,117): Malformed JSON: unexpected end of data.\n{\"date\":\"2001-03-14 08:2", "Mend the file, or set error_handling: quarantine with a quarantine_path to keep such records aside.") : null,
                Attempts = failed ? [Try(1), Try(2), Try(3)] : [new JobAttempt(1, flights, Now.AddSeconds(-48), null, null)],
            },
            Job("ingest.weather", JobKind.Ingest, done || failed ? RunState.Succeeded : RunState.Running, ["ingest.airports"], new RowCounts(2_922, 2_922, 0, 0, 0)) with { Progress = 0.8, Phase = "publish" },
            Job("silver.flights_clean", JobKind.Silver, later, ["ingest.flights"], done ? new RowCounts(2_999_804, 2_998_811, 0, 0, 993) : default) with
            {
                Checks = done ? [new CheckOutcome("not_null(origin, date)", true, CheckAction.Fail, 0, null), new CheckOutcome("range(delay, -120..1440)", false, CheckAction.Warn, 12, "12 rows outside") { Run = DoneId, Job = "silver.flights_clean" }] : [],
                Note = failed ? "ingest.flights failed" : null,
            },
            Job("silver.weather_daily", JobKind.Silver, failed ? RunState.Succeeded : later, ["ingest.weather"], new RowCounts(2_922, 2_922, 0, 0, 0)),
            Job("gold.delays_by_airport", JobKind.Gold, later, ["silver.flights_clean", "ingest.airports"], done ? new RowCounts(305, 305, 0, 0, 0) : default) with { Note = failed ? "silver.flights_clean was skipped" : null },
            Job("gold.delays_by_hour", JobKind.Gold, later, ["silver.flights_clean"], done ? new RowCounts(24, 24, 0, 0, 0) : default) with { Note = failed ? "silver.flights_clean was skipped" : null },
        ];

        static JobAttempt Try(int n) => new(n, RunState.Failed, Now.AddSeconds(-40 + n * 8), Now.AddSeconds(-38 + n * 8), new JobError("FF2020", "record 88,120: Malformed JSON", null));
    }

    private static JobRun Job(string id, JobKind kind, RunState state, string[] waitsFor, RowCounts rows, bool reference = false) => new()
    {
        Id = id, Name = id[(id.IndexOf('.') + 1)..], Kind = kind, State = state, DependsOn = waitsFor, IsReference = reference, Attempt = state == RunState.Queued ? 0 : 1, Rows = rows, Bytes = rows.Read * 31,
        StartedAt = state is RunState.Queued or RunState.Skipped ? null : Now.AddSeconds(-48), FinishedAt = state.IsFinal() ? Now.AddSeconds(-45) : null, Seconds = state is RunState.Queued or RunState.Skipped ? null : 3.1,
        Progress = state == RunState.Succeeded ? 1 : null, Table = (kind == JobKind.Ingest ? "bronze" : kind.ToString().ToLowerInvariant()) + id[id.IndexOf('.')..], TableVersion = state == RunState.Succeeded ? 4 : null,
    };
}
