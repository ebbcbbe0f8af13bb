using FlowForge.Contracts;

namespace FlowForge.Workbench.Graph;

/// <summary>One job as the graph shows it; planned jobs have no state.</summary>
/// <param name="Line">What stands under its name: rows, phase, reason.</param>
public sealed record JobNode(string Id, string Name, JobKind Kind, IReadOnlyList<string> DependsOn, bool IsReference, RunState? State, double? Progress, string? Line)
{
    public static JobNode Of(PlannedJob job) => new(job.Id, job.Name, job.Kind, job.DependsOn, job.IsReference, null, null, job.Kind == JobKind.Delivery ? To(job) : job.Writes ?? (job.WritesMany.Count > 0 || job.Reason.StartsWith("reads the tables", StringComparison.Ordinal) ? "many tables" : "lands files"));

    public static JobNode Of(JobRun job) => new(job.Id, job.Name, job.Kind, job.DependsOn, job.IsReference, job.State, job.Progress, Words(job));

    /// <summary>A delivery's reason ends with where to.</summary>
    private static string To(PlannedJob job) => job.Reason.LastIndexOf(" to ", StringComparison.Ordinal) is > 0 and var at ? job.Reason[(at + 1)..] : "delivers";

    private static string Words(JobRun job) => job.State switch
    {
        RunState.Running => string.Join(" · ", new[] { job.Phase, Parts.Figures.Short(job.Rows.Read) + " rows", job.RowsPerSecond is > 0 ? Parts.Figures.Rate(job.RowsPerSecond) : null }.OfType<string>()),
        RunState.Succeeded => job.Rows.Read == 0 && job.Note is not null ? job.Note
            : Parts.Figures.Count(job.Rows.Loaded, "row") + (job.Rows.Rejected > 0 ? $" · {Parts.Figures.Short(job.Rows.Rejected)} rejected" : ""),
        RunState.Failed => job.Error?.Code ?? "failed",
        RunState.Held => "waits for approval",
        RunState.Skipped => job.Note ?? "skipped",
        RunState.Queued when job.Phase is not null => job.Phase,
        _ => job.Table ?? "",
    };
}
