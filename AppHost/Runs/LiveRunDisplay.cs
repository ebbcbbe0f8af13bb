using FlowForge.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FlowForge.AppHost.Runs;

/// <summary>A table that is redrawn in place a few times a second, by a thread of its own so that clocks go on when no event comes.</summary>
internal sealed class LiveRunDisplay : RunDisplay
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(150);

    /// <summary>On terminals narrower than this, bytes are left out and bars are short.</summary>
    private const int Roomy = 110;

    private static readonly string[] Columns = ["state", "job", "bar", "rows", "rate", "time", "bytes"];

    private readonly IAnsiConsole console;
    private readonly RunBoard board;
    private readonly CancellationTokenSource ended = new();
    private readonly Task drawing;
    private volatile string? said;

    public LiveRunDisplay(IAnsiConsole console, RunBoard board)
    {
        (this.console, this.board) = (console, board);
        drawing = console.Live(Draw()).AutoClear(true).StartAsync(async live =>
        {
            while (!ended.IsCancellationRequested)
            {
                live.UpdateTarget(Draw());
                await Task.Delay(Interval, ended.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        });
    }

    public override void Refresh(RunEvent e)
    {
        // The next drawing shows it.
    }

    public override void Say(string message) => said = message;

    public override void Dispose()
    {
        ended.Cancel();
        drawing.Wait(TimeSpan.FromSeconds(2));
        ended.Dispose();
    }

    private Rows Draw()
    {
        var roomy = console.Profile.Width >= Roomy;
        var table = new Table().Border(TableBorder.None).HideHeaders();
        foreach (var column in Columns.Take(roomy ? Columns.Length : Columns.Length - 1))
            table.AddColumn(new Spectre.Console.TableColumn(column).NoWrap());
        foreach (var job in board.Jobs)
        {
            IEnumerable<IRenderable> cells =
            [
                new Markup(JobMarks.Of(job.State)), new Text(job.Id), Bar(job, roomy ? 24 : 12),
                Right(job.Rows.Read > 0 ? Figures.Rows(job.Rows.Read) : ""), Right(job.State == RunState.Running ? Figures.Rate(job.RowsPerSecond) : ""),
                Right(Figures.Seconds(Elapsed(job)))
            ];
            table.AddRow(roomy ? cells.Append(Right(Figures.Bytes(job.Bytes))) : cells);
        }
        var title = new Markup($"[bold]{Markup.Escape(board.Pipeline)}[/] [dim]{Markup.Escape(board.Run)}[/] {Markup.Escape(said ?? "")}");
        return new Rows(title, table);
    }

    private static double? Elapsed(JobRun job) =>
        job is { State: RunState.Running, StartedAt: { } start } ? Math.Max(0, (DateTimeOffset.UtcNow - start).TotalSeconds) : job.Seconds;

    private static Text Right(string text) => new(text) { Justification = Justify.Right };

    private static Markup Bar(JobRun job, int width)
    {
        var share = job.State == RunState.Succeeded ? 1 : job.Progress ?? 0;
        var full = (int)Math.Round(Math.Clamp(share, 0, 1) * width);
        var colour = JobMarks.Colour(job.State);
        var phase = job.State == RunState.Running && job.Progress is null ? job.Phase ?? "" : "";
        return phase.Length > 0 ? new Markup($"[dim]{Markup.Escape(phase)}[/]")
            : new Markup($"[{colour}]{new string('━', full)}[/][grey23]{new string('━', width - full)}[/]");
    }
}
