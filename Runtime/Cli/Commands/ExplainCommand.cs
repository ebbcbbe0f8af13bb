using System.CommandLine;
using System.Text.Json;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge explain</c>: what a code means. Needs no environment.</summary>
internal static class ExplainCommand
{
    private const int Unknown = 2;

    public static Command Create(SharedOptions shared)
    {
        var code = new Argument<string?>("code") { Description = "Such as FF2051; without one, all codes are listed.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("explain", "What a code means, what state the data is in, and what to do; exit code 2 when there is no such code.") { code };
        command.SetAction(parsed => parsed.GetValue(code) is { } wanted ? One(wanted, shared.IsJson(parsed)) : All(shared.IsJson(parsed)));
        return command;
    }

    private static int One(string code, bool json)
    {
        if (Explanation.Find(code) is not { } found)
        {
            Lines.Error($"'{code}' is no code of FlowForge.", "Codes are FF and four digits, such as FF2051; without one, flowforge explain lists them all.");
            return Unknown;
        }
        Console.Out.WriteLine(json ? Json(found) : $"{found.Code} ({found.Section}{(found.IsWarning ? ", warning" : "")}): {found.Title}.\n{found.Text}");
        return 0;
    }

    private static int All(bool json)
    {
        if (json)
            Console.Out.WriteLine(Json(Explanation.All));
        else
            TextTable.Write(Console.Out, ["code", "about", "meaning"], Explanation.All.OrderBy(e => e.Code, StringComparer.Ordinal).Select(e => new[] { e.Code, e.Section, e.Title }));
        return 0;
    }

    private static string Json<T>(T answer) => JsonSerializer.Serialize(answer, ContractsJson.Options);
}
