using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>An FTP server of the first days, of our own making: it knows LIST, RETR and DELE, and neither SIZE, MDTM nor MLSD. Files stand in folders of one level.</summary>
public sealed class PlainFtpServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public PlainFtpServer()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public ConcurrentDictionary<string, string> Files { get; } = new();

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client;
            try { client = await _listener.AcceptTcpClientAsync(); }
            catch (Exception e) when (e is SocketException or ObjectDisposedException) { return; }
            _ = Task.Run(() => ServeAsync(client));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var data = new TcpListener(IPAddress.Loopback, 0);
        data.Start();
        var folder = "/";
        try
        {
            using var reader = new StreamReader(client.GetStream());
            await using var writer = new StreamWriter(client.GetStream()) { NewLine = "\r\n", AutoFlush = true };
            await writer.WriteLineAsync("220 here");
            while (await reader.ReadLineAsync() is { } line)
            {
                var (word, rest) = line.Split(' ', 2) is [var w, var r] ? (w, r) : (line, "");
                await writer.WriteLineAsync(word switch
                {
                    "USER" => "331 who says so",
                    "PASS" => "230 in",
                    "TYPE" => "200 as it is",
                    "PWD" => "257 \"/\"",
                    "EPSV" => $"229 there (|||{((IPEndPoint)data.LocalEndpoint).Port}|)",
                    "CWD" when rest == "/" || Files.Keys.Any(f => f.StartsWith(rest + "/", StringComparison.Ordinal)) => $"250 {folder = rest}",
                    "LIST" => "150 coming",
                    "RETR" when Files.ContainsKey(rest) => "150 coming",
                    "DELE" when Files.TryRemove(rest, out _) => "250 gone",
                    "CWD" or "RETR" or "DELE" => "550 no such file",
                    _ => "502 not implemented",
                });
                if (word is not ("LIST" or "RETR") || (word == "RETR" && !Files.ContainsKey(rest))) continue;
                using (var way = await data.AcceptTcpClientAsync())
                    await way.GetStream().WriteAsync(Encoding.UTF8.GetBytes(word == "RETR" ? Files[rest] : Listing(folder)));
                await writer.WriteLineAsync("226 whole");
            }
        }
        catch (IOException)
        {
            // The client is gone.
        }
        finally
        {
            client.Dispose();
        }
    }

    private string Listing(string folder) => string.Concat(Files.Where(f => f.Key.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal)).OrderBy(f => f.Key, StringComparer.Ordinal)
        .Select(f => $"-rw-r--r--    1 0        0        {f.Value.Length} Nov 21 18:26 {f.Key[(f.Key.LastIndexOf('/') + 1)..]}\r\n"));

    public void Dispose() => _listener.Dispose();
}
