using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FlowForge.Api.Tests.Workflows;

namespace FlowForge.Api.Tests.Hosting;

/// <summary>Every route of the OpenAPI document that takes a body gets bodies that it does not expect: the answer is a problem that says what is wrong, never an internal error.</summary>
public sealed partial class HostileBodyTests(TemporalRuntime runtime) : IClassFixture<TemporalRuntime>
{
    private static readonly string[] Bodies = ["", "{}", "[]", "null", "\"x\"", "1", "{\"a\":", "{\"a\":1,}", "{\"a\":1}{", "\uFEFF{}", "[[[[{}]]]]", "{\"name\":\"a\",\"name\":\"b\"}"];

    [Fact]
    public async Task EveryRouteWithABody_UnexpectedBodies_AreRefusedAsProblems()
    {
        using var http = new HttpClient { BaseAddress = runtime.Address, Timeout = TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", runtime.Token);
        using var document = JsonDocument.Parse(await http.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken));
        var failures = new List<string>();
        var asked = 0;
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            foreach (var method in path.Value.EnumerateObject().Where(m => m.Name is "post" or "put" or "patch"))
            {
                foreach (var name in (string[])["x", new string('ä', 150)])
                {
                    var address = Parameter().Replace(path.Name, m => Uri.EscapeDataString(m.Value is "{layer}" ? "bronze" : name));
                    foreach (var body in (name.Length == 1 ? Bodies.Concat(Of(document.RootElement, method.Value)).Distinct() : ["{}", "null", .. Of(document.RootElement, method.Value).Take(1)]))
                    {
                        asked++;
                        if (await AskAsync(http, method.Name, address, body) is { } failure) failures.Add($"{method.Name.ToUpperInvariant()} {path.Name} {body} -> {failure}");
                    }
                }
            }
        }
        Assert.True(failures.Count == 0, string.Join('\n', failures.Take(60)));
        Assert.True(asked > 500, $"Only {asked} bodies were sent: the document does not list the routes.");
    }

    [Fact]
    public async Task DuplicateKeys_AreRefused()
    {
        using var http = new HttpClient { BaseAddress = runtime.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", runtime.Token);
        using var body = new StringContent("{\"sql\":\"SELECT 1\",\"sql\":\"SELECT 2\"}", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/api/v1/sql", body, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("FF4005", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static async Task<string?> AskAsync(HttpClient http, string method, string address, string body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method.ToUpperInvariant()), address) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            if ((int)answer.StatusCode < 400) return null;
            if ((int)answer.StatusCode >= 500) return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(patience.Token)}";
            var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(patience.Token)).RootElement;
            return problem.TryGetProperty("detail", out var detail) && detail.GetString() is { Length: > 0 } && problem.TryGetProperty("code", out _) ? null : $"{(int)answer.StatusCode} without a code or detail";
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException)
        {
            return e.Message;
        }
    }

    /// <summary>Bodies of the right members with wrong values: none, null, and other types than the schema's.</summary>
    private static IEnumerable<string> Of(JsonElement document, JsonElement operation)
    {
        if (!operation.TryGetProperty("requestBody", out var body) || !body.GetProperty("content").TryGetProperty("application/json", out var json)) yield break;
        var members = Schema(document, json.GetProperty("schema")) is { ValueKind: JsonValueKind.Object } schema && schema.TryGetProperty("properties", out var found) ? found.EnumerateObject().Select(p => p.Name).ToArray() : [];
        foreach (var value in (string[])["null", "{}", "[]", "[null]", "\"\"", "\"\\u0000\"", "-1", "1e300", "true", "\"${secret:x}\"", $"\"{new string('ä', 300)}\"", "\"9999-12-31T23:59:59Z\""])
        {
            yield return "{" + string.Join(",", members.Select(m => $"\"{m}\":{value}")) + "}";
            foreach (var member in members) yield return $"{{\"{member}\":{value}}}";
        }
    }

    private static JsonElement Schema(JsonElement document, JsonElement schema)
    {
        if (schema.TryGetProperty("$ref", out var reference)) return document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        return schema.TryGetProperty("oneOf", out var choices) ? Schema(document, choices.EnumerateArray().Last()) : schema;
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
