using FlowForge.Temporal.DevServer.Persistence;

namespace FlowForge.Temporal.DevServer.Schedules;

/// <summary>What to do with the starts that wait, given whether a run of the schedule is going on.</summary>
internal sealed record OverlapDecision
{
    /// <summary>Starts that do not mind others.</summary>
    public List<BufferedStart> Overlapping { get; } = [];

    /// <summary>The one start that follows the rule of one at a time.</summary>
    public BufferedStart? Single { get; set; }

    /// <summary>What goes on waiting.</summary>
    public List<BufferedStart> Buffer { get; } = [];

    public bool CancelRunning { get; set; }

    public bool TerminateRunning { get; set; }

    public int Skipped { get; set; }
}

/// <summary>The overlap policies.</summary>
internal static class OverlapRules
{
    public static OverlapDecision Decide(IEnumerable<BufferedStart> waiting, bool running, ScheduleOverlapPolicy standard)
    {
        var decision = new OverlapDecision();
        foreach (var start in waiting)
        {
            var policy = Resolve(start.OverlapPolicy, standard);
            if (policy == ScheduleOverlapPolicy.AllowAll)
            {
                decision.Overlapping.Add(start);
            }
            else if (!running && decision.Single is null)
            {
                decision.Single = start;
            }
            else
            {
                Overlap(decision, start, policy, running);
            }
        }
        return decision;
    }

    public static ScheduleOverlapPolicy Resolve(ScheduleOverlapPolicy own, ScheduleOverlapPolicy standard) =>
        own != ScheduleOverlapPolicy.Unspecified ? own
        : standard != ScheduleOverlapPolicy.Unspecified ? standard
        : ScheduleOverlapPolicy.Skip;

    private static void Overlap(OverlapDecision decision, BufferedStart start, ScheduleOverlapPolicy policy, bool running)
    {
        switch (policy)
        {
            case ScheduleOverlapPolicy.BufferOne when decision.Buffer.Count == 0:
            case ScheduleOverlapPolicy.BufferAll:
                decision.Buffer.Add(start);
                break;
            case ScheduleOverlapPolicy.CancelOther or ScheduleOverlapPolicy.TerminateOther when running:
                // The running one ends, and the newest takes its place; older ones of the same kind lose theirs.
                decision.CancelRunning |= policy == ScheduleOverlapPolicy.CancelOther;
                decision.TerminateRunning |= policy == ScheduleOverlapPolicy.TerminateOther;
                decision.Skipped += decision.Buffer.RemoveAll(b => b.OverlapPolicy == start.OverlapPolicy);
                decision.Buffer.Add(start);
                break;
            case ScheduleOverlapPolicy.CancelOther or ScheduleOverlapPolicy.TerminateOther:
                // Nothing runs yet but one that was about to: this one is newer.
                decision.Single = start;
                decision.Skipped++;
                break;
            default:
                decision.Skipped++;
                break;
        }
    }
}
