using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Plugins.Rest.Http;

namespace FlowForge.Plugins.Rest.NetSuite;

/// <summary>
/// Hands over rows of NetSuite by SuiteQL over REST, signed by token-based authentication (OAuth 1). The read goes from key to key, so that rows which come or go meanwhile shift nothing, and the
/// service's end of 100,000 rows a query is never reached.
/// </summary>
[Connector("netsuite", Title = "NetSuite", Description = "Reads tables and queries of Oracle NetSuite by SuiteQL.")]
public sealed class NetSuiteConnector(ConnectorContext<NetSuiteSpec> context) : IPageSource, IResume, ITestConnection, IDiscover, IReportHealth, IDisposable
{
    private const int MostOfOneQuery = 100_000;
    private static readonly ConcurrentDictionary<(string Account, int Most), SemaphoreSlim> Gates = new();
    private readonly NetSuiteSpec _spec = context.Settings;
    private ApiClient? _client;

    private ApiClient Client => _client ??= new ApiClient(Api(), Service, context);

    /// <summary>The account as it stands in addresses: 1234567_SB1 is at 1234567-sb1.</summary>
    private Uri Service => _spec.BaseUrl ?? new Uri($"https://{_spec.Account.Replace('_', '-').ToLowerInvariant()}.suitetalk.api.netsuite.com/");

    public async IAsyncEnumerable<SourcePage> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var left = request.Limit ?? long.MaxValue;
        var place = Place.Of(request.Cursor, _spec.Key);
        var more = left > 0;
        var numbers = _spec.NumberColumns.ToHashSet(StringComparer.OrdinalIgnoreCase);
        while (more)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var size = (int)Math.Min(_spec.PageSize, left);
            var sql = SuiteQl.Of(_spec, request.Table, request.From, place.After);
            using var answer = await AskAsync($"services/rest/query/v1/suiteql?limit={size}&offset={place.Offset}", sql, cancellationToken).ConfigureAwait(false);
            var rows = Rows(answer.RootElement, numbers);
            more = answer.RootElement.TryGetProperty("hasMore", out var flag) && flag.ValueKind == JsonValueKind.True && rows.Count > 0;
            place = Next(place, rows, more);
            left -= rows.Count;
            more &= left > 0;
            if (rows.Count > 0) yield return new SourcePage(JsonRecords.Lines(rows, []), rows.Count, place.ToString());
        }
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await AskAsync("services/rest/query/v1/suiteql?limit=1&offset=0", "SELECT 1 AS answer FROM dual", cancellationToken).ConfigureAwait(false);
            return $"NetSuite answers for account {_spec.Account}";
        }
        catch (TransientException e) { throw new TerminalException(e.Message, "Check account and network, and whether the service is up.", e); }
    }

    /// <summary>The record types of the metadata catalog. Most are tables of SuiteQL of the same name.</summary>
    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var answer = await AskAsync("services/rest/record/v1/metadata-catalog", null, cancellationToken).ConfigureAwait(false);
        foreach (var name in JsonRecords.At(answer.RootElement, "items.name").Select(n => n.GetString()).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)) yield return new DiscoveredTable(name);
    }

    public Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken) => Client.HealthAsync(cancellationToken);

    private Place Next(Place place, List<JsonElement> rows, bool more)
    {
        if (rows.Count == 0) return place;
        if (_spec.Key.Length == 0)
        {
            var offset = place.Offset + rows.Count;
            if (more && offset >= MostOfOneQuery) throw new TerminalException($"The query has more than {MostOfOneQuery:N0} rows, and the service gives no more of one query.", "Set key to a unique column of the query: the read then goes from key to key.");
            return new Place(null, offset);
        }
        var key = rows[^1].EnumerateObject().FirstOrDefault(p => p.Name.Equals(_spec.Key, StringComparison.OrdinalIgnoreCase)).Value;
        var after = key.ValueKind switch { JsonValueKind.String => key.GetString(), JsonValueKind.Number => key.GetRawText(), _ => null }
            ?? throw new TerminalException($"The rows have no {_spec.Key} to go on by.", "Set key to a unique column that is never NULL, or to nothing to read by row numbers.");
        if (after == place.After) throw new TerminalException($"{_spec.Key} {after} comes twice: the read would go on for ever.", "Set key to a unique column.");
        return new Place(after, 0);
    }

    /// <summary>The rows without the links that the service adds to each, and with numbers where texts are said to be such.</summary>
    private static List<JsonElement> Rows(JsonElement answer, HashSet<string> numbers) =>
        [.. JsonRecords.At(answer, "items").Where(r => r.ValueKind == JsonValueKind.Object).Select(r => numbers.Count > 0 || r.TryGetProperty("links"u8, out _) ? Row(r, numbers) : r)];

    private static JsonElement Row(JsonElement row, HashSet<string> numbers)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            foreach (var property in row.EnumerateObject())
            {
                if (property.NameEquals("links"u8) && property.Value.ValueKind == JsonValueKind.Array) continue;
                writer.WritePropertyName(property.Name);
                // As it is written: digits are not lost on the way through a double.
                if (property.Value.ValueKind == JsonValueKind.String && numbers.Contains(property.Name) && property.Value.GetString() is { } text && SuiteQl.IsJsonNumber(text)) writer.WriteRawValue(text);
                else property.Value.WriteTo(writer);
            }
            writer.WriteEndObject();
        }
        return JsonElement.Parse(bytes.ToArray());
    }

    private async Task<JsonDocument> AskAsync(string path, string? sql, CancellationToken cancellationToken)
    {
        // The account's limit counts all that is asked of it at once.
        var gate = Gates.GetOrAdd((Service.Authority, _spec.Concurrency), static key => new SemaphoreSlim(key.Most));
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var answer = await Client.SendAsync(new Uri(Service, path), sql is null ? null : new JsonObject { ["q"] = sql }.ToJsonString(), cancellationToken).ConfigureAwait(false);
            return JsonDocument.Parse(answer.Body);
        }
        catch (JsonException e) { throw new TerminalException($"{new Uri(Service, path).GetLeftPart(UriPartial.Path)} answers with no JSON: {e.Message}", "Check account and base_url.", e); }
        finally { gate.Release(); }
    }

    private ApiSpec Api() => new()
    {
        BaseUrl = Service, Timeout = _spec.Timeout, LongestPause = _spec.LongestPause, Headers = new Dictionary<string, Secret> { ["Prefer"] = new("transient") },
        Auth = new AuthSpec { Kind = AuthKind.Oauth1, ClientId = _spec.ConsumerKey.Reveal(), ClientSecret = _spec.ConsumerSecret, Token = _spec.TokenId, TokenSecret = _spec.TokenSecret, Realm = _spec.Account.Replace('-', '_').ToUpperInvariant() },
    };

    public void Dispose() => _client?.Dispose();

    /// <summary>Where a read has got: behind a key, or at a row number.</summary>
    private readonly record struct Place(string? After, long Offset)
    {
        public override string ToString() => After is not null ? "key:" + After : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"row:{Offset}");

        public static Place Of(string? cursor, string key) => cursor switch
        {
            null => new Place(null, 0),
            _ when cursor.StartsWith("key:", StringComparison.Ordinal) && key.Length > 0 => new Place(cursor[4..], 0),
            _ when cursor.StartsWith("row:", StringComparison.Ordinal) && key.Length == 0 && long.TryParse(cursor[4..], System.Globalization.CultureInfo.InvariantCulture, out var offset) => new Place(null, offset),
            _ => throw new TerminalException($"\"{cursor}\" says no place among the rows.", "Reset the job's watermark."),
        };
    }
}
