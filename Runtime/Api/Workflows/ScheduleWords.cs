using System.Globalization;
using Google.Protobuf.Collections;
using Temporalio.Api.Schedule.V1;
using Range = Temporalio.Api.Schedule.V1.Range;

namespace FlowForge.Api.Workflows;

/// <summary>The rules of a schedule as sentences: <c>At 02:00 on Monday to Friday (Europe/Berlin)</c>.</summary>
internal static class ScheduleWords
{
    private static readonly string[] Days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

    public static IReadOnlyList<string> Describe(ScheduleSpec? spec)
    {
        if (spec is null)
            return [];
        var zone = spec.TimezoneName is { Length: > 0 } name ? $" ({name})" : " (UTC)";
        return
        [
            .. spec.StructuredCalendar.Select(c => Calendar(c) + zone),
            // Servers that keep cron strings as they came.
            .. spec.CronString.Select(c => $"Cron {c}{zone}"),
            .. spec.Interval.Select(Interval),
            .. spec.ExcludeStructuredCalendar.Select(c => $"Not {Lower(Calendar(c))}{zone}")
        ];
    }

    private static string Interval(IntervalSpec i)
    {
        var phase = i.Phase?.ToTimeSpan() is { Ticks: > 0 } p ? $", {Span(p)} after" : "";
        return $"Every {Span(i.Interval.ToTimeSpan())}{phase}";
    }

    private static string Calendar(StructuredCalendarSpec c)
    {
        var comment = c.Comment.Length > 0 ? $" – {c.Comment}" : "";
        return Time(c) + DaysOf(c) + comment;
    }

    private static string Time(StructuredCalendarSpec c)
    {
        var (hours, minutes, seconds) = (Expand(c.Hour, 0, 23), Expand(c.Minute, 0, 59), Expand(c.Second, 0, 59));
        var second = seconds is [0] ? "" : seconds.Count == 60 ? ", every second" : seconds.Count == 1 ? $", second {seconds[0]}" : $", seconds {List(seconds)}";
        if (hours.Count * minutes.Count <= 6 && seconds.Count == 1)
            return "At " + Join([.. hours.SelectMany(h => minutes.Select(m => string.Create(CultureInfo.InvariantCulture, $"{h:00}:{m:00}{(seconds[0] == 0 ? "" : $":{seconds[0]:00}")}")))]);
        var minute = minutes.Count == 60 ? "Every minute" : Step(minutes, 60) is { } every ? $"Every {every} minutes" : $"At minute {List(minutes)}";
        var hour = hours.Count == 24 ? minutes.Count == 60 || Step(minutes, 60) is not null ? "" : " of every hour"
            : Step(hours, 24) is { } everyHour ? $" of every {Ordinal(everyHour)} hour" : $" of the hours {List(hours)}";
        return minute + second + hour;
    }

    private static string DaysOf(StructuredCalendarSpec c)
    {
        var (days, months, weekdays) = (Expand(c.DayOfMonth, 1, 31), Expand(c.Month, 1, 12), Expand(c.DayOfWeek, 0, 6));
        var parts = new List<string>();
        if (days.Count < 31)
            parts.Add($" on day {List(days)} of {(months.Count == 12 ? "the month" : Months(months))}");
        if (weekdays.Count < 7)
            parts.Add($"{(parts.Count > 0 ? ", if it is" : " on")} {List(weekdays, d => Days[d])}");
        if (parts.Count == 0)
            parts.Add(" every day");
        if (days.Count == 31 && months.Count < 12)
            parts.Add($" in {Months(months)}");
        if (c.Year.Count > 0)
            parts.Add($" of {string.Join(", ", c.Year.Select(y => y.End > y.Start ? $"{y.Start} to {y.End}" : y.Start.ToString(CultureInfo.InvariantCulture)))}");
        return string.Concat(parts);
    }

    private static string Months(IReadOnlyList<int> months) => List(months, m => CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(m));

    /// <summary>Runs of three and more as <c>1 to 5</c>.</summary>
    private static string List(IReadOnlyList<int> values, Func<int, string>? name = null)
    {
        name ??= v => v.ToString(CultureInfo.InvariantCulture);
        var parts = new List<string>();
        for (var i = 0; i < values.Count; i++)
        {
            var end = i;
            while (end + 1 < values.Count && values[end + 1] == values[end] + 1)
                end++;
            if (end - i >= 2)
            {
                parts.Add($"{name(values[i])} to {name(values[end])}");
                i = end;
            }
            else
                parts.Add(name(values[i]));
        }
        return Join(parts);
    }

    private static string Join(List<string> parts) => parts.Count < 2 ? string.Concat(parts) : $"{string.Join(", ", parts.Take(parts.Count - 1))} and {parts[^1]}";

    /// <summary>The values that a field means; an empty field means its default: all of them, but 0 for times of day.</summary>
    private static List<int> Expand(RepeatedField<Range> ranges, int low, int high)
    {
        if (ranges.Count == 0)
            return low == 0 && high > 6 ? [0] : [.. Enumerable.Range(low, high - low + 1)];
        var values = new SortedSet<int>();
        foreach (var range in ranges)
            for (var v = Math.Max(range.Start, low); v <= Math.Min(Math.Max(range.End, range.Start), high); v += Math.Max(1, range.Step))
                values.Add(v);
        return [.. values];
    }

    /// <summary>5 for 0, 5, 10 … to the end of the cycle.</summary>
    private static int? Step(List<int> values, int cycle)
    {
        if (values.Count < 2 || values[0] != 0)
            return null;
        var step = values[1];
        return step > 1 && cycle % step == 0 && values.Count == cycle / step && values.Select((v, i) => v == i * step).All(fits => fits) ? step : null;
    }

    private static string Ordinal(int n) => n switch { 2 => "second", 3 => "third", _ => $"{n}th" };

    private static string Lower(string text) => char.ToLowerInvariant(text[0]) + text[1..];

    private static string Span(TimeSpan span)
    {
        var parts = new (int Count, string Word)[] { (span.Days, "day"), (span.Hours, "hour"), (span.Minutes, "minute"), (span.Seconds, "second") }.Where(p => p.Count > 0).ToArray();
        return parts is [(1, var one)] ? one : Join([.. parts.Select(p => p.Count == 1 ? $"1 {p.Word}" : $"{p.Count} {p.Word}s")]);
    }
}
