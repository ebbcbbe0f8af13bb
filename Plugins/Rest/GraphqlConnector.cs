using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Plugins.Rest.Http;

namespace FlowForge.Plugins.Rest;

/// <summary>What the graphql connector is told.</summary>
public sealed record GraphqlSpec : ApiSpec
{
    [Setting("Address, absolute or relative to base_url")]
    public string Url { get; init; } = "";

    [Setting("The query, with variables; a job that gives table_name, one of the lists that the API offers, needs none", Example = "query($after: Cursor) { allOrders(first: 500, after: $after) { nodes { id total } pageInfo { hasNextPage endCursor } } }")]
    public string? Query { get; init; }

    [Setting("Variables of the query, as JSON")]
    public string? Variables { get; init; }

    [Setting("Where the records stand in the query's answer", Example = "data.allOrders.nodes")]
    public string? RecordsPath { get; init; }

    [Setting("Where hasNextPage and endCursor stand in the answer; without it one page is read", Example = "data.allOrders.pageInfo")]
    public string? PageInfoPath { get; init; }

    [Setting("Variable that carries the cursor")]
    public string CursorVariable { get; init; } = "after";

    [Setting("Records asked for a page where table_name stands for a query", Minimum = 1)]
    public int PageSize { get; init; } = 100;

    [Setting("Variable that carries the watermark of an incremental job")]
    public string? WatermarkVariable { get; init; }

    [Setting("How the watermark is written: as_is, iso, date, unix (seconds), unix_ms")]
    public WatermarkForm WatermarkFormat { get; init; }
}

/// <summary>Reads records by a GraphQL query with cursor paging (Relay's pageInfo).</summary>
[Connector("graphql", Title = "GraphQL API", Description = "Reads records by a GraphQL query, page by page.")]
public sealed class GraphqlConnector(ConnectorContext<GraphqlSpec> context) : IPageSource, IResume, ITestConnection, IDiscover, IReportHealth, IDisposable
{
    private readonly GraphqlSpec _spec = context.Settings;
    private ApiClient? _client;
    private IReadOnlyList<GraphqlSchema.Table>? _tables;

    private ApiClient Client => _client ??= new ApiClient(_spec, Address, context);

    private Uri Address => _spec.BaseUrl is { } start ? new Uri(start, _spec.Url) : Uri.TryCreate(_spec.Url, UriKind.Absolute, out var absolute) ? absolute
        : throw new TerminalException("Neither an absolute url nor base_url is given.", "Say where the API is.");

    public async IAsyncEnumerable<SourcePage> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var plan = await PlanAsync(request.Table, cancellationToken).ConfigureAwait(false);
        var left = request.Limit ?? long.MaxValue;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var cursor = request.Cursor; left > 0;)
        {
            using var answer = await AskAsync(plan, cursor, request.From, cancellationToken).ConfigureAwait(false);
            if (JsonRecords.Elements(answer.RootElement, plan.RecordsPath, null) is null) throw new TerminalException($"The answer has nothing at {plan.RecordsPath}.", "Correct records_path: it begins with data.");
            List<JsonElement> records = [.. JsonRecords.At(answer.RootElement, plan.RecordsPath).Where(r => r.ValueKind == JsonValueKind.Object)];
            // The rest of a page that is cut has no place.
            var isCut = records.Count > left;
            if (isCut) records = records[..(int)left];
            left -= records.Count;
            cursor = Next(answer.RootElement, plan, isEnough: left == 0);
            if (left > 0 && plan.Beyond is { } beyond && JsonRecords.Elements(answer.RootElement, plan.RecordsPath, null) is > 0 and var given) await CheckEndAsync(plan with { Query = beyond(given) }, given, request, cancellationToken).ConfigureAwait(false);
            if (records.Count > 0) yield return new SourcePage(JsonRecords.Lines(records, []), records.Count, isCut ? null : cursor);
            if (cursor is null) yield break;
            if (!seen.Add(cursor)) throw new TerminalException("The answers lead back to a page that was read already.", $"Check that the query uses ${plan.CursorVariable}, and page_info_path.");
        }
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var table in await TablesAsync(cancellationToken).ConfigureAwait(false)) yield return new DiscoveredTable(table.Name) { Columns = table.Columns, Keys = table.Keys };
    }

    public Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken) => Client.HealthAsync(cancellationToken);

    private async Task<GraphqlPlan> PlanAsync(string? table, CancellationToken cancellationToken)
    {
        if (_spec.Query is { } query) return new GraphqlPlan(query, _spec.RecordsPath ?? throw new TerminalException("records_path is missing, which a query needs.", "Say where the records stand in the answer, e.g. data.allOrders.nodes"), _spec.PageInfoPath, _spec.CursorVariable);
        if (table is null) throw new TerminalException("Neither query nor table_name is given.", "Write a query, or name one of the API's lists as table_name.");
        var tables = await TablesAsync(cancellationToken).ConfigureAwait(false);
        return tables.FirstOrDefault(t => t.Name == table)?.Plan(_spec.PageSize)
            ?? throw new TerminalException($"The API offers no list {table} that can be read whole without arguments. It offers {(tables.Count == 0 ? "none" : string.Join(", ", tables.Take(20).Select(t => t.Name)))}.", "Correct table_name, or write a query.");
    }

    private async Task<IReadOnlyList<GraphqlSchema.Table>> TablesAsync(CancellationToken cancellationToken)
    {
        if (_tables is { } known) return known;
        using var answer = await AskAsync(new GraphqlPlan(GraphqlSchema.Question, "data", null, ""), null, null, cancellationToken).ConfigureAwait(false);
        try { return _tables = GraphqlSchema.Tables(answer.RootElement); }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or ArgumentException) { throw new TerminalException("The API does not describe its schema.", "Write a query.", e); }
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_spec.Query is null)
            {
                // Every API answers this, also one that does not describe its schema.
                using var name = await AskAsync(new GraphqlPlan("{ __typename }", "data", null, ""), null, null, cancellationToken).ConfigureAwait(false);
                return $"{Address.Authority} answers";
            }
            var plan = await PlanAsync(null, cancellationToken).ConfigureAwait(false);
            using var answer = await AskAsync(plan, null, null, cancellationToken).ConfigureAwait(false);
            return $"The query is answered, {JsonRecords.At(answer.RootElement, plan.RecordsPath).Count(r => r.ValueKind == JsonValueKind.Object)} records on the first page";
        }
        catch (TransientException e)
        {
            throw new TerminalException(e.Message, "Check the address, and whether the server runs.", e);
        }
    }

    /// <summary>Asks for what follows behind the last record of a list without pages: the server may give no more of it at a time.</summary>
    private async Task CheckEndAsync(GraphqlPlan beyond, long given, ReadRequest request, CancellationToken cancellationToken)
    {
        using var rest = await AskAsync(beyond, null, request.From, cancellationToken).ConfigureAwait(false);
        if (JsonRecords.Elements(rest.RootElement, beyond.RecordsPath, null) is not 0)
            throw new TerminalException(string.Create(CultureInfo.InvariantCulture, $"{request.Table}: the API gives {given:N0} records of this list at once, and there are more."), WholeQuery);
    }

    private const string WholeQuery = "Write a query that asks for all of them, or for pages with pageInfo { hasNextPage endCursor }.";

    private static string? Next(JsonElement answer, GraphqlPlan plan, bool isEnough)
    {
        if (plan.PageInfoPath is not { } path) return null;
        if (JsonRecords.At(answer, path).FirstOrDefault().ValueKind != JsonValueKind.Object) throw new TerminalException($"The answer has nothing at {path}.", "Ask for pageInfo { hasNextPage endCursor } in the query, and correct page_info_path.");
        // What the query does not ask for would look like the last page.
        return JsonRecords.Text(answer, path + ".hasNextPage") switch
        {
            null => throw Unasked("hasNextPage"),
            "true" when plan.CursorVariable is null => isEnough ? null : throw new TerminalException($"{path}.hasNextPage says that there are more records, and this list has no argument after to ask for them.", WholeQuery),
            "true" => JsonRecords.Text(answer, path + ".endCursor") is { Length: > 0 } end ? end : throw Unasked("endCursor"),
            _ => null,
        };

        TerminalException Unasked(string name) => new($"The answer has no {path}.{name}: whether and where more records follow is not known.", "Ask for pageInfo { hasNextPage endCursor } in the query.");
    }

    private async Task<JsonDocument> AskAsync(GraphqlPlan plan, string? cursor, Watermark? from, CancellationToken cancellationToken)
    {
        JsonObject variables;
        try { variables = _spec.Variables is { } given ? JsonNode.Parse(given) as JsonObject ?? [] : []; }
        catch (JsonException e) { throw new TerminalException($"variables is no JSON: {e.Message}", "Correct variables.", e); }
        if (cursor is not null && plan.CursorVariable is { } variable) variables[variable] = cursor;
        if (from is { Value: { } bound } && _spec.WatermarkVariable is { } name) variables[name] = WatermarkText.Of(bound, _spec.WatermarkFormat);
        var body = new JsonObject { ["query"] = plan.Query, ["variables"] = variables }.ToJsonString();
        JsonDocument? document = null;
        try
        {
            await Client.SendAsync(Address, body, cancellationToken, answer =>
            {
                document?.Dispose();
                document = JsonDocument.Parse(answer.Body);
                return GraphqlThrottle.PauseOf(document.RootElement);
            }).ConfigureAwait(false);
            // A partial answer would be a table with silent holes.
            if (GraphqlThrottle.Errors(document!.RootElement) is { Count: > 0 } errors)
                throw new TerminalException($"The API refuses the query: {string.Join("; ", errors.Take(3).Select(e => JsonRecords.Text(e, "message") ?? "an error without message"))}", "Correct query and variables.");
            return document;
        }
        catch (Exception e)
        {
            document?.Dispose();
            if (e is JsonException) throw new TerminalException($"{Address.GetLeftPart(UriPartial.Path)} answers with no JSON: {e.Message}", "Check the url.", e);
            throw;
        }
    }

    public void Dispose() => _client?.Dispose();
}
