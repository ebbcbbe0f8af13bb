using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace FlowForge.Plugins.Postgres.Wire;

/// <summary>
/// A session without encryption on a socket that blocks. The server sends every 8 KiB by themselves, and a socket of the driver wakes three threads for each: that costs more than reading and decoding.
/// Here the kernel gathers <see cref="Gathered"/> bytes before it wakes anyone. Whatever this does not speak (encryption, other ways to log in, several hosts) is left to the driver.
/// </summary>
internal sealed class PlainSession : ICopySession
{
    private const int Version3 = 3 << 16, AskEncryption = 80877103, CancelRequest = 80877102;
    private const int Gathered = 128 << 10, LongestWaitMilliseconds = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private readonly NpgsqlConnectionStringBuilder _settings;
    private readonly Socket _socket;
    private readonly WireInput _input;
    private byte[] _key = [];
    // Asked already, behind the statement before it.
    private string? _asked;

    private PlainSession(NpgsqlConnectionStringBuilder settings)
    {
        _settings = settings;
        _socket = Connect(settings);
        _input = new WireInput(_socket);
    }

    /// <summary>Null when the driver has to do it, and to say what is wrong if something is.</summary>
    public static PlainSession? TryOpen(NpgsqlConnectionStringBuilder settings)
    {
        if (settings.SslMode is not (SslMode.Disable or SslMode.Prefer) || settings.Host is not { Length: > 0 } host || host.Contains(',')) return null;
        PlainSession? session = null;
        try
        {
            session = new PlainSession(settings);
            if (session.LogIn()) return session;
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidDataException or FormatException or NpgsqlException)
        {
        }
        session?.Dispose();
        return null;
    }

    public void Execute(string sql)
    {
        Send('Q', sql + "\0");
        Finish();
    }

    public void CopyOut(string select, string? then, Action<Stream> read, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        using var ended = new CancellationTokenSource();
        using (stop.Register(() => _ = CancelAsync(ended.Token)))
        {
            try
            {
                if (_asked is null) Ask(select);
                else if (_asked != select) throw new InvalidOperationException("The server was asked for other rows already.");
                _asked = null;
                for (var kind = (byte)0; kind != 'H';)
                {
                    (kind, var length) = _input.Next();
                    Other(kind, length);
                    if (kind == 'Z') throw new IOException("The server has not begun to copy.");
                }
                var copy = new CopyData(_input, Other);
                // Otherwise the server would stand still for the last bytes' way here, the clock of a gathering socket and the way back.
                if (then is not null) Ask(_asked = then);
                Gather(true);
                read(copy);
                if (!copy.HasEnded) throw new IOException("The rows were not read to their end.");
                Gather(false);
                Finish();
            }
            catch
            {
                // In the middle of an answer there is nothing more to be asked.
                _socket.Dispose();
                throw;
            }
            finally
            {
                ended.Cancel();
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>While it waits for rows, a session asks by itself whether the other side is still there: the reading then ends with an error instead of in hours.</summary>
    private static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)Server.Silence.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)Server.SilenceBetween.TotalSeconds);
    }

    private static Socket Connect(NpgsqlConnectionStringBuilder settings)
    {
        EndPoint[] ends = Path.IsPathRooted(settings.Host) ? [new UnixDomainSocketEndPoint(Path.Combine(settings.Host, $".s.PGSQL.{settings.Port}"))] : [.. Dns.GetHostAddresses(settings.Host!).Select(a => new IPEndPoint(a, settings.Port))];
        foreach (var end in ends)
        {
            var socket = new Socket(end.AddressFamily, SocketType.Stream, end is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified) { SendTimeout = settings.Timeout * 1000, ReceiveTimeout = settings.Timeout * 1000 };
            try
            {
                if (end is IPEndPoint) KeepAlive(socket);
                socket.Connect(end);
                return socket;
            }
            catch (SocketException) when (end != ends[^1])
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        throw new SocketException((int)SocketError.HostNotFound);
    }

    private bool LogIn()
    {
        if (_settings.SslMode == SslMode.Prefer)
        {
            Send(AskEncryption);
            if (_input.Answer() != 'N') return false;
        }
        var start = new List<string> { "user", _settings.Username!, "database", _settings.Database!, "client_encoding", "UTF8", "application_name", _settings.ApplicationName! };
        if (Environment.GetEnvironmentVariable("PGTZ") is { Length: > 0 } zone) start.AddRange(["TimeZone", zone]);
        if (Environment.GetEnvironmentVariable("PGOPTIONS") is { Length: > 0 } options) start.AddRange(["options", options]);
        Send(Version3, Encoding.UTF8.GetBytes(string.Join('\0', start) + "\0\0"));
        Scram? scram = null;
        var isProven = false;
        while (true)
        {
            var (kind, length) = _input.Next();
            var body = _input.Body(length);
            switch ((char)kind)
            {
                case 'R':
                    var (asked, rest) = (BinaryPrimitives.ReadInt32BigEndian(body), Encoding.UTF8.GetString(body[4..]));
                    if (asked == 10 && _settings.Password is { } password && rest.Split('\0').Contains(Scram.Mechanism))
                    {
                        scram = Scram.Begin(password);
                        var first = Encoding.UTF8.GetBytes(scram.First);
                        Send('p', [.. Encoding.UTF8.GetBytes(Scram.Mechanism + "\0"), .. BitConverter.GetBytes(IPAddress.HostToNetworkOrder(first.Length)), .. first]);
                    }
                    else if (asked == 11 && scram is not null) Send('p', scram.Final(rest));
                    else if (asked == 12 && scram is not null && scram.Proves(rest)) isProven = true;
                    // Who does not know the password must not get in by leaving its proof out.
                    else if (asked != 0 || (scram is not null && !isProven)) return false;
                    break;
                case 'K':
                    _key = body.ToArray();
                    break;
                case 'Z':
                    // From here on a statement takes as long as it takes.
                    _socket.ReceiveTimeout = 0;
                    _input.Waits = true;
                    return true;
                case 'S' or 'N':
                    break;
                default:
                    return false;
            }
        }
    }

    /// <summary>Takes a message that carries no row.</summary>
    /// <returns>True at the end of the rows.</returns>
    private bool Other(byte kind, int length)
    {
        var body = _input.Body(length);
        if (kind == 'E') Finish(Error(body));
        return kind == 'c';
    }

    /// <summary>Waits until the server is ready for the next statement.</summary>
    /// <param name="error">What it has said before, which is thrown then.</param>
    private void Finish(PostgresException? error = null)
    {
        try
        {
            for (var kind = (byte)0; kind != 'Z';)
            {
                (kind, var length) = _input.Next();
                var body = _input.Body(length);
                if (kind == 'E') error ??= Error(body);
            }
        }
        catch (Exception e) when (error is not null && e is IOException or SocketException)
        {
        }
        if (error is not null) throw error;
    }

    private static PostgresException Error(ReadOnlySpan<byte> body)
    {
        var fields = Encoding.UTF8.GetString(body).Split('\0', StringSplitOptions.RemoveEmptyEntries).GroupBy(f => f[0]).ToDictionary(g => g.Key, g => g.First()[1..]);
        string Of(char field) => fields.GetValueOrDefault(field, "");
        return new PostgresException(Of('M'), Of('S'), Of('V'), Of('C'), fields.GetValueOrDefault('D'), fields.GetValueOrDefault('H'));
    }

    /// <summary>Ends the statement on the server; when that does not help, the connection.</summary>
    private async Task CancelAsync(CancellationToken ended)
    {
        try
        {
            await Task.Run(Cancel, CancellationToken.None).WaitAsync(Patience, ended).ConfigureAwait(false);
            await Task.Delay(Patience, ended).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or IOException or TimeoutException)
        {
        }
        catch (OperationCanceledException)
        {
            return;
        }
        if (!ended.IsCancellationRequested) _socket.Dispose();
    }

    private void Cancel()
    {
        using var socket = Connect(_settings);
        socket.Send(Message(CancelRequest, _key));
    }

    private void Gather(bool gather)
    {
        // Below the mark nobody is woken but by the clock; not every system has it, and nothing depends on it.
        try { _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReceiveLowWater, gather ? Gathered : 1); }
        catch (SocketException) { return; }
        _socket.ReceiveTimeout = gather ? LongestWaitMilliseconds : 0;
    }

    private void Ask(string select) => Send('Q', $"COPY ({select}) TO STDOUT (FORMAT binary)\0");

    private void Send(char kind, string text) => Send(kind, Encoding.UTF8.GetBytes(text));

    private void Send(char kind, byte[] body)
    {
        byte[] message = [(byte)kind, .. BitConverter.GetBytes(IPAddress.HostToNetworkOrder(body.Length + 4)), .. body];
        SendAll(message);
    }

    private void Send(int code, byte[]? body = null) => SendAll(Message(code, body ?? []));

    private static byte[] Message(int code, byte[] body) => [.. BitConverter.GetBytes(IPAddress.HostToNetworkOrder(body.Length + 8)), .. BitConverter.GetBytes(IPAddress.HostToNetworkOrder(code)), .. body];

    private void SendAll(byte[] message)
    {
        for (var sent = 0; sent < message.Length;) sent += _socket.Send(message, sent, message.Length - sent, SocketFlags.None);
    }
}
