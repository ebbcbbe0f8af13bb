using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using FlowForge.Plugins.Rest.Http;

namespace FlowForge.Plugins.Rest;

/// <summary>Reads records of an HTTP API that is described by settings; pages are handed over as they were received.</summary>
[Connector("rest", Title = "REST API", Description = "Reads records of an HTTP API, page by page.", Aliases = ["api"])]
public sealed partial class RestConnector(ConnectorContext<RestSpec> context) : IPageSource, IResume, ITestConnection, IDiscover, IReportHealth, IDisposable
{
    private const int MostParents = 3;
    private readonly RestSpec _spec = context.Settings;
    private ApiClient? _client;

    public async IAsyncEnumerable<SourcePage> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var left = request.Limit ?? long.MaxValue;
        if (left <= 0) yield break;
        var resource = Resource(request.Table);
        var hasParent = Placeholder().IsMatch(resource.Url);
        await foreach (var page in PagesAsync(resource, request.From, hasParent ? null : request.Cursor, 0, cancellationToken).ConfigureAwait(false))
        {
            using var document = page.Document;
            var isCut = page.Records.Count > left;
            var records = isCut ? [.. page.Records.Take((int)left)] : page.Records;
            left -= records.Count;
            // A link may carry a key; a place among a parent's children means nothing without the parent's; the rest of a page that is cut has no place.
            var cursor = isCut || hasParent || _spec.Auth is { Kind: AuthKind.ApiKey, KeyIn: KeyPlace.Query } ? null : page.Next;
            if (records.Count > 0) yield return new SourcePage(JsonRecords.Lines(records, page.More), records.Count, cursor);
            if (left <= 0) yield break;
        }
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        if (_spec.Url.Length == 0 && _spec.Resources.Count == 0 && _spec.BaseUrl is { } start) return await ClientOf(start).LookAsync(start, cancellationToken).ConfigureAwait(false);
        var name = _spec.Url.Length > 0 || _spec.Resources.Count == 0 ? null : _spec.Resources.FirstOrDefault(r => !Placeholder().IsMatch(r.Value.Url)).Key;
        try
        {
            await foreach (var page in PagesAsync(Resource(name), null, null, 0, cancellationToken).ConfigureAwait(false))
            {
                using var document = page.Document;
                return $"{page.Host} answers, {page.Records.Count} records on the first page{(name is null ? "" : $" of {name}")}";
            }
        }
        catch (TransientException e)
        {
            throw new TerminalException(e.Message, "Check the address, and whether the server runs.", e);
        }
        return "No page.";
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var name in _spec.Resources.Keys) yield return new DiscoveredTable(name);
        await Task.CompletedTask.ConfigureAwait(false);
    }

    public Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken) =>
        (_spec.BaseUrl ?? (Uri.TryCreate(_spec.Url, UriKind.Absolute, out var url) ? url : null)) is { } address ? ClientOf(address).HealthAsync(cancellationToken) : Task.FromResult<IReadOnlyList<HealthFact>>([]);

    private ApiClient ClientOf(Uri first) => _client ??= new ApiClient(_spec, first, context);

    private sealed record Page(JsonDocument Document, IReadOnlyList<JsonElement> Records, IReadOnlyList<(string, JsonElement)> More, string? Next, string Host);

    /// <summary>The pages of a resource; of one with placeholders, those of every record of its parent.</summary>
    private async IAsyncEnumerable<Page> PagesAsync(ResourceSpec resource, Watermark? from, string? cursor, int depth, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Placeholder().Matches(resource.Url) is not { Count: > 0 } places)
        {
            await foreach (var page in OneAsync(resource, Absolute(resource.Url), [], from, cursor, cancellationToken).ConfigureAwait(false)) yield return page;
            yield break;
        }
        if (depth == MostParents) throw new TerminalException($"{resource.Url} has more than {MostParents} resources above it; they may form a circle.", "Correct the placeholders.");
        var parentName = places[0].Groups[1].Value;
        if (places.Any(p => p.Groups[1].Value != parentName)) throw new TerminalException($"{resource.Url} takes values of more than one resource.", "Use placeholders of one resource; it may have a parent itself.");
        await foreach (var parents in PagesAsync(Resource(parentName), null, null, depth + 1, cancellationToken).ConfigureAwait(false))
        {
            using var document = parents.Document;
            foreach (var parent in parents.Records)
            {
                var more = new List<(string, JsonElement)>(parents.More);
                var url = Placeholder().Replace(resource.Url, p =>
                {
                    var path = p.Groups[2].Value;
                    var value = JsonRecords.At(parent, path).FirstOrDefault();
                    if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null) throw new TerminalException($"A record of {parentName} has no {path}, which {resource.Url} needs.", "Correct the placeholder.");
                    more.Add(($"_{parentName}_{path.Replace('.', '_')}", value));
                    return Uri.EscapeDataString(value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText());
                });
                await foreach (var page in OneAsync(resource, Absolute(url), more, from, null, cancellationToken).ConfigureAwait(false)) yield return page;
            }
        }
    }

    private async IAsyncEnumerable<Page> OneAsync(ResourceSpec resource, Uri address, IReadOnlyList<(string, JsonElement)> more, Watermark? from, string? cursor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (name, value) in resource.Params) address = Address.With(address, name, value);
        var body = resource.PageIn == PageIn.Body ? PageBody.Of(resource) : null;
        if (from is { Value: { } bound } && resource.WatermarkParam is { } parameter)
        {
            var text = WatermarkText.Of(bound, resource.WatermarkFormat);
            if (body is null) address = Address.With(address, parameter, text);
            else if (resource.WatermarkFormat is WatermarkForm.Unix or WatermarkForm.UnixMs) body.Set(parameter, long.Parse(text, CultureInfo.InvariantCulture));
            else body.Set(parameter, text);
        }
        var client = ClientOf(address);
        var pager = new Pager(resource, address, body, cursor);
        var wrapper = new Wrapper(isPossible: pager.Kind == PagingKind.Offset && resource.PagePath is null);
        while (pager.Next() is { } next)
        {
            var answer = await client.SendAsync(next.Address, next.Body, cancellationToken, mayBeMissing: pager.MayBeMissing).ConfigureAwait(false);
            if (answer.Status == HttpStatusCode.NotFound)
            {
                pager.Missed();
                yield break;
            }
            // Nothing at all is no page: an overloaded proxy answers so, too, and would end the read in silence.
            if (answer.Body.Length == 0 && answer.Status != HttpStatusCode.NoContent && resource.MissingRecords == MissingRecords.Fail)
                throw new TransientException($"{answer.Address.GetLeftPart(UriPartial.Path)} answers with HTTP {(int)answer.Status} and an empty body.");
            JsonDocument document;
            try { document = JsonDocument.Parse(answer.Body.Length == 0 ? "[]"u8.ToArray() : answer.Body); }
            catch (JsonException e) { throw new TerminalException($"{answer.Address.GetLeftPart(UriPartial.Path)} answers with no JSON: {e.Message}", "Check the url.", e); }
            List<JsonElement> records = [.. JsonRecords.At(document.RootElement, resource.RecordsPath).Where(r => r.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))];
            var place = resource.PagePath ?? resource.RecordsPath;
            if (JsonRecords.Elements(document.RootElement, resource.RecordsPath, resource.PagePath) is not { } elements)
            {
                elements = resource.MissingRecords == MissingRecords.Empty ? 0
                    : throw new TerminalException($"{client.Message(answer)}: the answer has nothing at {place}.", $"Correct {(resource.PagePath is null ? "records_path" : "page_path")}; if the API leaves it out where it has no records, set missing_records: empty.");
            }
            wrapper.Look(records, elements, answer);
            pager.Took(answer, document.RootElement, elements);
            yield return new Page(document, records, more, pager.Place, answer.Address.Authority);
        }
    }

    private ResourceSpec Resource(string? name)
    {
        if (name is null || (_spec.Resources.Count == 0 && _spec.Url.Length > 0)) return _spec.Url.Length > 0 || _spec.BaseUrl is not null ? _spec.Single() : throw new TerminalException("Neither url nor base_url is given.", "Say what to read.");
        return _spec.Resources.GetValueOrDefault(name)
            ?? throw new TerminalException($"There is no resource {name}. There are: {string.Join(", ", _spec.Resources.Keys)}.", "Correct table_name, or add it to resources.");
    }

    private Uri Absolute(string url)
    {
        var found = _spec.BaseUrl is { } start ? new Uri(start.AbsoluteUri.EndsWith('/') || url.Length == 0 ? start : new Uri(start.AbsoluteUri + "/"), url) : Uri.TryCreate(url, UriKind.Absolute, out var absolute) ? absolute
            : throw new TerminalException($"url is {url}: without base_url it must be absolute.", "Write the whole address, or set base_url.");
        return found.Scheme is "http" or "https" ? found : throw new TerminalException($"{found.Scheme} addresses are not read: http and https are.", "Correct the url.");
    }

    [GeneratedRegex(@"\{([A-Za-z0-9_]+)\.([A-Za-z0-9_.]+)\}", RegexOptions.CultureInvariant, 30_000)]
    private static partial Regex Placeholder();

    public void Dispose() => _client?.Dispose();
}

/// <summary>Watermarks in the form an API asks for.</summary>
internal static class WatermarkText
{
    public static string Of(string value, WatermarkForm form)
    {
        if (form == WatermarkForm.AsIs) return value;
        if (!DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
            throw new TerminalException($"The watermark {value} is no time, and watermark_format asks for one.", "Set watermark_format: as_is.");
        return form switch
        {
            WatermarkForm.Iso => time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture),
            WatermarkForm.Date => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            WatermarkForm.Unix => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            _ => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
        };
    }
}
