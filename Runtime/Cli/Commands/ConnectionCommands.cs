using System.CommandLine;
using System.Text.Json;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge connectors</c>, <c>flowforge functions</c>, <c>flowforge formats</c> and <c>flowforge connections …</c></summary>
internal static class ConnectionCommands
{
    public static Command Connectors(SharedOptions shared) => Verb.Create("connectors", "Connectors that are installed.", [], shared, async c =>
        c.Answer(await c.Client.ConnectorsAsync(c.Ct), ["name", "version", "title", "can", "problem"], e => [e.Name, e.Version, e.Title, string.Join(" ", e.Abilities), e.Error]));

    public static Command Functions(SharedOptions shared) => Verb.Create("functions", "Functions that plugins give to SQL.", [], shared, async c =>
        c.Answer(await c.Client.FunctionsAsync(c.Ct), ["function", "plugin", "version", "what it gives"], e => [e.Signature, e.Plugin, e.Version, e.Description]));

    public static Command Formats(SharedOptions shared) => Verb.Create("formats", "Formats of files that plugins read, beside csv, json, ndjson and parquet.", [], shared, async c =>
        c.Answer(await c.Client.FormatsAsync(c.Ct), ["name", "version", "endings", "settings"], f => [f.Name, f.Version, string.Join(" ", f.Endings), string.Join(" ", f.Fields.Select(s => s.Name))]));

    public static Command Create(SharedOptions shared)
    {
        var name = new Argument<string>("name") { Description = "Name of the connection." };
        var connector = new Option<string>("--connector") { Description = "Its connector.", Required = true };
        var set = new Option<string[]>("--set") { Description = "A setting, NAME=VALUE; lists and groups as JSON. Secrets as ${secret:name}. NAME= takes it away.", AllowMultipleArgumentsPerToken = true };
        var description = new Option<string?>("--description") { Description = "What it is for." };
        var limit = new Option<string?>("--rate-limit") { Description = "No more requests than 10/s, 600/m or 5000/h; an empty text takes it away." };
        var isolated = new Option<bool?>("--isolate") { Description = "Run the connector in a process of its own; false: in the runtime." };
        var anew = new Option<bool>("--replace") { Description = "Keep nothing of the connection that is there." };
        var force = new Option<bool>("--force") { Description = "Also when jobs use it." };
        var search = new Option<string?>("--search") { Description = "Part of the tables' names." };
        var table = new Option<string?>("--table") { Description = "One of the discovered tables." };
        var rows = new Option<int?>("--rows") { Description = "How many rows; 50 when left out." };
        var group = new Command("connections", "List, make, test and browse connections.");

        Add("list", "Connections by name.", [], List);
        Add("get", "One connection; secrets are shown as references or stars.", [name], async c => c.Answer(await c.Client.ConnectionAsync(c.Value(name), c.Ct), Show));
        Add("put", "Makes a connection, or changes what is given of one that is there; with another connector its settings begin anew.", [name, connector, set, description, limit, isolated, anew], Put);
        Add("delete", "Deletes a connection that no job uses.", [name, force], async c =>
        {
            await c.Client.DeleteConnectionAsync(c.Value(name), c.Value(force), c.Ct);
            Console.Error.WriteLine($"{c.Value(name)} is deleted.");
            return 0;
        });
        Add("test", "Tries a connection; exit code 1 when it does not work.", [name], Test);
        Add("discover", "What a connection offers to read.", [name, search], async c => c.Answer((await c.Client.DiscoverAsync(new DiscoverConnection { Name = c.Value(name), Search = c.Value(search) }, c.Ct)).Tables,
            ["name", "keys", "columns", "rows", "bytes"], t => [t.Name, string.Join(", ", t.Keys), string.Join(", ", t.Columns.Select(x => $"{x.Name} {x.Type}")), t.Rows is { } r ? Lines.Number(r) : "", t.Bytes is { } b ? Lines.Number(b) : ""]));
        Add("preview", "Some rows of a connection's table, or the first lines of a file.", [name, table, rows], Preview);
        return group;

        void Add(string verb, string text, Symbol[] symbols, Func<CommandContext, Task<int>> run) => group.Subcommands.Add(Verb.Create(verb, text, symbols, shared, run));

        async Task<int> Put(CommandContext c)
        {
            var old = c.Value(anew) ? null : await StoredAsync(c, c.Value(name));
            var put = new PutConnection
            {
                Connector = c.Value(connector)!, Description = c.Value(description) ?? old?.Description, RateLimit = c.Value(limit) ?? old?.RateLimit,
                Settings = Settings(old is not null && Bare(old.Connector) == Bare(c.Value(connector)!) ? old.Settings : null, c.Value(set) ?? []),
                Isolation = c.Value(isolated) switch { true => ConnectorIsolation.Process, false => ConnectorIsolation.None, null => old?.Isolation ?? ConnectorIsolation.None },
            };
            return c.Answer(await c.Client.PutConnectionAsync(c.Value(name), put, c.Ct), d => Console.Out.WriteLine($"{d.Name} is stored."));
        }

        async Task<int> Test(CommandContext c)
        {
            var result = await c.Client.TestConnectionAsync(new ConnectionChoice { Name = c.Value(name) }, c.Ct);
            c.Answer(result, r =>
            {
                if (r.Passed) Console.Out.WriteLine($"{c.Value(name)} works: {r.Message} ({Lines.Seconds(r.Seconds)} s)");
                else Lines.Error(r.Message, r.Suggestion);
                Lines.Diagnostics(Console.Error, c.Value(name), r.Diagnostics);
            });
            return result.Passed ? 0 : 1;
        }

        async Task<int> Preview(CommandContext c) => c.Answer(await c.Client.PreviewAsync(new PreviewConnection { Name = c.Value(name), Table = c.Value(table), Limit = c.Value(rows) }, c.Ct), p =>
        {
            if (p.Text is { } text) Console.Out.WriteLine(text);
            else TextTable.Write(Console.Out, [.. p.Columns.Select(x => x.Name)], p.Rows.Select(r => r.Select(v => v.ValueKind == JsonValueKind.Null ? null : v.ToString()).ToArray()));
        });
    }

    private static async Task<int> List(CommandContext c) => c.Answer(await c.Client.ConnectionsAsync(c.Ct), ["name", "connector", "from", "test", "last sync", "used by", "problem"], s =>
    [
        s.Name, s.Connector, s.File ?? "workbench", s.LastTest is { } test ? test.Passed ? "works" : "fails" : "", s.LastSync is { } sync ? $"{Lines.Word(sync.State)} {Lines.Time(sync.FinishedAt)}" : "",
        string.Join(", ", s.UsedBy.Select(u => $"{u.Pipeline}/{u.Job}")), s.Error
    ]);

    private static void Show(ConnectionDetail d)
    {
        string?[][] rows =
        [
            ["connector", d.Connector], ["from", d.File ?? "workbench"], ["settings", d.Settings.ToString()], ["rate limit", d.RateLimit], ["isolation", Lines.Word(d.Isolation)],
            ["last test", d.LastTest is { } t ? $"{(t.Passed ? "works" : "fails")}: {t.Message}" : "never"], ["used by", string.Join(", ", d.UsedBy.Select(u => $"{u.Pipeline}/{u.Job}"))],
            .. d.Health.Select(h => new[] { h.Name, $"{h.Value:0.##} {h.Unit}" })
        ];
        TextTable.Write(Console.Out, ["what", "value"], rows);
    }

    private static async Task<ConnectionDetail?> StoredAsync(CommandContext c, string name)
    {
        try { return await c.Client.ConnectionAsync(name, c.Ct); }
        catch (FlowForgeApiException e) when (e.Status == System.Net.HttpStatusCode.NotFound) { return null; }
    }

    private static string Bare(string connector) => connector.Split('@')[0];

    /// <param name="stored">What is there: secrets come as references or stars, which a PUT takes for what is stored.</param>
    /// <param name="pairs">A value that is JSON is taken as JSON, anything else as text.</param>
    private static JsonElement Settings(JsonElement? stored, string[] pairs)
    {
        var settings = stored is { ValueKind: JsonValueKind.Object } kept ? System.Text.Json.Nodes.JsonObject.Create(kept)!.DeepClone().AsObject() : [];
        foreach (var pair in pairs)
        {
            if (pair.IndexOf('=', StringComparison.Ordinal) is not (> 0 and var at)) throw new CliException($"'{pair}' is no setting.", "Write NAME=VALUE.");
            settings[pair[..at]] = Value(pair[(at + 1)..]);
        }
        return JsonSerializer.SerializeToElement(settings);
    }

    private static System.Text.Json.Nodes.JsonNode? Value(string text)
    {
        if (text is not ([var first, ..] and not ['$', ..]) || first is not ('[' or '{' or '"' or 't' or 'f') && !char.IsAsciiDigit(first)) return text;
        try
        {
            return System.Text.Json.Nodes.JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }
}
