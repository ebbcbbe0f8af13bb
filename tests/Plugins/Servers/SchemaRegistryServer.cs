using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>A schema registry of our own making: the three questions of Confluent's interface that a reader asks, over plain HTTP with a login. No real registry was to be had.</summary>
public sealed class SchemaRegistryServer : IDisposable
{
    public const string User = "reader", Password = "s3cret-of-the-tests";
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<string> _asked = [];

    public SchemaRegistryServer()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>What it answers by path; anything else is not found.</summary>
    public Dictionary<string, string> Answers { get; } = new() { ["/subjects"] = "[]" };

    /// <summary>Answers everything with this status, when it is set.</summary>
    public int? Status { get; set; }

    /// <summary>The paths in the order in which they were asked for.</summary>
    public IReadOnlyList<string> Asked
    {
        get { lock (_asked) return [.. _asked]; }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = AnswerAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException) { /* It is over. */ }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using var _ = client;
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        while (await reader.ReadLineAsync() is { } request)
        {
            string? login = null;
            while (await reader.ReadLineAsync() is { Length: > 0 } header)
                if (header.StartsWith("Authorization: Basic ", StringComparison.Ordinal)) login = Encoding.UTF8.GetString(Convert.FromBase64String(header[21..]));
            var path = request.Split(' ')[1];
            lock (_asked) _asked.Add(path);
            var (status, body) = Status is { } all ? (all, "{}") : login != $"{User}:{Password}" ? (401, "{}") : Answers.TryGetValue(path, out var answer) ? (200, answer) : (404, "{\"error_code\":40403}");
            await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {status} X\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));
        }
    }

    public void Dispose() => _listener.Dispose();
}
