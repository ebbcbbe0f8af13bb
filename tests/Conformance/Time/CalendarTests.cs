using System.Globalization;
using FlowForge.Temporal.DevServer.Schedules;
using Temporalio.Api.Schedule.V1;

namespace FlowForge.Conformance.Tests.Time;

/// <summary>When schedules act: calendars, cron strings, intervals, daylight saving.</summary>
public sealed class CalendarTests
{
    private static DateTime Utc(string text) => DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);

    private static string[] Times(ScheduleSpec spec, string after, int count)
    {
        var compiled = new CompiledSpec(CompiledSpec.Canonical(spec), "test");
        var times = new List<string>();
        DateTime? at = Utc(after);
        while (times.Count < count && compiled.Next(at.Value) is { } next)
        {
            times.Add(next.Actual.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
            at = next.Nominal;
        }
        return [.. times];
    }

    private static ScheduleSpec Cron(string cron) => new() { CronString = { cron } };

    [Fact]
    public void Next_SpringForward_SkipsTheTimeThatTheDayDoesNotHave() =>
        Assert.Equal(["2024-03-30T01:30:00", "2024-04-01T00:30:00"], Times(Cron("CRON_TZ=Europe/Berlin 30 2 * * *"), "2024-03-29T12:00:00", 2));

    [Fact]
    public void Next_AutumnBack_RunsTwice() =>
        Assert.Equal(["2024-10-27T00:30:00", "2024-10-27T01:30:00", "2024-10-28T01:30:00"], Times(Cron("CRON_TZ=Europe/Berlin 30 2 * * *"), "2024-10-26T12:00:00", 3));

    [Fact]
    public void Next_AcrossTheChange_KeepsTheLocalTime() =>
        Assert.Equal(["2024-03-30T08:00:00", "2024-03-31T07:00:00"], Times(Cron("CRON_TZ=Europe/Berlin 0 9 * * *"), "2024-03-29T12:00:00", 2));

    [Fact]
    public void Next_MidnightDoesNotExist_DayIsSkipped() =>
        // In Beirut the clock goes from 24:00 to 01:00.
        Assert.Equal(["2024-03-29T22:00:00", "2024-03-31T21:00:00"], Times(Cron("CRON_TZ=Asia/Beirut 0 0 * * *"), "2024-03-29T12:00:00", 2));

    [Fact]
    public void Next_HalfHourZone_IsExact() =>
        Assert.Equal(["2024-01-01T03:30:00"], Times(Cron("CRON_TZ=Asia/Kolkata 0 9 * * *"), "2024-01-01T00:00:00", 1));

    [Fact]
    public void Next_LeapDay_ComesEveryFourYears() =>
        Assert.Equal(["2024-02-29T00:00:00", "2028-02-29T00:00:00"], Times(Cron("0 0 29 2 *"), "2023-03-01T00:00:00", 2));

    [Fact]
    public void Next_LeapDayOfACentury_IsLeftOut() =>
        Assert.Equal(["2096-02-29T00:00:00", "2104-02-29T00:00:00"], Times(Cron("0 0 29 2 *"), "2092-03-01T00:00:00", 2));

    [Fact]
    public void Next_DayThatNeverComes_EndsAtOnce() => Assert.Equal([], Times(Cron("0 0 30 2 *"), "2024-01-01T00:00:00", 1));

    [Theory]
    [InlineData("*/15 * * * *", "2024-01-01T00:15:00")]
    [InlineData("0 12 * * MON-FRI", "2024-01-01T12:00:00")]
    [InlineData("0 12 * * 7", "2024-01-07T12:00:00")]
    [InlineData("0 0 1 jan,jul *", "2024-07-01T00:00:00")]
    [InlineData("@hourly", "2024-01-01T01:00:00")]
    [InlineData("@weekly", "2024-01-07T00:00:00")]
    [InlineData("0 0 1 1 * 2030", "2030-01-01T00:00:00")]
    [InlineData("15 30 4 * * * *", "2024-01-01T04:30:15")]
    [InlineData("@every 7m", "2024-01-01T00:01:00")]
    [InlineData("@every 1h/10m", "2024-01-01T00:10:00")]
    [InlineData("5 4 * * * # comment", "2024-01-01T04:05:00")]
    public void Next_CronStrings_AreRead(string cron, string expected) => Assert.Equal([expected], Times(Cron(cron), "2024-01-01T00:00:00", 1));

    [Theory]
    [InlineData("61 * * * *", "minute is not in range [0-59]: \"61\"")]
    [InlineData("* * * *", "cron string \"* * * *\" does not have 5-7 fields")]
    [InlineData("5-2 * * * *", "minute range \"5-2\" ends before it starts")]
    [InlineData("*/0 * * * *", "minute is not in range [0-59]: step of \"*/0\" is not a positive number")]
    [InlineData("TZ=Mars/Olympus 0 0 * * *", "unknown time zone Mars/Olympus")]
    [InlineData("@every 10ms", "cron string \"@every 10ms\": \"10ms\" is not a duration")]
    public void Canonical_BadCron_SaysWhat(string cron, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => CompiledSpec.Canonical(Cron(cron))).Message);

    [Fact]
    public void Next_ExcludedAndBounded_IsLeftOut()
    {
        var spec = new ScheduleSpec
        {
            Interval = { new IntervalSpec { Interval = Duration.FromTimeSpan(TimeSpan.FromHours(6)), Phase = Duration.FromTimeSpan(TimeSpan.FromHours(1)) } },
            ExcludeStructuredCalendar = { CalendarText.Structure(new CalendarSpec { Hour = "7" }) },
            StartTime = Timestamp.FromDateTime(Utc("2024-01-01T00:00:00")),
            EndTime = Timestamp.FromDateTime(Utc("2024-01-01T19:00:00")),
        };
        Assert.Equal(["2024-01-01T01:00:00", "2024-01-01T13:00:00", "2024-01-01T19:00:00"], Times(spec, "2023-06-01T00:00:00", 10));
    }

    [Fact]
    public void Next_Jitter_IsStableAndKeepsTheOrder()
    {
        var spec = new ScheduleSpec
        {
            Interval = { new IntervalSpec { Interval = Duration.FromTimeSpan(TimeSpan.FromMinutes(1)) } },
            Jitter = Duration.FromTimeSpan(TimeSpan.FromHours(1)),
        };
        var first = Times(spec, "2024-01-01T00:00:00", 50);
        Assert.Equal(first, Times(spec, "2024-01-01T00:00:00", 50));
        Assert.Equal(first.Order(), first);
        Assert.True(first.Distinct().Count() > 40);
        Assert.Contains(first, t => !t.EndsWith(":00", StringComparison.Ordinal));
    }

    [Fact]
    public void WorkflowCron_DayOfMonthOrWeekday_EitherCounts() =>
        Assert.Equal(Utc("2024-01-05T00:00:00"), CronSpec.NextAfter("0 0 13 * FRI", Utc("2024-01-01T00:00:00"), Utc("2024-01-01T00:00:00")));
}
