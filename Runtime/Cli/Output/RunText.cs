using FlowForge.Contracts;

namespace FlowForge.Cli.Output;

/// <summary>A run as text: jobs with their row equations, tables, errors with their remedies.</summary>
internal static class RunText
{
    public static void Write(RunDetail run)
    {
        Console.Out.WriteLine($"{run.Run}: {run.Pipeline} version {run.PipelineVersion}, {Lines.State(run)}{(run.Seconds is { } s ? $" in {Lines.Seconds(s)} s" : "")}");
        if (run.Interval is not null)
            Console.Out.WriteLine("data interval: " + Lines.Interval(run.Interval));
        if (run.Waiting is { } waiting)
            Console.Out.WriteLine("waiting: " + waiting);
        TextTable.Write(Console.Out, ["job", "state", "read", "loaded", "rejected", "deduplicated", "filtered", "seconds", "table", "version"], run.Jobs.Select(j => new[]
        {
            j.Id, Lines.Word(j.State), Lines.Count(j.Rows.Read), Lines.Count(j.Rows.Loaded), Lines.Count(j.Rows.Rejected), Lines.Count(j.Rows.Deduplicated),
            Lines.Count(j.Rows.Filtered), Lines.Seconds(j.Seconds), j.Table, Lines.Number(j.TableVersion)
        }));
        foreach (var job in run.Jobs.Where(j => j.Error is not null))
            Lines.Error($"{job.Id}: {job.Error!.Code} {job.Error.Message}", job.Error.Suggestion);
        foreach (var code in run.Jobs.Select(j => j.Error?.Code).OfType<string>().Distinct().Where(c => Explanation.Find(c) is not null))
            Console.Error.WriteLine($"  More about {code}: flowforge explain {code}");
        foreach (var (job, check) in run.Jobs.SelectMany(j => j.Checks.Where(c => !c.Passed).Select(c => (j, c))))
            Console.Error.WriteLine($"{job.Id}: check {check.Name} does not hold: {check.Message ?? Lines.Count(check.Failing) + " rows"}");
    }
}
