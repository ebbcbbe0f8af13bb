using FlowForge.Contracts;

namespace FlowForge.AppHost.Runs;

/// <summary>How states look on a terminal.</summary>
internal static class JobMarks
{
    public static string Of(RunState state) => state switch
    {
        RunState.Succeeded => "[green]✓[/]",
        RunState.Failed => "[red]✗[/]",
        RunState.Cancelled => "[yellow]■[/]",
        RunState.Held => "[yellow]?[/]",
        RunState.Skipped => "[grey]–[/]",
        RunState.Running => "[blue]▶[/]",
        _ => "[grey]·[/]"
    };

    public static string Colour(RunState state) => state switch
    {
        RunState.Succeeded => "green",
        RunState.Failed => "red",
        RunState.Cancelled or RunState.Held => "yellow",
        RunState.Running => "blue",
        _ => "grey"
    };
}
