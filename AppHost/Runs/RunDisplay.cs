using FlowForge.Contracts;
using Spectre.Console;

namespace FlowForge.AppHost.Runs;

/// <summary>Shows a run while it goes on. Not thread-safe except <see cref="Say"/>.</summary>
internal abstract class RunDisplay : IDisposable
{
    /// <summary>A moving table on a terminal, plain lines elsewhere.</summary>
    public static RunDisplay For(IAnsiConsole console, RunBoard board) =>
        console.Profile.Capabilities is { Ansi: true, Interactive: true } && console.Profile.Out.IsTerminal
            ? new LiveRunDisplay(console, board)
            : new PlainRunDisplay(console.Profile.Out.Writer, board);

    /// <summary>The board took this event.</summary>
    public abstract void Refresh(RunEvent e);

    /// <summary>A sentence to the user.</summary>
    public abstract void Say(string message);

    /// <summary>Leaves the terminal as it was.</summary>
    public abstract void Dispose();
}
