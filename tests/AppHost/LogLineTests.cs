using FlowForge.AppHost.Output;

namespace FlowForge.AppHost.Tests;

public sealed class LogLineTests
{
    [Theory]
    [InlineData("07:40:12.123 warn Ingest.Runner slow", "07:40:12.123", LineLevel.Warning, "Ingest.Runner slow")]
    [InlineData("07:40:12.123 crit X y", "07:40:12.123", LineLevel.Error, "X y")]
    [InlineData("listening", null, LineLevel.Info, "listening")]
    [InlineData("Unhandled exception. System.Exception: x", null, LineLevel.Error, "Unhandled exception. System.Exception: x")]
    public void Parse_Line_HasTimeLevelAndText(string line, string? time, object level, string text) =>
        Assert.Equal(new LogLine(time, (LineLevel)level, text), LogLine.Parse(line));
}
