using FlowForge.Contracts;
using Spectre.Console;

namespace FlowForge.AppHost.Commands;

/// <summary>The two streams to the user, and how errors look there.</summary>
internal static class Terminal
{
    public static IAnsiConsole Out { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });

    public static IAnsiConsole Error { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Runs a command; what the user can mend is printed without a stack trace.</summary>
    /// <returns>The command's exit code; 1 for such an error, 130 when the user stopped it.</returns>
    public static async Task<int> GuardAsync(Func<StopSignals, Task<int>> command)
    {
        using var signals = new StopSignals();
        try
        {
            return await command(signals);
        }
        catch (AppHostException e)
        {
            Fail(e.Message, e.Suggestion);
            return 1;
        }
        catch (FlowForgeApiException e)
        {
            Fail(e.Message, e.Suggestion);
            return 1;
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return 130;
        }
    }

    public static void Fail(string message, string? suggestion)
    {
        Error.MarkupLineInterpolated($"[red]error:[/] {message}");
        if (suggestion is not null)
            Error.MarkupLineInterpolated($"  {suggestion}");
    }
}
