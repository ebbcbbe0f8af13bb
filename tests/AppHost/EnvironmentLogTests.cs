using FlowForge.AppHost.Output;
using Spectre.Console;

namespace FlowForge.AppHost.Tests;

/// <summary>The log of all services stands in nobody's way.</summary>
public sealed class EnvironmentLogTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter console = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void DiskThatIsFull_IsSaidOnce_AndLinesGoOnToTheConsole()
    {
        // Every write to this device fails as on a full disk.
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full.");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "environment.log"), "/dev/full");
        using (var log = Open())
        {
            log.Notice("one");
            log.Line("runtime", "two");
            log.Notice("three", warning: true);
        }
        var lines = console.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(4, lines.Length);
        Assert.Matches("^.*/environment\\.log cannot be written: No space left on device.* Lines are missing there until it can be\\.$", lines[0]);
        Assert.Equal(["apphost   info one", "runtime   info two", "apphost   warn three"], lines[1..].Select(l => l[13..]));
    }

    [Fact]
    public void FileThatGrows_BecomesAnOlderOneAndNoLineIsLost()
    {
        using (var log = Open(largest: 1000))
            for (var i = 0; i < 60; i++)
                log.Notice($"line {i:00}");
        var (older, newer) = (File.ReadAllLines(Path.Combine(folder.Path, "environment.1.log")), File.ReadAllLines(Path.Combine(folder.Path, "environment.log")));
        // One file before the newest is kept; what it holds and the newest one follow each other.
        Assert.Equal(Enumerable.Range(60 - older.Length - newer.Length, older.Length + newer.Length).Select(i => $"apphost   info line {i:00}"), older.Concat(newer).Select(l => l[13..]));
        Assert.InRange(older.Length, 25, 32);
        Assert.InRange(newer.Length, 1, 32);
    }

    [Fact]
    public void FileThatCannotBeMovedAway_GrowsOn()
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, "environment.1.log"));
        using (var log = Open(largest: 100))
            for (var i = 0; i < 10; i++)
                log.Notice($"line {i}");
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"apphost   info line {i}"), File.ReadAllLines(Path.Combine(folder.Path, "environment.log")).Select(l => l[13..]));
    }

    private EnvironmentLog Open(long largest = 10_000_000) =>
        new(folder.Path, AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(console) }), LineLevel.Info, largest);
}
