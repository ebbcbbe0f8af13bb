using FlowForge.Api.Hosting;
using Microsoft.Extensions.Configuration;

namespace FlowForge.Api.Tests.Hosting;

public sealed class LoopbackOnlyTests
{
    private static readonly IConfiguration None = new ConfigurationBuilder().Build();

    [Theory]
    [InlineData("http://127.0.0.1:5080")]
    [InlineData("http://127.0.0.2:5080")]
    [InlineData("http://localhost:5080")]
    [InlineData("http://[::1]:5080")]
    public void Check_Loopback_Passes(string address) => LoopbackOnly.Check(None, [address]);

    [Theory]
    [InlineData("http://0.0.0.0:5080")]
    [InlineData("http://*:5080")]
    [InlineData("http://+:5080")]
    [InlineData("http://[::]:5080")]
    [InlineData("http://192.168.0.7:5080")]
    [InlineData("http://example.org:5080")]
    public void Check_AnythingElse_Refuses(string address) =>
        Assert.Equal($"The runtime would listen on {address}, where other machines can reach it; its token would travel unencrypted. Bind it to 127.0.0.1, or put it behind a TLS proxy and set FlowForge:AllowRemote=true.",
            Assert.Throws<InvalidOperationException>(() => LoopbackOnly.Check(None, [address])).Message);

    [Theory]
    [InlineData("urls=http://127.0.0.1:1; http://127.0.0.1:2|http_ports=80", "http://127.0.0.1:1 http://127.0.0.1:2")]
    [InlineData("http_ports=8080;8081|https_ports=443", "http://*:8080 http://*:8081 https://*:443")]
    [InlineData("urls=http://127.0.0.1:1|Kestrel:Endpoints:Open:Url=http://0.0.0.0:9", "http://0.0.0.0:9")]
    [InlineData("a=b", "")]
    public void Addresses_AreThoseThatKestrelTakes(string settings, string expected) =>
        Assert.Equal(expected, string.Join(' ', LoopbackOnly.Addresses(new ConfigurationBuilder().AddInMemoryCollection(settings.Split('|').Select(s => s.Split('=', 2)).ToDictionary(s => s[0], s => (string?)s[1])).Build())));

    [Fact]
    public void Check_AllowRemote_Passes() =>
        LoopbackOnly.Check(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["FlowForge:AllowRemote"] = "true" }).Build(), ["http://0.0.0.0:80"]);
}
