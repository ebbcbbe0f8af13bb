using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Hosting;

[Collection(RuntimeCollection.Name)]
public sealed class GateTests(TestRuntime runtime) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = runtime.Address };

    public void Dispose() => http.Dispose();

    [Theory]
    [InlineData("/api/v1/system")]
    [InlineData("/api/v1/events")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/api/v1/schema/pipeline.json")]
    [InlineData("/health/more")]
    [InlineData("/nothing")]
    public async Task Get_WithoutToken_Is401AsProblem(string path)
    {
        var response = await http.GetAsync(path);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<Problem>(ContractsJson.Options);
        Assert.Equal("This request carries no token that the runtime accepts.", problem!.Detail);
    }

    [Theory]
    [InlineData("Bearer wrong")]
    [InlineData("Bearer ")]
    [InlineData("Basic {0}")]
    [InlineData("{0}")]
    public async Task Get_WithAnotherToken_Is401(string header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/system");
        request.Headers.TryAddWithoutValidation("Authorization", header.Replace("{0}", runtime.Token, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Get_TokenInTheQuery_Is401() =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/api/v1/system?access_token=" + runtime.Token)).StatusCode);

    [Fact]
    public async Task Health_WithoutToken_Answers() =>
        Assert.Equal("""{"status":"healthy","service":"runtime"}""", await http.GetStringAsync("/health"));

    [Fact]
    public async Task Get_ForAnotherHostName_IsRefused()
    {
        using var request = WithToken("/api/v1/system");
        request.Headers.Host = "attacker.example";
        Assert.Equal(HttpStatusCode.BadRequest, (await http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Get_UnknownPath_Is404AsProblem()
    {
        using var request = WithToken("/api/v1/nothing");
        var problem = await (await http.SendAsync(request)).Content.ReadFromJsonAsync<Problem>(ContractsJson.Options);
        Assert.Equal((404, "There is nothing at /api/v1/nothing.", "GET /openapi/v1.json lists what there is."), (problem!.Status, problem.Detail, problem.Suggestion));
    }

    [Fact]
    public async Task Put_BodyThatIsNoJson_Is400AsProblem()
    {
        using var request = WithToken("/api/v1/pipelines/x", HttpMethod.Put);
        request.Content = new StringContent("{\"text\": 7}", System.Text.Encoding.UTF8, "application/json");
        var problem = await (await http.SendAsync(request)).Content.ReadFromJsonAsync<Problem>(ContractsJson.Options);
        Assert.Equal((400, "FF4005"), (problem!.Status, problem.Code));
        Assert.StartsWith("The body is not the JSON that is expected here: ", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_BodyTooLarge_Is413()
    {
        using var request = WithToken("/api/v1/pipelines/x", HttpMethod.Put);
        request.Content = JsonContent.Create(new PutPipeline(new string('x', 5 << 20)));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task OpenApi_WithToken_DescribesEveryPath()
    {
        using var request = WithToken("/openapi/v1.json");
        var text = await (await http.SendAsync(request)).Content.ReadAsStringAsync();
        foreach (var path in new[] { "/pipelines", "/pipelines/{name}", "/pipelines/validate", "/pipelines/{name}/versions", "/pipelines/{name}/plan", "/runs", "/runs/{run}", "/runs/{run}/cancel",
                     "/runs/{run}/retry", "/runs/{run}/events", "/runs/{run}/logs", "/events", "/overview", "/tables", "/tables/{layer}/{name}", "/tables/{layer}/{name}/rows",
                     "/tables/{layer}/{name}/versions", "/tables/{layer}/{name}/rejects", "/connectors", "/search", "/system", "/schema/pipeline.json" })
            Assert.Contains($"\"/api/v1{path}\"", text, StringComparison.Ordinal);
    }

    private HttpRequestMessage WithToken(string path, HttpMethod? method = null) => new(method ?? HttpMethod.Get, path)
    {
        Headers = { Authorization = new AuthenticationHeaderValue("Bearer", runtime.Token) }
    };
}
