using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Orchestration.Backfills;

/// <summary>Cuts a range of time into the intervals of a backfill. Pure.</summary>
public static class BackfillIntervals
{
    /// <summary>More intervals than this are refused: nobody looks through such a list, and several backfills do as well.</summary>
    public const int Most = 1000;

    public const string BySchedule = "schedule";

    /// <summary>Oldest first; the last one ends with the range. One more than <see cref="Most"/> at the most.</summary>
    /// <param name="range">Start before end.</param>
    /// <param name="step"><c>schedule</c>: from fire time to fire time; else a duration such as <c>1d</c>.</param>
    /// <param name="schedule">The pipeline's; needed for <c>schedule</c>.</param>
    /// <exception cref="FormatException">The step is not understood, or there is no schedule.</exception>
    public static IReadOnlyList<DataInterval> Split(DataInterval range, string step, ScheduleDefinition? schedule)
    {
        Func<DateTimeOffset, DateTimeOffset?> next;
        var at = range.Start;
        if (step == BySchedule)
        {
            var open = (schedule ?? throw new FormatException("The pipeline has no schedule to take the intervals from.")) with { Start = null, End = null };
            next = t => NextRuns.After(open, t);
            // A scheduled run begins at a fire time: what lies before the first one belongs to an interval that began earlier.
            if (next(at.AddTicks(-1)) is not { } first || first >= range.End) return [];
            at = first;
        }
        else
        {
            var length = Durations.Parse(step) is { } parsed && parsed >= TimeSpan.FromSeconds(1) ? parsed : throw new FormatException($"'{step}' is no step.");
            next = t => length < range.End - t ? t + length : range.End;
        }
        var intervals = new List<DataInterval>();
        while (at < range.End && intervals.Count <= Most)
        {
            var end = next(at) is { } n && n < range.End ? n : range.End;
            // The range ends inside the schedule's last interval: it is not whole, and no scheduled run is about it.
            if (step == BySchedule && end == range.End && next(at) != range.End) break;
            intervals.Add(new(at, end));
            at = end;
        }
        return intervals;
    }
}
