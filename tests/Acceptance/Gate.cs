using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FlowForge.Acceptance.Tests;

/// <summary>
/// A door before a server: passes everything until what it waits for comes by, and then holds all of its connections until it is opened, so that a test knows that a reader is in the middle when it is killed.
/// </summary>
internal sealed class Gate : IDoor, IDisposable
{
    private static ReadOnlySpan<byte> Here => "127.0.0.1"u8;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<TcpClient> _clients = [];
    private readonly int _server;
    private Dictionary<int, int> _others = [];
    private Rule? _rule;

    /// <summary>What is waited for, and how often it still has to come.</summary>
    private sealed class Rule(byte[]? text, int connections, long bytes)
    {
        public readonly byte[]? Text = text;
        public int Connections = connections;
        public long Bytes = bytes;
        public readonly TaskCompletionSource Held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public readonly TaskCompletionSource Opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <param name="server">Port on 127.0.0.1 to which it leads.</param>
    public Gate(int server)
    {
        _server = server;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>
    /// A gate for each server of a cluster whose servers name each other to their clients, as Kafka's brokers do: in what they say their ports are those of the gates, so that no client passes by.
    /// </summary>
    public static Gate[] BeforeAll(IEnumerable<int> servers)
    {
        var gates = servers.Select(s => new Gate(s)).ToArray();
        var ports = gates.ToDictionary(g => g._server, g => g.Port);
        foreach (var gate in gates) gate._others = ports;
        return gates;
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The address of a server, by this gate.</summary>
    public Uri Before(Uri address) => new UriBuilder(address) { Port = Port }.Uri;

    /// <summary>Whether it holds a request back now.</summary>
    public bool Holds => Volatile.Read(ref _rule) is { Held.Task.IsCompleted: true };

    /// <summary>Holds the request in which this text is sent, in plain and in one piece.</summary>
    public void HoldAt(string text) => Volatile.Write(ref _rule, new Rule(Encoding.UTF8.GetBytes(text), 0, 0));

    /// <summary>Holds the connection of this number, counted from now on.</summary>
    public void HoldAtConnection(int number) => Volatile.Write(ref _rule, new Rule(null, number, 0));

    /// <summary>Holds when the server has sent so much, counted from now on.</summary>
    public void HoldAfter(long bytes) => Volatile.Write(ref _rule, new Rule(null, 0, bytes));

    /// <summary>Lets everything pass from now on.</summary>
    public void Open()
    {
        Interlocked.Exchange(ref _rule, null)?.Opened.TrySetResult();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client;
            try { client = await _listener.AcceptTcpClientAsync(_stop.Token); }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { return; }
            _clients.Add(client);
            if (Volatile.Read(ref _rule) is { Connections: > 0 } rule && Interlocked.Decrement(ref rule.Connections) == 0) rule.Held.TrySetResult();
            _ = PassAsync(client);
        }
    }

    private async Task PassAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await WaitAsync();
            await server.ConnectAsync(IPAddress.Loopback, _server, _stop.Token);
            _clients.Add(server);
            await Task.WhenAny(CopyAsync(client, server, isAsking: true), CopyAsync(server, client, isAsking: false));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { /* One of the two has gone. */ }
        finally
        {
            client.Dispose();
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, bool isAsking)
    {
        var bytes = new byte[16 << 10];
        try
        {
            while (await from.GetStream().ReadAsync(bytes, _stop.Token) is var count and > 0)
            {
                if (Volatile.Read(ref _rule) is { } rule)
                    if (isAsking ? rule.Text is { } text && bytes.AsSpan(0, count).IndexOf(text) >= 0 : rule.Bytes > 0 && Interlocked.Add(ref rule.Bytes, -count) <= 0) rule.Held.TrySetResult();
                if (!isAsking) Rename(bytes.AsSpan(0, count));
                await WaitAsync();
                await to.GetStream().WriteAsync(bytes.AsMemory(0, count), _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException or InvalidOperationException) { /* One of the two has gone. */ }
    }

    /// <summary>Puts the gates' ports behind this machine's address, four bytes as Kafka writes them, where the servers' own stand.</summary>
    private void Rename(Span<byte> bytes)
    {
        if (_others.Count == 0) return;
        for (int at; (at = bytes.IndexOf(Here)) >= 0 && bytes.Length >= at + Here.Length + 4;)
        {
            bytes = bytes[(at + Here.Length)..];
            if (_others.TryGetValue(BinaryPrimitives.ReadInt32BigEndian(bytes), out var port)) BinaryPrimitives.WriteInt32BigEndian(bytes, port);
        }
    }

    private Task WaitAsync() => Volatile.Read(ref _rule) is { Held.Task.IsCompleted: true } rule ? rule.Opened.Task.WaitAsync(_stop.Token) : Task.CompletedTask;

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        foreach (var client in _clients) client.Dispose();
    }
}
