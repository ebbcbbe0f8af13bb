using System.CommandLine;
using System.Text.Json;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary>What a command works with.</summary>
internal sealed record CommandContext(FlowForgeClient Client, ParseResult Parsed, bool Json, CancellationToken Ct)
{
    public T Value<T>(Argument<T> argument) => Parsed.GetRequiredValue(argument);

    public T? Value<T>(Option<T> option) => Parsed.GetValue(option);

    /// <summary>Prints an answer as JSON or, in the form given, for people.</summary>
    public int Answer<T>(T answer, Action<T> forPeople)
    {
        if (Json)
            Console.Out.WriteLine(JsonSerializer.Serialize(answer, ContractsJson.Options));
        else
            forPeople(answer);
        return 0;
    }

    /// <summary>Prints a list as a table.</summary>
    public int Answer<T>(IReadOnlyList<T> answer, string[] heads, Func<T, string?[]> row) => Answer(answer, all => TextTable.Write(Console.Out, heads, all.Select(row)));
}
