using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FlowForge.Plugins.Tests.Rest;

/// <summary>
/// NetSuite's SuiteTalk REST in the form that Oracle documents, over tables that a test gives: no recording of the real service, which was never reached. It proves each request's signature by its
/// own reading of RFC 5849, takes a nonce once, and knows the few forms of SuiteQL that the connector writes.
/// </summary>
internal sealed partial class SuiteTalk : IDisposable
{
    public const string Account = "1234567_SB1", ConsumerKey = "consumer", ConsumerSecret = "consumer-secret", TokenId = "token", TokenSecret = "token-secret";
    private readonly HashSet<string> _nonces = [];
    private int _busy;

    public SuiteTalk() => Api = new TestApi(Answer);

    public TestApi Api { get; }
    public Uri Address => Api.Address;

    /// <summary>How many rows a table has.</summary>
    public Dictionary<string, long> Tables { get; } = [];

    /// <summary>Keys of a table that is ordered by the text <c>tranid</c>; without any there is none.</summary>
    public List<string> Texts { get; } = [];

    /// <summary>A row of a table, as JSON.</summary>
    public Func<string, long, string> Row { get; init; } = static (_, id) => $"{{\"links\":[],\"id\":\"{id}\",\"tranid\":\"SO{id}\"}}";

    /// <summary>Answers to refuse with 429 before it goes on well.</summary>
    public int Busy { set => _busy = value; }

    /// <summary>What was asked in SuiteQL.</summary>
    public IEnumerable<string> Queries => Api.Requests.Where(r => r.Path.EndsWith("/suiteql", StringComparison.Ordinal)).Select(r => (string)JsonNode.Parse(r.Body)!["q"]!);

    private TestApi.Reply Answer(TestApi.Request request)
    {
        if (Refusal(request) is { } wrong) return Problem(401, "Unauthorized", wrong);
        if (_busy-- > 0) return new TestApi.Reply("{\"title\":\"Too Many Requests\",\"status\":429,\"o:errorDetails\":[{\"detail\":\"Concurrent request limit exceeded.\",\"o:errorCode\":\"CONCURRENCY_LIMIT_EXCEEDED\"}]}", 429, ("Retry-After", "0"));
        if (request.Path == "/services/rest/record/v1/metadata-catalog") return new TestApi.Reply($"{{\"items\":[{string.Join(',', Tables.Keys.Select(t => $"{{\"name\":\"{t}\",\"links\":[]}}"))}]}}");
        if (request.Path != "/services/rest/query/v1/suiteql" || request.Method != "POST" || request.Headers["Prefer"] != "transient") return Problem(400, "Bad Request", "The request could not be understood by the server.");
        var sql = (string)JsonNode.Parse(request.Body)!["q"]!;
        if (sql == "SELECT 1 AS answer FROM dual") return Page(["{\"links\":[],\"answer\":\"1\"}"], 0, false);
        var table = TablePattern().Match(sql) is { Success: true } found ? found.Groups[1].Value : "";
        if (!Tables.TryGetValue(table, out var rows)) return Problem(400, "Bad Request", $"Invalid search query. Detailed unprocessed description follows. Search error occurred: Record '{table}' was not found.");
        var (limit, offset) = (long.Parse(request.Query["limit"]!, CultureInfo.InvariantCulture), long.Parse(request.Query["offset"]!, CultureInfo.InvariantCulture));
        if (Texts.Count > 0 && sql.Contains("ORDER BY tranid", StringComparison.Ordinal)) return ByText(sql, (int)long.Parse(request.Query["limit"]!, CultureInfo.InvariantCulture));
        // Ids count from 1: both bounds are bounds of ids.
        var after = AfterPattern().Match(sql) is { Success: true } a ? long.Parse(a.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        var from = FromPattern().Match(sql) is { Success: true } f ? long.Parse(f.Groups[1].Value, CultureInfo.InvariantCulture) : 1;
        var first = Math.Max(after + 1, from) + offset;
        var count = Math.Clamp(rows - first + 1, 0, limit);
        return Page([.. Enumerable.Range(0, (int)count).Select(i => Row(table, first + i))], offset, first + count <= rows);
    }

    /// <summary>As Oracle does: texts come in the order of texts, and a bound that is a number makes it compare numbers.</summary>
    private TestApi.Reply ByText(string sql, int limit)
    {
        var bound = TextPattern().Match(sql);
        var rows = Texts.Order(StringComparer.Ordinal).Where(t => !bound.Success || (bound.Groups[1].Value.StartsWith('\'') ? string.CompareOrdinal(t, bound.Groups[1].Value.Trim('\'')) > 0
            : long.Parse(t, CultureInfo.InvariantCulture) > long.Parse(bound.Groups[1].Value, CultureInfo.InvariantCulture))).ToList();
        return Page([.. rows.Take(limit).Select(t => $"{{\"tranid\":\"{t}\"}}")], 0, rows.Count > limit);
    }

    private static TestApi.Reply Page(IReadOnlyList<string> items, long offset, bool more) => new($"{{\"links\":[],\"count\":{items.Count},\"hasMore\":{(more ? "true" : "false")},\"items\":[{string.Join(',', items)}],\"offset\":{offset}}}");

    private static TestApi.Reply Problem(int status, string title, string detail) => new($"{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{status},\"o:errorDetails\":[{{\"detail\":\"{detail}\"}}]}}", status);

    /// <summary>What is wrong with the signature; null when nothing is.</summary>
    private string? Refusal(TestApi.Request request)
    {
        var header = request.Headers["Authorization"] ?? "";
        if (!header.StartsWith("OAuth ", StringComparison.Ordinal)) return "No OAuth.";
        var given = header[6..].Split(',').Select(p => p.Trim().Split('=', 2)).ToDictionary(p => p[0], p => Uri.UnescapeDataString(p[1].Trim('"')));
        if (given.GetValueOrDefault("realm") != Account) return "Invalid realm.";
        if (given["oauth_consumer_key"] != ConsumerKey || given["oauth_token"] != TokenId || given["oauth_signature_method"] != "HMAC-SHA256" || given["oauth_version"] != "1.0") return "Invalid login attempt.";
        if (Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(given["oauth_timestamp"], CultureInfo.InvariantCulture)) > 300) return "Timestamp out of bounds.";
        if (!_nonces.Add(given["oauth_nonce"])) return "Nonce used.";
        var signed = given.Where(p => p.Key is not ("realm" or "oauth_signature")).Select(p => (p.Key, p.Value)).Concat(request.Query.AllKeys.Select(k => (k!, request.Query[k]!)))
            .Select(p => $"{Uri.EscapeDataString(p.Item1)}={Uri.EscapeDataString(p.Item2)}").Order(StringComparer.Ordinal);
        var text = $"{request.Method}&{Uri.EscapeDataString(new Uri($"http://{request.Headers["Host"]}{request.Path}").AbsoluteUri)}&{Uri.EscapeDataString(string.Join('&', signed))}";
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.ASCII.GetBytes($"{ConsumerSecret}&{TokenSecret}"), Encoding.ASCII.GetBytes(text)));
        return signature == given["oauth_signature"] ? null : "Invalid signature.";
    }

    public void Dispose() => Api.Dispose();

    [GeneratedRegex(@"FROM (\w+)")] private static partial Regex TablePattern();
    [GeneratedRegex(@"\btranid > ('?\d+'?)")] private static partial Regex TextPattern();
    [GeneratedRegex(@"\bid > '(\d+)'")] private static partial Regex AfterPattern();
    [GeneratedRegex(@"\bchanged >= (\d+)")] private static partial Regex FromPattern();
}
