using System.Globalization;

namespace FlowForge.Pipelines.Tests;

public sealed class CronExpressionTests
{
    [Theory]
    [InlineData("* * * * *", "2024-05-17 12:00", "2024-05-17 12:01")]
    [InlineData("*/15 * * * *", "2024-05-17 12:46", "2024-05-17 13:00")]
    [InlineData("5/20 * * * *", "2024-05-17 12:46", "2024-05-17 13:05")]
    [InlineData("0 2 * * *", "2024-05-17 02:00", "2024-05-18 02:00")]
    [InlineData("0 2 * * *", "2024-05-17 01:59", "2024-05-17 02:00")]
    [InlineData("30 6,18 * * 1-5", "2024-05-17 18:30", "2024-05-20 06:30")] // Friday to Monday
    [InlineData("0 0 * * 7", "2024-05-17 00:00", "2024-05-19 00:00")]
    [InlineData("0 0 * * SUN", "2024-05-17 00:00", "2024-05-19 00:00")]
    [InlineData("0 0 * * 5-7", "2024-05-18 12:00", "2024-05-19 00:00")]
    [InlineData("0 0 * jan-mar/2 *", "2024-01-31 00:00", "2024-03-01 00:00")]
    [InlineData("0 0 31 * *", "2024-05-31 00:00", "2024-07-31 00:00")]
    [InlineData("0 0 29 2 *", "2024-03-01 00:00", "2028-02-29 00:00")]
    [InlineData("0 0 29 2 *", "2096-03-01 00:00", "2104-02-29 00:00")] // 2100 is no leap year
    [InlineData("0 0 13 * 5", "2024-05-17 00:00", "2024-05-24 00:00")] // either the 13th or a Friday
    [InlineData("0 0 13 * *", "2024-05-17 00:00", "2024-06-13 00:00")]
    [InlineData("0 0 ? * 5", "2024-05-17 00:00", "2024-05-24 00:00")]
    [InlineData("@yearly", "2024-05-17 00:00", "2025-01-01 00:00")]
    [InlineData("@monthly", "2024-05-17 00:00", "2024-06-01 00:00")]
    [InlineData("@weekly", "2024-05-17 00:00", "2024-05-19 00:00")]
    [InlineData("@daily", "2024-05-17 00:00", "2024-05-18 00:00")]
    [InlineData("@hourly", "2024-05-17 00:00", "2024-05-17 01:00")]
    public void Next_Utc_IsTheFirstThatFits(string cron, string after, string expected) =>
        Assert.Equal(Utc(expected), Cron(cron).Next(Utc(after), TimeZoneInfo.Utc));

    [Fact]
    public void Next_SecondsPastTheMinute_IsTheNextMinute() =>
        Assert.Equal(Utc("2024-05-17 12:01"), Cron("* * * * *").Next(Utc("2024-05-17 12:00").AddSeconds(30), TimeZoneInfo.Utc));

    [Fact]
    public void Next_DayThatNeverComes_IsNull() => Assert.Null(Cron("0 0 30 2 *").Next(Utc("2024-05-17 00:00"), TimeZoneInfo.Utc));

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * *")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("* * * * 8")]
    [InlineData("*/0 * * * *")]
    [InlineData("5-1 * * * *")]
    [InlineData("1-2-3 * * * *")]
    [InlineData(", * * * *")]
    [InlineData("-1 * * * *")]
    [InlineData("1/2/3 * * * *")]
    [InlineData("* * L * *")]
    [InlineData("* * * * MON#1")]
    [InlineData("١ * * * *")]
    [InlineData("99999999999 * * * *")]
    public void TryParse_NoCron_SaysWhy(string text)
    {
        Assert.False(CronExpression.TryParse(text, out _, out var problem));
        Assert.EndsWith(".", problem, StringComparison.Ordinal);
    }

    // Berlin: on 31 March 2024 the clock goes from 02:00 to 03:00 (01:00 UTC), on 27 October from 03:00 to 02:00 (01:00 UTC).
    [Theory]
    [InlineData("30 2 * * *", "2024-03-30 12:00", "2024-03-31 01:00 | 2024-04-01 00:30")] // does not exist: when the gap ends
    [InlineData("0,30 2 * * *", "2024-03-30 12:00", "2024-03-31 01:00 | 2024-04-01 00:00 | 2024-04-01 00:30")]
    [InlineData("0 3 * * *", "2024-03-30 12:00", "2024-03-31 01:00 | 2024-04-01 01:00")]
    [InlineData("*/30 * * * *", "2024-03-31 00:15", "2024-03-31 00:30 | 2024-03-31 01:00 | 2024-03-31 01:30")] // no half hour is left out or doubled
    [InlineData("*/30 2 * * *", "2024-03-30 12:00", "2024-04-01 00:00 | 2024-04-01 00:30")] // the whole hour is not there
    [InlineData("30 2 * * *", "2024-10-26 12:00", "2024-10-27 00:30 | 2024-10-28 01:30")] // comes twice: the first time
    [InlineData("*/30 * * * *", "2024-10-27 00:15", "2024-10-27 00:30 | 2024-10-27 01:00 | 2024-10-27 01:30 | 2024-10-27 02:00")]
    [InlineData("0 3 * * *", "2024-10-26 12:00", "2024-10-27 02:00 | 2024-10-28 02:00")]
    public void Next_ClocksChangeInBerlin_RunsAsAPersonExpects(string cron, string after, string expected) =>
        Assert.Equal(expected, Moments(cron, "Europe/Berlin", after, expected.Split('|').Length));

    [Theory]
    [InlineData("America/New_York", "30 2 * * *", "2024-03-09 12:00", "2024-03-10 07:00 | 2024-03-11 06:30")]
    [InlineData("Australia/Lord_Howe", "15 2 * * *", "2024-10-05 12:00", "2024-10-05 15:30 | 2024-10-06 15:15")] // clocks change by half an hour
    [InlineData("Asia/Kathmandu", "0 0 * * *", "2024-05-17 12:00", "2024-05-17 18:15 | 2024-05-18 18:15")]
    [InlineData("Africa/Cairo", "0 0 * * *", "2024-04-25 12:00", "2024-04-25 22:00 | 2024-04-26 21:00")] // the gap begins at midnight
    [InlineData("America/Santiago", "30 0 * * *", "2024-09-07 12:00", "2024-09-08 04:00 | 2024-09-09 03:30")]
    [InlineData("Pacific/Apia", "0 12 * * *", "2011-12-29 00:00", "2011-12-29 22:00 | 2011-12-30 22:00")] // 30 December 2011 was left out
    public void Next_ElsewhereInTheWorld_RunsAsAPersonExpects(string zone, string cron, string after, string expected) =>
        Assert.Equal(expected, Moments(cron, zone, after, expected.Split('|').Length));

    [Theory]
    [InlineData("30 2 * * *", "2024-10-27 00:30", false)]
    [InlineData("30 2 * * *", "2024-10-27 01:30", true)]
    [InlineData("30 2 * * *", "2024-10-26 00:30", false)]
    [InlineData("30 3 * * *", "2024-10-27 01:30", false)]
    [InlineData("*/30 * * * *", "2024-10-27 01:30", false)]
    public void IsRepetition_ClocksGoBack_OnlyTheSecondComing(string cron, string moment, bool expected) =>
        Assert.Equal(expected, Cron(cron).IsRepetition(Utc(moment), TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")));

    [Fact]
    public void Next_EveryDayOfTenYears_RunsOncePerLocalDay()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var cron = Cron("30 2 * * *");
        var at = Utc("2020-01-01 12:00");
        for (var day = new DateOnly(2020, 1, 2); day.Year < 2030; day = day.AddDays(1))
        {
            at = cron.Next(at, zone)!.Value;
            Assert.Equal(day, DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime));
        }
    }

    [Fact]
    public void NextRuns_StartAndEnd_AreIncluded()
    {
        var schedule = new ScheduleDefinition { Cron = "0 0 * * *", Start = Utc("2024-06-01 00:00"), End = Utc("2024-06-03 00:00") };
        Assert.Equal([Utc("2024-06-01 00:00"), Utc("2024-06-02 00:00"), Utc("2024-06-03 00:00")], schedule.Next(Utc("2024-05-17 00:00"), 10));
        Assert.Equal([Utc("2024-06-02 00:00")], schedule.Next(Utc("2024-06-01 00:00"), 1));
        Assert.Equal(Utc("2024-06-01 00:00"), NextRuns.After(schedule, Utc("2024-05-17 00:00")));
        Assert.Null(NextRuns.After(schedule, Utc("2024-06-03 00:00")));
        Assert.Throws<FormatException>(() => (schedule with { Cron = "x" }).Next(Utc("2024-05-17 00:00"), 1));
    }

    private static string Moments(string cron, string zone, string after, int count) => string.Join(
        " | ",
        new ScheduleDefinition { Cron = cron, Timezone = zone }.Next(Utc(after), count).Select(m => m.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)));

    private static CronExpression Cron(string text)
    {
        Assert.True(CronExpression.TryParse(text, out var cron, out var problem), problem);
        return cron;
    }

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
