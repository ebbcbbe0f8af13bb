using System.CommandLine;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary>Options of all commands, and the client that they lead to.</summary>
internal sealed class SharedOptions
{
    private readonly Option<string> data = new("--data")
    {
        Description = "Data folder of the running environment.", HelpName = "DIR", Recursive = true, DefaultValueFactory = _ => ".flowforge"
    };

    private readonly Option<string?> url = new("--url") { Description = "Root of the runtime, in place of what the data folder says.", HelpName = "URL", Recursive = true };

    private readonly Option<string?> token = new("--token-file") { Description = "File with the token, in place of the data folder's.", HelpName = "FILE", Recursive = true };

    private readonly Option<bool> json = new("--json") { Description = "Print JSON, as the API answers it.", Recursive = true };

    public void AddTo(RootCommand root)
    {
        foreach (var option in new Option[] { data, url, token, json })
            root.Options.Add(option);
    }

    public bool IsJson(ParseResult parsed) => parsed.GetValue(json);

    /// <summary>Makes a command's action: connects, runs, turns errors that the user can mend into lines and exit code 1.</summary>
    public Func<ParseResult, CancellationToken, Task<int>> Action(Func<CommandContext, Task<int>> run) => async (parsed, ct) =>
    {
        try
        {
            return await run(new CommandContext(Connect(parsed), parsed, parsed.GetValue(json), ct));
        }
        catch (FlowForgeApiException e)
        {
            Output.Lines.Error(e.Message, e.Suggestion);
            Output.Lines.Diagnostics(Console.Error, "", e.Diagnostics);
            return 1;
        }
        catch (CliException e)
        {
            Output.Lines.Error(e.Message, e.Suggestion);
            return 1;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return 130;
        }
    };

    private FlowForgeClient Connect(ParseResult parsed)
    {
        var folder = Path.GetFullPath(parsed.GetValue(data)!);
        var running = RunningEnvironment.Read(folder);
        if (parsed.GetValue(url) is not { } address)
            address = running?.Runtime.ToString() ?? throw new CliException($"No environment runs on {folder}.",
                "Start one with: dotnet run --project AppHost, or name its folder with --data DIR, or its address with --url URL.");
        var file = parsed.GetValue(token) ?? running?.TokenFile ?? Path.Combine(folder, "token");
        try
        {
            return FlowForgeClient.Connect(new Uri(address), File.ReadAllText(file).Trim());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"The token file {file} cannot be read: {e.Message}", "Name it with --token-file FILE.");
        }
        catch (UriFormatException)
        {
            throw new CliException($"'{address}' is no address.", "Write it like http://127.0.0.1:5080.");
        }
    }
}
