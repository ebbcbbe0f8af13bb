using System.Net;
using FlowForge.Temporal.Protocol;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FlowForge.Temporal.Tests;

/// <summary>Kestrel that answers as a test says, byte by byte where it must.</summary>
public sealed class GrpcTestServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private GrpcTestServer(WebApplication app) => _app = app;

    public string Address { get; private set; } = "";

    public static async Task<GrpcTestServer> StartAsync(RequestDelegate answer, Action<ListenOptions>? listen = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, o =>
        {
            o.Protocols = HttpProtocols.Http2;
            listen?.Invoke(o);
        }));
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new GrpcTestServer(app) { Address = new Uri(url).Authority };
    }

    /// <summary>A well-formed answer with its status in the trailers.</summary>
    public static async Task AnswerAsync(HttpContext http, IMessage message)
    {
        http.Response.ContentType = GrpcFrame.ContentType;
        http.Response.DeclareTrailer(GrpcStatus.StatusHeader);
        await http.Response.Body.WriteAsync(GrpcFrame.ToArray(message));
        http.Response.AppendTrailer(GrpcStatus.StatusHeader, "0");
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
