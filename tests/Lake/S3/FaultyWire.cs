using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FlowForge.Lake.Tests.S3;

/// <summary>What happens to a request on its way.</summary>
public enum Fault
{
    None,

    /// <summary>The connection is cut before the service hears of it.</summary>
    Cut,

    /// <summary>The service does it, and its answer is lost.</summary>
    LoseAnswer,

    /// <summary>The client hears nothing; the service gets it when the test says so.</summary>
    Later,

    /// <summary>The answer is cut off within its body.</summary>
    BreakBody,

    /// <summary>The answer stops within its body, and the connection stays.</summary>
    StallBody,
}

/// <summary>
/// Stands between a client and an HTTP service and does to each request what the test says: everything that a network does, and that a client cannot tell apart. One connection
/// a request.
/// </summary>
public sealed class FaultyWire : IDisposable
{
    private const int BodyBytes = 100;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<byte[]> _later = new();
    private readonly int _port;

    public FaultyWire(Uri service)
    {
        _port = service.Port;
        _listener.Start();
        Endpoint = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _ = Task.Run(AcceptAsync);
    }

    public Uri Endpoint { get; }

    /// <summary>Method, decoded path with query, and what to do. Called once a request, from several threads.</summary>
    public Func<string, string, Fault> Rule { get; set; } = (_, _) => Fault.None;

    /// <summary>What came, as method and decoded path.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Brings what was kept back to the service.</summary>
    /// <returns>Its status codes.</returns>
    public async Task<IReadOnlyList<int>> DeliverAsync()
    {
        var codes = new List<int>();
        while (_later.TryDequeue(out var request))
        {
            using var service = new TcpClient();
            await service.ConnectAsync(IPAddress.Loopback, _port);
            await service.GetStream().WriteAsync(request);
            using var answer = new MemoryStream();
            await service.GetStream().CopyToAsync(answer);
            codes.Add(int.Parse(Encoding.Latin1.GetString(answer.ToArray()).AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture));
        }
        return codes;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var wire = client.GetStream();
                if (await RequestAsync(wire) is not { } request) return;
                var line = Encoding.Latin1.GetString(request.AsSpan(0, request.AsSpan().IndexOf("\r\n"u8))).Split(' ');
                var (method, path) = (line[0], Uri.UnescapeDataString(line[1]));
                Requests.Enqueue($"{method} {path}");
                var fault = Rule(method, path);
                if (fault == Fault.Later) _later.Enqueue(request);
                if (fault is Fault.Cut or Fault.Later)
                {
                    Reset(client);
                    return;
                }
                using var service = new TcpClient();
                await service.ConnectAsync(IPAddress.Loopback, _port, _stop.Token);
                await service.GetStream().WriteAsync(request, _stop.Token);
                await AnswerAsync(service.GetStream(), wire, client, fault);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // The client went away, or the test is over.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream from, NetworkStream to, TcpClient client, Fault fault)
    {
        using var answer = new MemoryStream();
        if (fault is Fault.None)
        {
            await from.CopyToAsync(to, _stop.Token);
            return;
        }
        await from.CopyToAsync(answer, _stop.Token);
        if (fault is Fault.BreakBody or Fault.StallBody)
        {
            var all = answer.ToArray();
            var head = all.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
            await to.WriteAsync(all.AsMemory(0, Math.Min(all.Length, head + BodyBytes)), _stop.Token);
            // A reset would take what was not read yet away too.
            if (fault is Fault.StallBody) await to.ReadExactlyAsync(new byte[1], _stop.Token);
            else client.Client.Shutdown(SocketShutdown.Send);
            return;
        }
        Reset(client);
    }

    // The whole request, with a word to the service that it is the only one of its connection.
    private async Task<byte[]?> RequestAsync(NetworkStream wire)
    {
        using var request = new MemoryStream();
        var buffer = new byte[1 << 16];
        int head;
        while ((head = request.GetBuffer().AsSpan(0, (int)request.Length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            var got = await wire.ReadAsync(buffer, _stop.Token);
            if (got == 0) return null;
            request.Write(buffer, 0, got);
        }
        var lines = Encoding.Latin1.GetString(request.GetBuffer(), 0, head).Split("\r\n").ToList();
        if (lines.RemoveAll(l => l.StartsWith("Expect:", StringComparison.OrdinalIgnoreCase)) > 0) await wire.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), _stop.Token);
        var length = lines.Where(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)).Select(l => int.Parse(l.AsSpan(15), System.Globalization.CultureInfo.InvariantCulture)).FirstOrDefault();
        while (request.Length < head + 4 + length)
        {
            var got = await wire.ReadAsync(buffer, _stop.Token);
            if (got == 0) return null;
            request.Write(buffer, 0, got);
        }
        lines.RemoveAll(l => l.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase));
        lines.Add("Connection: close");
        return [.. Encoding.Latin1.GetBytes(string.Join("\r\n", lines) + "\r\n\r\n"), .. request.GetBuffer().AsSpan(head + 4, length)];
    }

    private static void Reset(TcpClient client)
    {
        client.LingerState = new LingerOption(true, 0);
        client.Close();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
    }
}
