using FlowForge.Contracts;
using Spectre.Console;

namespace FlowForge.AppHost.Commands;

/// <summary>The two streams to the user, and how errors look there.</summary>
internal static class Terminal
{
    /// <summary>Nothing breaks lines in a file but we would.</summary>
    private const int WidthOfFiles = 240;

    public static IAnsiConsole Out { get; } = Open(Console.Out, Console.IsOutputRedirected);

    public static IAnsiConsole Error { get; } = Open(Console.Error, Console.IsErrorRedirected);

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

    /// <summary>Whole lines, never broken at the terminal's width: paths and commands are there to be copied.</summary>
    public static void Fail(string message, string? suggestion)
    {
        var writer = Error.Profile.Out.Writer;
        writer.WriteLine(Error.Profile.Capabilities.Ansi ? $"\e[31merror:\e[0m {message}" : $"error: {message}");
        if (suggestion is not null)
            writer.WriteLine($"  {suggestion}");
    }

    /// <summary>Colour and movement on a terminal only; NO_COLOR switches them off, FORCE_COLOR on for colour.</summary>
    private static IAnsiConsole Open(TextWriter writer, bool redirected)
    {
        var colour = !Set("NO_COLOR") && (!redirected || Set("FORCE_COLOR"));
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = colour ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = colour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
            Out = new AnsiConsoleOutput(writer)
        });
        if (redirected)
            console.Profile.Width = WidthOfFiles;
        return console;
    }

    private static bool Set(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };
}
