using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.AppHost.Runs;

/// <summary>What <c>run --json</c> prints: a stable object for scripts.</summary>
internal sealed record RunReport(string Run, RunState State, double Seconds, IReadOnlyList<RunReportJob> Jobs, IReadOnlyList<RunReportTable> Tables)
{
    public static RunReport Of(RunDetail run) => new(run.Run, run.State, Round(run.Seconds), [.. run.Jobs.Select(RunReportJob.Of)],
        [.. run.Tables.Select(t => new RunReportTable(t.Table, t.Version, t.Rows))]);

    public string ToJson() => JsonSerializer.Serialize(this, ContractsJson.Options);

    internal static double Round(double? seconds) => Math.Round(seconds ?? 0, 3);
}

/// <summary>One job; rows as in the row equation.</summary>
internal sealed record RunReportJob(string Name, JobKind Kind, RunState State, long Read, long Loaded, long Rejected, long Deduplicated, long Filtered,
    long Bytes, double Seconds)
{
    public static RunReportJob Of(JobRun job) => new(job.Name, job.Kind, job.State, job.Rows.Read, job.Rows.Loaded, job.Rows.Rejected,
        job.Rows.Deduplicated, job.Rows.Filtered, job.Bytes, RunReport.Round(job.Seconds));
}

/// <summary>One table that the run committed.</summary>
internal sealed record RunReportTable(string Table, long Version, long Rows);
