using System.Net;
using FlowForge.Workbench.Tests.Browser;
using FlowForge.Workbench.Tests.Fakes;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

public sealed class LoginTests(Bench bench) : IClassFixture<Bench>
{
    [Fact]
    public async Task Stranger_OpensAPage_IsAskedForTheTokenAndComesBackToIt()
    {
        var page = await bench.StrangerAsync();
        await page.GotoAsync($"{bench.Workbench.Url}runs?state=failed");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Log in to the workbench" }).WaitForAsync();
        await page.GetByLabel("Token").FillAsync("not the token");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("That is not this environment's token. A new one is made with each data folder.");
        await page.GetByLabel("Token").FillAsync(FakeRuntime.Token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Runs" }).WaitForAsync();
        Assert.Equal($"{bench.Workbench.Url}runs?state=failed", page.Url);
    }

    [Fact]
    public async Task Link_WithTheToken_SetsAStrictHttpOnlyCookieAndLeavesNoTokenInTheAddress()
    {
        var page = await bench.OpenAsync("/");
        Assert.Equal(bench.Workbench.Url.ToString(), page.Url);
        var cookie = Assert.Single(await page.Context.CookiesAsync(), c => c.Name.StartsWith("flowforge", StringComparison.Ordinal));
        Assert.Equal($"flowforge-{bench.Workbench.Url.Port}", cookie.Name);
        Assert.True(cookie.HttpOnly);
        Assert.Equal(SameSiteAttribute.Strict, cookie.SameSite);
        Assert.DoesNotContain(FakeRuntime.Token, cookie.Value);
        Assert.DoesNotContain(FakeRuntime.Token, bench.Workbench.Output);
    }

    [Fact]
    public async Task Logout_EndsTheSession()
    {
        var page = await bench.OpenAsync("/");
        await page.GetByRole(AriaRole.Link, new() { Name = "Log out" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Log in to the workbench" }).WaitForAsync();
        Assert.DoesNotContain(await page.Context.CookiesAsync(), c => c.Name.StartsWith("flowforge", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("POST", "/_blazor/negotiate?negotiateVersion=1", HttpStatusCode.Unauthorized)]
    [InlineData("GET", "/_blazor", HttpStatusCode.Unauthorized)]
    [InlineData("GET", "/catalog", HttpStatusCode.SeeOther)]
    [InlineData("GET", "/health", HttpStatusCode.OK)]
    public async Task Stranger_AsksFor_GetsOnly(string method, string path, HttpStatusCode expected)
    {
        if (bench.Workbench is null)
            Assert.Skip("Chromium is not installed.");
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false });
        using var answer = await http.SendAsync(new HttpRequestMessage(new HttpMethod(method), new Uri(bench.Workbench.Url, path)));
        Assert.Equal(expected, answer.StatusCode);
        Assert.Contains("script-src 'self';", answer.Headers.GetValues("Content-Security-Policy").Single());
    }

    [Theory]
    [InlineData("1893456000.00")]
    [InlineData("garbage")]
    [InlineData("9999999999.9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    public async Task Cookie_Forged_IsRefused(string value)
    {
        if (bench.Workbench is null)
            Assert.Skip("Chromium is not installed.");
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(bench.Workbench.Url, "/"));
        request.Headers.Add("Cookie", $"flowforge-{bench.Workbench.Url.Port}={value}");
        using var answer = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
    }

    [Fact]
    public async Task Host_ThatIsNotOurs_IsRefused()
    {
        if (bench.Workbench is null)
            Assert.Skip("Chromium is not installed.");
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(bench.Workbench.Url, "/login"));
        request.Headers.Host = "attacker.example";
        using var answer = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }
}
