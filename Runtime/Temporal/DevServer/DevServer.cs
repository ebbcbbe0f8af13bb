using System.Net;
using FlowForge.Temporal.DevServer.Hosting;
using FlowForge.Temporal.DevServer.Persistence;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace FlowForge.Temporal.DevServer;

/// <summary>
/// The embedded Temporal server: one process, one database file. Start it by <see cref="StartAsync"/>, stop it by disposing.
/// What it has acknowledged is on disk, so that stopping it in any way loses nothing.
/// </summary>
public sealed class DevServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ServerState _state;
    private readonly Database _database;
    private readonly CancellationTokenSource _stopping;
    private readonly TaskCompletionSource<Exception> _crashed;
    private int _disposed;

    private DevServer(WebApplication app, ServerState state, Database database, CancellationTokenSource stopping, TaskCompletionSource<Exception> crashed, string address, string? httpAddress)
    {
        _app = app;
        _state = state;
        _database = database;
        _stopping = stopping;
        _crashed = crashed;
        Address = address;
        HttpAddress = httpAddress;
    }

    /// <summary>Where clients connect: <c>host:port</c>.</summary>
    public string Address { get; }

    /// <summary>Where <c>/health</c> and <c>/metrics</c> are: <c>host:port</c>; null without an HTTP port.</summary>
    public string? HttpAddress { get; }

    /// <summary>Ends when the server can no longer write to its database; until then it never does. The process should end, too.</summary>
    public Task<Exception> Crashed => _crashed.Task;

    internal ServerState State => _state;

    /// <summary>Opens the database, brings back what it holds, and listens.</summary>
    /// <exception cref="DevServerException">The options forbid it, or the port is taken; the message says what to do.</exception>
    /// <exception cref="DatabaseException">The database cannot be used.</exception>
    public static async Task<DevServer> StartAsync(DevServerOptions options, CancellationToken cancellation = default)
    {
        var ip = ServerAddress.Check(options);
        var stopping = new CancellationTokenSource();
        var crashed = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        var metrics = new ServerMetrics();
        var database = new Database(options.DbFile);
        ServerState? state = null;
        WebApplication? app = null;
        try
        {
            state = new ServerState(options, database, metrics, e => crashed.TrySetResult(e));
            state.Executor.Unexpected = e => options.Log?.WriteLine($"error: {e}");
            await state.RecoverAsync();
            app = Build(options, ip, state, metrics, stopping.Token);
            await app.StartAsync(cancellation);
            var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a)).ToArray();
            return new DevServer(app, state, database, stopping, crashed, $"{options.Ip}:{bound[0].Port}", bound.Length > 1 ? $"127.0.0.1:{bound[1].Port}" : null);
        }
        catch (Exception e)
        {
            if (app is not null)
            {
                await app.DisposeAsync();
            }
            state?.Dispose();
            database.Dispose();
            stopping.Dispose();
            if (e is IOException && ServerAddress.IsTaken(e))
            {
                throw new DevServerException($"Port {options.Port} on {options.Ip} is taken by another process. Stop that process, or choose another with --port.", e);
            }
            throw;
        }
    }

    /// <summary>Ends long polls, answers what is under way, writes everything, closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        await _stopping.CancelAsync();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _state.Dispose();
        _database.Dispose();
        _stopping.Dispose();
    }

    private static WebApplication Build(DevServerOptions options, IPAddress ip, ServerState state, ServerMetrics metrics, CancellationToken stopping)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var limits = kestrel.Limits;
            limits.Http2.MaxStreamsPerConnection = 10_000;
            limits.Http2.InitialConnectionWindowSize = 4 * 1024 * 1024;
            limits.Http2.InitialStreamWindowSize = 2 * 1024 * 1024;
            limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
            limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
            limits.MinRequestBodyDataRate = null;
            limits.MinResponseDataRate = null;
            limits.KeepAliveTimeout = TimeSpan.FromMinutes(10);
            limits.MaxRequestBodySize = null;
            limits.MaxConcurrentConnections = null;
            kestrel.AddServerHeader = false;
            kestrel.Listen(ip, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                if (options.Certificate is not null)
                {
                    ServerAddress.UseTls(listen, options);
                }
            });
            if (options.HttpPort is { } http)
            {
                kestrel.Listen(IPAddress.Loopback, http, listen => listen.Protocols = HttpProtocols.Http1);
            }
        });
        var app = builder.Build();
        Routing.Use(app, options, state, metrics, stopping);
        return app;
    }
}
