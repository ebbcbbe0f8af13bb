using static FlowForge.Pipelines.Tests.Parsing;

namespace FlowForge.Pipelines.Tests;

/// <summary>Values of a run in the texts of a pipeline.</summary>
public sealed class PlaceholderTests
{
    private static readonly Dictionary<string, string> Values = new() { ["interval.start"] = "2026-05-01T00:00:00Z", ["param.name"] = "O'Hara" };

    [Theory]
    [InlineData("SELECT ${param.name}", "SELECT getvariable('name')")]
    [InlineData("at >= ${interval.start} AND n = 'x${param.name}y'", "at >= getvariable('interval_start') AND n = 'x'||getvariable('name')||'y'")]
    [InlineData("it''s ${secret:x} ${other}", "it''s ${secret:x} ${other}")]
    public void InDatasetSql_BecomesVariables(string sql, string expected) => Assert.Equal(expected, Placeholders.InDatasetSql(sql));

    [Theory]
    [InlineData("at >= ${interval.start}", "at >= '2026-05-01T00:00:00Z'")]
    [InlineData("n = ${param.name}", "n = 'O''Hara'")]
    [InlineData("n LIKE '%${param.name}%' AND 'a' = ${param.name}", "n LIKE '%O''Hara%' AND 'a' = 'O''Hara'")]
    [InlineData("${param.absent}", "${param.absent}")]
    public void InSql_BecomesALiteral_ThatCannotEndItsQuotes(string sql, string expected) => Assert.Equal(expected, Placeholders.InSql(sql, Values));

    [Fact]
    public void Fill_Config_SqlSettingsGetLiterals_OthersText()
    {
        var job = GoodJob("source_type: db_query", "config: { connection_id: c, query: \"SELECT * FROM t WHERE at < ${interval.end}\", options: { tag: \"from ${interval.start} for ${param.p}\" } }");
        var day = new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);
        var filled = Placeholders.Fill(job, new Dictionary<string, string> { ["p"] = "x" }, (day, day.AddDays(1)));
        Assert.Equal("SELECT * FROM t WHERE at < '2026-05-02T00:00:00Z'", filled.Config["query"]!.ToString());
        Assert.Equal("from 2026-05-01T00:00:00Z for x", filled.Config["options"]!["tag"]!.ToString());
        Assert.Contains("${interval.end}", job.Config["query"]!.ToString());
    }

    [Fact]
    public void Check_UnknownValue_NamesTheNearest()
    {
        var pipeline = Good("pipeline: p\nparameters: { region: x }\nsilver:\n  a: SELECT ${param.regio}, ${other_thing}, ${param.zzzzzzzzz}\n");
        Assert.Equal(
            ["4: error FF1113 silver.a.sql: There is no value '${param.regio}'. Did you mean '${param.region}'?",
             "4: error FF1113 silver.a.sql: There is no value '${param.zzzzzzzzz}'. Known: ${interval.start}, ${interval.end}, ${param.region}."],
            Placeholders.Check(pipeline).Select(d => $"{d.Line}: {d.Severity.ToString().ToLowerInvariant()} {d.Code} {d.Path}: {d.Message} {d.Suggestion}"));
        Assert.True(Placeholders.NeedsInterval(Good("pipeline: p\nsilver:\n  a: SELECT ${interval.end}\n")));
        Assert.False(Placeholders.NeedsInterval(Good("pipeline: p\nparameters: { x: y }\nsilver:\n  a: SELECT ${param.x}\n")));
    }

    [Theory]
    [InlineData("0 2 * * *", "2026-05-02T02:00:00Z", "2026-05-01T02:00:00Z")]
    [InlineData("*/15 * * * *", "2026-05-02T02:00:00Z", "2026-05-02T01:45:00Z")]
    [InlineData("0 0 29 2 *", "2026-05-02T02:00:00Z", "2024-02-29T00:00:00Z")]
    public void Interval_OfAFireTime_BeginsAtTheOneBefore(string cron, string fired, string start) =>
        Assert.Equal((DateTimeOffset.Parse(start), DateTimeOffset.Parse(fired)), new ScheduleDefinition { Cron = cron }.Interval(DateTimeOffset.Parse(fired)));
}
