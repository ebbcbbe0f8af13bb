using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>A line to a server that goes silent behind a text, without being closed, or changes a text: as a gateway does that forgets connections, or takes headers out.</summary>
internal sealed class TroubledLine : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _server;
    private readonly byte[] _text;
    private readonly byte[]? _instead;
    private readonly int _most;
    private int _silenced;

    private TroubledLine(int server, string text, string? instead, int most)
    {
        (_server, _text, _instead, _most) = (server, Encoding.ASCII.GetBytes(text), instead is null ? null : Encoding.ASCII.GetBytes(instead), most);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <param name="text">In one piece of what the server says: nothing follows behind it on that connection.</param>
    /// <param name="most">On how many connections.</param>
    public static TroubledLine SilentBehind(string text, Uri server, int most = int.MaxValue) => new(server.Port, text, null, most);

    /// <param name="instead">As long as the text, wherever that comes.</param>
    public static TroubledLine Changing(string text, string instead, Uri server) =>
        text.Length == instead.Length ? new(server.Port, text, instead, 0) : throw new ArgumentException("It must be as long as the text.", nameof(instead));

    /// <summary>Connections that it has silenced.</summary>
    public int Silenced => Math.Min(Volatile.Read(ref _silenced), _most);

    public Uri Before(Uri address) => new UriBuilder(address) { Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        try
        {
            using (client)
            {
                await server.ConnectAsync(IPAddress.Loopback, _server, _stop.Token);
                var asking = client.GetStream().CopyToAsync(server.GetStream(), _stop.Token);
                await AnswerAsync(server.GetStream(), client.GetStream());
                _ = asking.ContinueWith(static t => t.Exception, TaskScheduler.Default);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task AnswerAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[1 << 16];
        while (await from.ReadAsync(buffer, _stop.Token) is > 0 and var count)
        {
            var at = buffer.AsSpan(0, count).IndexOf(_text);
            if (at >= 0 && _instead is not null) _instead.CopyTo(buffer, at);
            if (at >= 0 && _instead is null && Interlocked.Increment(ref _silenced) <= _most)
            {
                await to.WriteAsync(buffer.AsMemory(0, at + _text.Length), _stop.Token);
                await Task.Delay(Timeout.Infinite, _stop.Token);
            }
            await to.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
    }
}
