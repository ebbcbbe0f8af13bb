using System.Buffers.Text;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace FlowForge.Plugins.Redis;

/// <summary>An error that the server answered; the connection goes on.</summary>
internal sealed class RedisErrorException(string message) : Exception(message);

/// <summary>One connection that speaks RESP, one command at a time. Answers are <c>byte[]</c>, <c>long</c>, <c>object?[]</c> or null.</summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private const int LongestText = 512 << 20, MostItems = 16 << 20, Deepest = 16;
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly TimeSpan _timeout;
    private Stream _stream = Stream.Null;
    private byte[] _buffer = new byte[64 << 10];
    private int _at, _end;

    private RedisConnection(TimeSpan timeout) => _timeout = timeout;

    public static async Task<RedisConnection> OpenAsync(ConnectorContext<RedisSpec> context, CancellationToken cancellationToken)
    {
        var spec = context.Settings;
        var where = $"{spec.Host}:{spec.Port}";
        var connection = new RedisConnection(spec.Timeout);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(spec.Timeout);
        try
        {
            await connection._socket.ConnectAsync(spec.Host, spec.Port, limit.Token).ConfigureAwait(false);
            connection._stream = new NetworkStream(connection._socket, ownsSocket: true);
            if (spec.Tls)
            {
                var secure = new SslStream(connection._stream);
                await secure.AuthenticateAsClientAsync(Tls(context), limit.Token).ConfigureAwait(false);
                connection._stream = secure;
            }
            if (!spec.Password.IsEmpty) await connection.CallAsync(limit.Token, spec.User is { Length: > 0 } user ? ["AUTH", user, spec.Password.Reveal()] : ["AUTH", spec.Password.Reveal()]).ConfigureAwait(false);
            if (spec.Database > 0) await connection.CallAsync(limit.Token, "SELECT", $"{spec.Database}").ConfigureAwait(false);
            await connection.CallAsync(limit.Token, "PING").ConfigureAwait(false);
            return connection;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw e switch
            {
                TerminalException => e,
                RedisErrorException when e.Message.StartsWith("LOADING", StringComparison.Ordinal) => new TransientException($"{where}: {e.Message}", inner: e),
                RedisErrorException => new TerminalException($"{where}: {e.Message}", "Check user, password and database.", e),
                AuthenticationException => new TerminalException($"{where}: no encrypted connection: {e.Message}", "Check tls, ca_certificate and the name in the server's certificate.", e),
                FormatException => new TerminalException($"{where}: this is no Redis server: {e.Message}", "Check host, port and tls.", e),
                OperationCanceledException => new TransientException($"{where}: no answer within {spec.Timeout.TotalSeconds:0} s.", inner: e),
                _ => new TransientException($"{where}: {e.Message}", inner: e),
            };
        }
    }

    /// <exception cref="RedisErrorException">The server refuses it.</exception>
    public async Task<object?> CallAsync(CancellationToken cancellationToken, params string[] words)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout);
        var command = new StringBuilder($"*{words.Length}\r\n");
        foreach (var word in words) command.Append('$').Append(Encoding.UTF8.GetByteCount(word)).Append("\r\n").Append(word).Append("\r\n");
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(command.ToString()), limit.Token).ConfigureAwait(false);
        await _stream.FlushAsync(limit.Token).ConfigureAwait(false);
        return await AnswerAsync(0, limit.Token).ConfigureAwait(false);
    }

    private async ValueTask<object?> AnswerAsync(int depth, CancellationToken cancellationToken)
    {
        var line = await LineAsync(cancellationToken).ConfigureAwait(false);
        if (line.Length == 0 || depth > Deepest) throw new FormatException("the answer is none.");
        switch (line[0])
        {
            case (byte)'+': return line[1..];
            case (byte)'-': throw new RedisErrorException(Encoding.UTF8.GetString(line.AsSpan(1)));
            case (byte)':': return Number(line);
            case (byte)'$':
                var length = Number(line);
                return length < 0 ? null : length > LongestText ? throw new FormatException($"a text of {length} bytes is announced.") : await TakeAsync((int)length, cancellationToken).ConfigureAwait(false);
            case (byte)'*':
                var count = Number(line);
                if (count > MostItems) throw new FormatException($"{count} items are announced.");
                if (count < 0) return null;
                var items = new object?[count];
                for (var i = 0; i < items.Length; i++) items[i] = await AnswerAsync(depth + 1, cancellationToken).ConfigureAwait(false);
                return items;
            default: throw new FormatException($"an answer begins with the byte {line[0]}.");
        }

        static long Number(byte[] line) => Utf8Parser.TryParse(line.AsSpan(1), out long value, out var used) && used == line.Length - 1 ? value : throw new FormatException("a number is none.");
    }

    private async ValueTask<byte[]> LineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var found = _buffer.AsSpan(_at, _end - _at).IndexOf("\r\n"u8);
            if (found >= 0)
            {
                var line = _buffer.AsSpan(_at, found).ToArray();
                _at += found + 2;
                return line;
            }
            if (_end - _at > 1 << 16) throw new FormatException("a line does not end.");
            await FillAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<byte[]> TakeAsync(int length, CancellationToken cancellationToken)
    {
        var bytes = new byte[length + 2];
        var have = Math.Min(bytes.Length, _end - _at);
        _buffer.AsSpan(_at, have).CopyTo(bytes);
        _at += have;
        if (have < bytes.Length) await _stream.ReadExactlyAsync(bytes.AsMemory(have), cancellationToken).ConfigureAwait(false);
        return bytes[..length];
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        _buffer.AsSpan(_at, _end - _at).CopyTo(_buffer);
        (_at, _end) = (0, _end - _at);
        if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        var got = await _stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        if (got == 0) throw new IOException("the server closed the connection.");
        _end += got;
    }

    private static SslClientAuthenticationOptions Tls(ConnectorContext<RedisSpec> context)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = context.Settings.Host };
        if (context.Settings.CaCertificate is not { } path) return options;
        var real = new Roots(context.AllowedRoots).Check(Path.GetFullPath(path, context.BaseDirectory));
        var authorities = new X509Certificate2Collection();
        try { authorities.ImportFromPemFile(real); }
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or IOException or UnauthorizedAccessException) { throw new TerminalException($"{path} cannot be read as a certificate: {e.Message}", "Give a PEM file.", e); }
        if (authorities.Count == 0) throw new TerminalException($"{path} holds no certificate.", "Give a PEM file.");
        options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        return options;
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
    }
}
