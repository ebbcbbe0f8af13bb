using System.CommandLine;

namespace FlowForge.Cli.Commands;

/// <summary>Builds one command from its parts.</summary>
internal static class Verb
{
    public static Command Create(string name, string description, Symbol[] symbols, SharedOptions shared, Func<CommandContext, Task<int>> run)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Arguments.Add(argument);
            else
                command.Options.Add((Option)symbol);
        }
        command.SetAction(shared.Action(run));
        return command;
    }
}
