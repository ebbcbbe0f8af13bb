using FlowForge.Api.Tables;
using FlowForge.Lake.Schema;

namespace FlowForge.Api.Tests.Tables;

public sealed class RowFilterTests
{
    private static readonly TableSchema Schema = TableSchema.FromDuck(
        [("delay", "BIGINT"), ("origin", "VARCHAR"), ("day", "DATE"), ("odd\"name", "VARCHAR"), ("ok", "BOOLEAN"), ("_ff_run", "VARCHAR")]);

    [Theory]
    [InlineData("delay > 60", "\"delay\" > CAST(? AS BIGINT)", "60")]
    [InlineData("delay > -1.5e3", "\"delay\" > CAST(? AS BIGINT)", "-1.5e3")]
    [InlineData("DELAY=1", "\"delay\" = CAST(? AS BIGINT)", "1")]
    [InlineData("origin != 'O''Hare'", "\"origin\" != CAST(? AS VARCHAR)", "O'Hare")]
    [InlineData("day >= '2024-01-31'", "\"day\" >= CAST(? AS DATE)", "2024-01-31")]
    [InlineData("ok = true", "\"ok\" = CAST(? AS BOOLEAN)", "true")]
    [InlineData("origin contains 'AT'", "contains(lower(CAST(\"origin\" AS VARCHAR)), lower(CAST(? AS VARCHAR)))", "AT")]
    [InlineData("delay starts_with 1", "starts_with(lower(CAST(\"delay\" AS VARCHAR)), lower(CAST(? AS VARCHAR)))", "1")]
    [InlineData("origin is null", "\"origin\" IS NULL", null)]
    [InlineData("origin is not null", "\"origin\" IS NOT NULL", null)]
    [InlineData("\"odd\"\"name\" = 'x'", "\"odd\"\"name\" = CAST(? AS VARCHAR)", "x")]
    public void Parse_OneCondition_IsWrittenAnew(string text, string sql, string? value)
    {
        var (written, values) = RowFilter.Parse(text, Schema);
        Assert.Equal(sql, written);
        Assert.Equal(value is null ? [] : [value], values);
    }

    [Fact]
    public void Parse_AndOrNotBrackets_BindAsInSql()
    {
        var (sql, values) = RowFilter.Parse("not (delay < 1 or delay > 2) and origin in ('A', 'B') or origin not in ('C')", Schema);
        Assert.Equal("((NOT ((\"delay\" < CAST(? AS BIGINT) OR \"delay\" > CAST(? AS BIGINT))) AND \"origin\" IN (CAST(? AS VARCHAR), CAST(? AS VARCHAR))) OR NOT (\"origin\" IN (CAST(? AS VARCHAR))))", sql);
        Assert.Equal(["1", "2", "A", "B", "C"], values);
    }

    [Theory]
    [InlineData("", "Expected a column at 1, found the end.")]
    [InlineData("speed > 1", "The table has no column 'speed'. Its columns: delay, origin, day, odd\"name, ok.")]
    [InlineData("delay", "Expected an operator after delay at 6, found the end. Known: = != < <= > >= in, contains, starts_with, is null, is not null.")]
    [InlineData("delay > ", "Expected a value at 9, found the end. Text goes in single quotes: 'abc'.")]
    [InlineData("delay > origin", "Expected a value at 9, found 'origin'. Text goes in single quotes: 'abc'.")]
    [InlineData("delay > 1; DROP TABLE x", "';' at 10 is not understood.")]
    [InlineData("delay > 1 delay < 2", "Expected and, or, or the end at 11, found 'delay'.")]
    [InlineData("origin = 'x", "The quote that opens at 10 is never closed.")]
    [InlineData("(delay > 1", "Expected ) at 11, found the end.")]
    [InlineData("delay in ()", "Expected a value at 11, found ')'. Text goes in single quotes: 'abc'.")]
    [InlineData("delay > 12abc", "'12abc' at 9 is not a number. Text goes in single quotes.")]
    [InlineData("delay + 1 > 2", "'+' at 7 is not understood.")]
    [InlineData("read_csv('/etc/passwd') = 'x'", "The table has no column 'read_csv'. Its columns: delay, origin, day, odd\"name, ok.")]
    public void Parse_WhatIsNotUnderstood_SaysWhatAndWhere(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FilterException>(() => RowFilter.Parse(text, Schema)).Message);

    [Fact]
    public void Parse_DeepNesting_IsRefused()
    {
        var text = string.Concat(Enumerable.Repeat("(", 5000));
        Assert.Equal("The filter has 5000 characters; at most 4000 are allowed.", Assert.Throws<FilterException>(() => RowFilter.Parse(text, Schema)).Message);
        Assert.Equal("The filter is nested deeper than 30 levels.", Assert.Throws<FilterException>(() => RowFilter.Parse(text[..100], Schema)).Message);
        Assert.Equal("The filter is nested deeper than 30 levels.",
            Assert.Throws<FilterException>(() => RowFilter.Parse(string.Concat(Enumerable.Repeat("not ", 100)) + "ok = true", Schema)).Message);
    }
}
