using static FlowForge.Catalog.Tests.TemporaryCatalog;

namespace FlowForge.Catalog.Tests;

public sealed class LogStoreTests
{
    [Fact]
    public void Read_Filters_Combine()
    {
        using var catalog = new TemporaryCatalog();
        var logs = catalog.Database.Logs;
        catalog.Database.Runs.Create(Run("r1"));
        var first = logs.Append("r1", null, JobLogLevel.Info, Noon, "Run started");
        var second = logs.Append("r1", "ingest.a", JobLogLevel.Warning, Noon.AddSeconds(1), "50% of rows_x");
        logs.Append("r1", "ingest.b", JobLogLevel.Debug, Noon, "détail");
        logs.Append("r2", null, JobLogLevel.Error, Noon, "another run");
        Assert.Equal(3, logs.Read("r1").Count);
        Assert.Equal(new LogEntry(second, "r1", "ingest.a", JobLogLevel.Warning, Noon.AddSeconds(1), "50% of rows_x"), logs.Read("r1", first)[0]);
        Assert.Equal([second], logs.Read("r1", minLevel: JobLogLevel.Warning).Select(l => l.Id));
        Assert.Equal([second], logs.Read("r1", jobId: "ingest.a").Select(l => l.Id));
        Assert.Equal([second], logs.Read("r1", search: "50% OF ROWS_").Select(l => l.Id));
        Assert.Equal([first], logs.Read("r1", limit: 1).Select(l => l.Id));
        Assert.Equal(["50% of rows_x", "détail"], logs.Tail("r1", 2).Select(l => l.Message));
    }

    [Fact]
    public void Append_BeyondTheCap_KeepsOnlyWarnings()
    {
        using var catalog = new TemporaryCatalog();
        var logs = catalog.Database.Logs;
        catalog.Database.Runs.Create(Run("r1"));
        logs.Append("r1", [.. Enumerable.Range(0, LogStore.MaxLines).Select(i => ((string?)null, JobLogLevel.Info, Noon, $"{i}"))]);
        Assert.Equal(0, logs.Append("r1", null, JobLogLevel.Info, Noon, "too much"));
        Assert.NotEqual(0, logs.Append("r1", null, JobLogLevel.Error, Noon, "broken"));
        Assert.Equal(
            [$"{LogStore.MaxLines - 1}", "The log has 20000 lines: from here on only warnings and errors are kept.", "broken"],
            logs.Tail("r1", 3).Select(l => l.Message));
        logs.Append("r1", [.. Enumerable.Range(0, LogStore.MaxLines + 5).Select(i => ((string?)null, JobLogLevel.Error, Noon, $"{i}"))]);
        Assert.Equal(2 * LogStore.MaxLines, logs.Read("r1", limit: int.MaxValue).Count); // the note is one of them, the refused line is not
    }

    [Fact]
    public void Append_LongMessage_IsCut()
    {
        using var catalog = new TemporaryCatalog();
        catalog.Database.Logs.Append("r1", null, JobLogLevel.Info, Noon, new string('x', LogStore.MaxMessageLength + 1));
        Assert.Equal(new string('x', LogStore.MaxMessageLength) + " … (cut)", catalog.Database.Logs.Read("r1")[0].Message);
    }
}
