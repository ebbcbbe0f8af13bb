using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

[Collection(RuntimeCollection.Name)]
public sealed class HookTests(TestRuntime runtime)
{
    private readonly string _hook = "h" + Guid.NewGuid().ToString("n")[..10];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The connector is not among the sample's plugins, so its connection comes as a file, as by hand.</summary>
    private async Task MakeAsync(string settings)
    {
        var folder = Directory.CreateDirectory(Path.Combine(runtime.Workspace, "connections")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, _hook + ".yaml"), $"connections:\n  {_hook}:\n    connector: webhook\n    settings: {{ hook: {_hook}, {settings} }}\n", Stop);
        for (var patience = 0; patience < 600; patience++)
        {
            if ((await runtime.Client.HooksAsync(Stop)).Any(h => h.Name == _hook)) return;
            await Task.Delay(100, Stop);
        }
        Assert.Fail("The hook did not appear.");
    }

    private async Task<HttpResponseMessage> PostAsync(string body, string type = "application/json", string? hook = null, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient { BaseAddress = runtime.Address };
        var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/" + (hook ?? _hook)) { Content = new StringContent(body, Encoding.UTF8, type) };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request, Stop);
    }

    private static string Hmac(string key, string text) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text)));

    private static async Task<string?> CodeAsync(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<Problem>(ContractsJson.Options, Stop))!.Code;

    private string Kept() => Directory.Exists(Path.Combine(runtime.Workspace, ".hooks", _hook)) ? string.Concat(Directory.EnumerateFiles(Path.Combine(runtime.Workspace, ".hooks", _hook), "*.ndjson").Order(StringComparer.Ordinal).Select(f =>
    {
        using var reader = new StreamReader(new FileStream(f, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    })) : "";

    [Fact]
    public async Task Post_WithTheToken_IsOnTheDiskWhenItIsAnswered()
    {
        await runtime.Client.PutSecretAsync(_hook, "hook-token", Stop);
        await MakeAsync($"token: \"${{secret:{_hook}}}\"");
        var answer = await PostAsync("{\"id\": 1,\n \"text\": \"gr\u00fcn\"}", headers: ("Authorization", "Bearer hook-token"));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var receipt = (await answer.Content.ReadFromJsonAsync<HookReceipt>(ContractsJson.Options, Stop))!;
        var line = Kept();
        Assert.Equal($"{{\"id\":\"{receipt.Id}\",\"at\":", line[..(7 + receipt.Id.Length + 7)]);
        Assert.EndsWith(",\"body\":{\"id\": 1,  \"text\": \"gr\u00fcn\"}}\n", line, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync("plain text", "text/plain", headers: ("X-Hook-Token", "hook-token"))).StatusCode);
        Assert.EndsWith(",\"body\":\"plain text\"}\n", Kept(), StringComparison.Ordinal);
        var posts = await runtime.Client.HookPostsAsync(_hook, 5, Stop);
        Assert.Equal(["\"plain text\"", "{\"id\": 1,  \"text\": \"gr\u00fcn\"}"], posts.Select(p => p.Body));
        var entry = (await runtime.Client.HooksAsync(Stop)).Single(h => h.Name == _hook);
        Assert.Equal((_hook, 2L, true, 0L, $"{runtime.Address.GetLeftPart(UriPartial.Authority)}/hooks/{_hook}"), (entry.Connection, entry.Posts, entry.Protected, entry.Refused, entry.Url));
    }

    [Fact]
    public async Task Post_AfterItsFolderCouldNotBeMade_IsTaken()
    {
        var blocked = Path.Combine(Directory.CreateDirectory(Path.Combine(runtime.Workspace, ".hooks")).FullName, _hook);
        await File.WriteAllTextAsync(blocked, "in the way", Stop);
        await runtime.Client.PutSecretAsync(_hook, "hook-token", Stop);
        var folder = Directory.CreateDirectory(Path.Combine(runtime.Workspace, "connections")).FullName;
        var settings = Path.Combine(folder, _hook + ".yaml");
        await File.WriteAllTextAsync(settings, $"connections:\n  {_hook}:\n    connector: webhook\n    settings: {{ hook: {_hook}, token: \"${{secret:{_hook}}}\" }}\n", Stop);
        var answer = HttpStatusCode.Unauthorized;
        for (var patience = 0; patience < 600 && answer == HttpStatusCode.Unauthorized; patience++)
        {
            // Until the hook is known.
            await Task.Delay(100, Stop);
            answer = (await PostAsync("1", headers: ("Authorization", "Bearer hook-token"))).StatusCode;
        }
        Assert.InRange((int)answer, 500, 599);
        File.Delete(blocked);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync("2", headers: ("Authorization", "Bearer hook-token"))).StatusCode);
        Assert.EndsWith(",\"body\":2}\n", Kept(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_WithoutProof_GetsOneAnswerAndLeavesNothing()
    {
        await MakeAsync("token: \"hook-token\", hmac_secret: \"key\"");
        var right = ("X-Hub-Signature-256", "sha256=" + Hmac("key", "{}"));
        foreach (var headers in new (string, string)[][] { [], [right], [("Authorization", "Bearer hook-token")], [("Authorization", "Bearer hook-tokem"), right], [("Authorization", "Bearer hook-token"), ("X-Hub-Signature-256", "sha256=" + Hmac("kez", "{}"))], [("Authorization", "Bearer hook-token"), ("X-Hub-Signature-256", "zz")] })
        {
            var answer = await PostAsync("{}", headers: headers);
            Assert.Equal((HttpStatusCode.Unauthorized, "FF4155"), (answer.StatusCode, await CodeAsync(answer)));
        }
        var unknown = await PostAsync("{}", hook: "none-such", headers: ("Authorization", "Bearer hook-token"));
        Assert.Equal((HttpStatusCode.Unauthorized, "FF4155"), (unknown.StatusCode, await CodeAsync(unknown)));
        Assert.Equal("", Kept());
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync("{}", headers: [("Authorization", "Bearer hook-token"), right])).StatusCode);
        Assert.Equal(6, (await runtime.Client.HooksAsync(Stop)).Single(h => h.Name == _hook).Refused);
        // The runtime's own token opens no hook, and a hook's token not the API.
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("{}", headers: [("Authorization", "Bearer " + runtime.Token), right])).StatusCode);
        using var http = new HttpClient { BaseAddress = runtime.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "hook-token");
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri("/api/v1/hooks", UriKind.Relative), Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri("/hooks/" + _hook, UriKind.Relative), Stop)).StatusCode);
    }

    [Fact]
    public async Task Post_OldOrChangedTime_IsRefused()
    {
        await MakeAsync("hmac_secret: \"key\", timestamp_header: \"X-Time\", replay_window: 60s");
        async Task<HttpStatusCode> SendAsync(long time, string signedTime) => (await PostAsync("{}", headers: [("X-Time", time.ToString(CultureInfo.InvariantCulture)), ("X-Hub-Signature-256", Hmac("key", signedTime + ".{}"))])).StatusCode;
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(now, $"{now}"));
        // The same post again is a replay: answered, and not kept twice.
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(now, $"{now}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(now - 3600, $"{now - 3600}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(now + 3600, $"{now + 3600}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(now, $"{now - 3600}"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("{}", headers: ("X-Hub-Signature-256", Hmac("key", "{}")))).StatusCode);
        Assert.Equal(1, Kept().Count(c => c == '\n'));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_SignatureAgainInOtherWords_IsAReplay(bool withKey)
    {
        await MakeAsync("hmac_secret: \"key\", timestamp_header: \"X-Time\"");
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        async Task<HookReceipt> SendAsync(long time, Func<string, string> form, string? key)
        {
            (string, string)[] headers = [("X-Time", $"{time}"), ("X-Hub-Signature-256", form(Hmac("key", time + ".{}")))];
            var answer = await PostAsync("{}", headers: key is null ? headers : [.. headers, ("Idempotency-Key", key)]);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            return (await answer.Content.ReadFromJsonAsync<HookReceipt>(ContractsJson.Options, Stop))!;
        }
        var first = await SendAsync(now, s => s, withKey ? "a" : null);
        var replay = new HookReceipt(first.Id, true);
        Assert.False(first.Duplicate);
        Assert.Equal(replay, await SendAsync(now, s => s, "b"));
        Assert.Equal(replay, await SendAsync(now, s => s, null));
        Assert.Equal(replay, await SendAsync(now, s => s.ToUpperInvariant(), null));
        Assert.Equal(replay, await SendAsync(now, s => "sha256=" + s, "c"));
        if (withKey)
        {
            // Signed anew by the sender and known by its key: neither may that one come under another key.
            Assert.Equal(replay, await SendAsync(now - 1, s => s, "a"));
            Assert.Equal(replay, await SendAsync(now - 1, s => s, "d"));
        }
        Assert.Equal(1, Kept().Count(c => c == '\n'));
        // What is on the disk is enough to know it after a restart.
        using var again = new FlowForge.Api.Hooks.HookFolder(Path.Combine(runtime.Workspace, ".hooks", _hook), DateTimeOffset.UtcNow, TimeSpan.FromMinutes(10));
        var signature = Hmac("key", now + ".{}").ToUpperInvariant();
        Assert.Equal(replay, await again.AppendAsync("{}"u8.ToArray(), "e", signature, TimeSpan.FromMinutes(10), long.MaxValue, DateTimeOffset.UtcNow, Stop));
        Assert.Equal(withKey ? "a" : "signature " + signature, again.Last(1).Single().Key);
    }

    [Fact]
    public async Task Post_NestedDeep_IsRefusedBeforeItIsKept()
    {
        await MakeAsync("token: t1");
        static string Nested(int deep) => new string('[', deep) + new string(']', deep);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(Nested(60), headers: ("X-Hook-Token", "t1"))).StatusCode);
        var answer = await PostAsync(Nested(61), headers: ("X-Hook-Token", "t1"));
        Assert.Equal((HttpStatusCode.BadRequest, "FF4153"), (answer.StatusCode, await CodeAsync(answer)));
        Assert.Equal(Nested(60), (await runtime.Client.HookPostsAsync(_hook, 5, Stop)).Single().Body);
    }

    [Fact]
    public async Task Post_SentAgain_IsKeptOnce()
    {
        await MakeAsync("token: t1");
        async Task<HookReceipt> SendAsync(string key) => (await (await PostAsync("{\"n\":1}", headers: [("X-Hook-Token", "t1"), ("Idempotency-Key", key)])).Content.ReadFromJsonAsync<HookReceipt>(ContractsJson.Options, Stop))!;
        var first = await SendAsync("a");
        var again = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SendAsync("a")));
        Assert.All(again, r => Assert.Equal(new HookReceipt(first.Id, true), r));
        Assert.False((await SendAsync("b")).Duplicate);
        Assert.Equal(2, Kept().Count(c => c == '\n'));
    }

    [Fact]
    public async Task Post_TooLargeTooManyOrNoText_IsRefused()
    {
        await MakeAsync("token: t1, largest_kib: 1, posts_per_minute: 5");
        (string, string) token = ("X-Hook-Token", "t1");
        var answer = await PostAsync("\"" + new string('x', 2000) + "\"", headers: token);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "FF4152"), (answer.StatusCode, await CodeAsync(answer)));
        answer = await PostAsync("{broken", headers: token);
        Assert.Equal((HttpStatusCode.BadRequest, "FF4153"), (answer.StatusCode, await CodeAsync(answer)));
        Assert.Equal("", Kept());
        var codes = new List<HttpStatusCode>();
        // A minute may end meanwhile, not two.
        for (var i = 0; i < 12; i++) codes.Add((await PostAsync("1", headers: token)).StatusCode);
        Assert.Contains(HttpStatusCode.TooManyRequests, codes);
        Assert.Contains(HttpStatusCode.Accepted, codes);
        Assert.Equal(codes.Count(c => c == HttpStatusCode.Accepted), Kept().Count(c => c == '\n'));
    }
}
