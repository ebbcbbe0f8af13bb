using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace FlowForge.Plugins.Ftp;

/// <summary>What the server answers: its number and its words.</summary>
internal sealed record FtpReply(int Code, string Text)
{
    public bool IsGood => Code is >= 200 and < 300;

    /// <summary>The server does not know the command at all.</summary>
    public bool IsUnknown => Code is 500 or 502;

    /// <summary>As an error: numbers from 400 may be other next time, from 500 not.</summary>
    public Exception Failure(string what) => Code is >= 400 and < 500
        ? new TransientException($"{what}: {Code} {Text}")
        : new TerminalException($"{what}: {Code} {Text}");
}

/// <summary>One login at a server: passive mode only, one transfer at a time. Not thread-safe.</summary>
internal sealed class FtpConnection : IDisposable
{
    private const int LongestLine = 8192;
    private readonly FtpSpec _spec;
    private readonly SslClientAuthenticationOptions _tls;
    private readonly byte[] _buffer = new byte[LongestLine];
    private TcpClient? _control;
    private Stream _stream = Stream.Null;
    private int _start, _end;
    private string _problem = "";

    private FtpConnection(FtpSpec spec)
    {
        _spec = spec;
        _tls = new SslClientAuthenticationOptions
        {
            // Servers want the data connection to continue the session of the login.
            TargetHost = SessionName(spec.Host), AllowTlsResume = true, EnabledSslProtocols = SslProtocols.None, CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, certificate, _, errors) => IsTrusted(certificate, errors),
        };
    }

    private static int _logins;

    /// <summary>
    /// .NET keeps one session for each name that it sends, and none without a name, as for an address. A data connection must not continue another login's session, so each login
    /// writes the name in capitals and small letters of its own: to the server it is the same.
    /// </summary>
    private static string SessionName(string host)
    {
        var number = Interlocked.Increment(ref _logins) & 1023;
        if (System.Net.IPAddress.TryParse(host, out _)) return string.Create(CultureInfo.InvariantCulture, $"login-{number}.address.invalid");
        var bit = 0;
        return string.Concat(host.Select(c => !char.IsAsciiLetter(c) ? c : (number >> (bit++ % 10) & 1) == 0 || bit > 10 ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)));
    }

    /// <summary>What the server says it can do (FEAT), in capital letters.</summary>
    public HashSet<string> Features { get; } = new(StringComparer.Ordinal);

    /// <summary>The folder in which the login begins.</summary>
    public string Home { get; private set; } = "/";

    /// <summary>When the certificate ends that the server showed, also where it is refused; null without one.</summary>
    private DateTimeOffset? CertificateEnds { get; set; }

    /// <summary>Asks for the server's certificate and leaves before the login: nobody is refused, and no name or password is sent.</summary>
    /// <returns>When it ends; null when none was shown: the server is away, or offers no TLS.</returns>
    public static async Task<DateTimeOffset?> CertificateEndsAsync(FtpSpec spec, CancellationToken ct)
    {
        using var connection = new FtpConnection(spec);
        try { await connection.GreetAsync(ct).ConfigureAwait(false); }
        catch (Exception e) when (e is TerminalException or TransientException)
        {
            // What was shown counts; a test of the connection tells the rest.
        }
        return connection.CertificateEnds;
    }

    public static async Task<FtpConnection> OpenAsync(FtpSpec spec, CancellationToken ct)
    {
        var connection = new FtpConnection(spec);
        try
        {
            await connection.LoginAsync(ct).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private int Port => _spec.Port != 0 ? _spec.Port : _spec.Tls == FtpTls.Implicit ? 990 : 21;

    private string Server => $"{_spec.Host}:{Port}";

    /// <summary>Up to the login: connected, and protected if it is to be.</summary>
    private async Task GreetAsync(CancellationToken ct)
    {
        _control = await ConnectAsync(Port, ct).ConfigureAwait(false);
        _stream = _control.GetStream();
        if (_spec.Tls == FtpTls.Implicit) _stream = await ProtectAsync(_stream, ct).ConfigureAwait(false);
        var hello = await ReplyAsync(ct).ConfigureAwait(false);
        if (!hello.IsGood) throw hello.Failure($"{Server} does not let anybody in");
        if (_spec.Tls == FtpTls.Explicit)
        {
            var auth = await SendAsync("AUTH TLS", ct).ConfigureAwait(false);
            if (!auth.IsGood) throw new TerminalException($"{Server} offers no TLS: {auth.Code} {auth.Text}", "Ask its operator for it. With tls: none name, password and files can be read on the way.");
            // What came in plain behind the answer could have been put there by somebody else.
            _start = _end = 0;
            _stream = await ProtectAsync(_stream, ct).ConfigureAwait(false);
        }
    }

    private async Task LoginAsync(CancellationToken ct)
    {
        await GreetAsync(ct).ConfigureAwait(false);
        var user = await SendAsync("USER " + _spec.User, ct).ConfigureAwait(false);
        if (user.Code is 331 or 332) user = await SendAsync("PASS " + (_spec.Password.IsEmpty && _spec.User == "anonymous" ? "flowforge@" : _spec.Password.Reveal()), ct).ConfigureAwait(false);
        if (!user.IsGood) throw user.Code is >= 400 and < 500 ? user.Failure($"{_spec.User}@{Server}") : new TerminalException($"{_spec.User}@{Server} refuses the login: {user.Code} {user.Text}", "Check user and password.");
        if (_spec.Tls != FtpTls.None)
        {
            await MustAsync("PBSZ 0", ct).ConfigureAwait(false);
            await MustAsync("PROT P", ct).ConfigureAwait(false);
        }
        foreach (var line in (await SendAsync("FEAT", ct).ConfigureAwait(false)).Text.Split('\n')) Features.Add(line.Trim().Split(' ')[0].ToUpperInvariant());
        if (Features.Contains("UTF8")) await SendAsync("OPTS UTF8 ON", ct).ConfigureAwait(false);
        await MustAsync("TYPE I", ct).ConfigureAwait(false);
        var home = await MustAsync("PWD", ct).ConfigureAwait(false);
        var (first, last) = (home.Text.IndexOf('"', StringComparison.Ordinal), home.Text.LastIndexOf('"'));
        Home = last > first ? home.Text[(first + 1)..last].Replace("\"\"", "\"", StringComparison.Ordinal) : "/";
    }

    /// <summary>Sends a command; any answer is given back.</summary>
    public async Task<FtpReply> SendAsync(string command, CancellationToken ct)
    {
        if (command.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0) throw new TerminalException("A name with a line break cannot be asked for over FTP.", "Rename the file, or correct the path.");
        using var patience = Patience(ct);
        try { await _stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"), patience.Token).ConfigureAwait(false); }
        catch (Exception e) when (Meant(e, ct) is { } meant) { throw meant; }
        return await ReplyAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Sends a command that has to work.</summary>
    public async Task<FtpReply> MustAsync(string command, CancellationToken ct)
    {
        var reply = await SendAsync(command, ct).ConfigureAwait(false);
        return reply.IsGood ? reply : throw reply.Failure($"{Server}: {command.Split(' ')[0]}");
    }

    /// <summary>Begins a transfer to us. The caller reads it to its end, disposes it, and then asks for <see cref="EndAsync"/>.</summary>
    /// <returns>The answer when the server refuses; else the stream.</returns>
    public async Task<(Stream? Data, FtpReply Reply)> ReceiveAsync(string command, long from, CancellationToken ct)
    {
        var client = await ConnectAsync(await PassiveAsync(ct).ConfigureAwait(false), ct).ConfigureAwait(false);
        try
        {
            if (from > 0 && await SendAsync(string.Create(CultureInfo.InvariantCulture, $"REST {from}"), ct).ConfigureAwait(false) is { Code: not 350 } rest) throw rest.Failure($"{Server} cannot go on inside a file");
            var reply = await SendAsync(command, ct).ConfigureAwait(false);
            if (reply.Code is not (125 or 150))
            {
                client.Dispose();
                return (null, reply);
            }
            Stream data = client.GetStream();
            return (_spec.Tls == FtpTls.None ? data : await ProtectAsync(data, ct).ConfigureAwait(false), reply);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>The server's word on whether a transfer was whole.</summary>
    public Task<FtpReply> EndAsync(CancellationToken ct) => ReplyAsync(ct);

    // The address that PASV names is not used: behind a router it is wrong, and a bad server could name another's.
    private async Task<int> PassiveAsync(CancellationToken ct)
    {
        var extended = await SendAsync("EPSV", ct).ConfigureAwait(false);
        if (extended.Code == 229 && extended.Text.Split('|') is [.., var port, _] && int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        var plain = await MustAsync("PASV", ct).ConfigureAwait(false);
        var numbers = plain.Text[(plain.Text.IndexOf('(', StringComparison.Ordinal) + 1)..].Split(',', ')').Select(t => int.TryParse(t.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : -1).ToArray();
        return numbers.Length >= 6 && numbers[4] is >= 0 and < 256 && numbers[5] is >= 0 and < 256 ? (numbers[4] * 256) + numbers[5] : throw new TerminalException($"{Server} answers PASV with \"{plain.Text}\", which names no port.");
    }

    private async Task<TcpClient> ConnectAsync(int port, CancellationToken ct)
    {
        var client = new TcpClient { NoDelay = true };
        using var patience = Patience(ct);
        try
        {
            await client.ConnectAsync(_spec.Host, port, patience.Token).ConfigureAwait(false);
            return client;
        }
        catch (Exception e)
        {
            client.Dispose();
            if (e is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData }) throw new TerminalException($"No host {_spec.Host} is known.", "Check the host.", e);
            if (Meant(e, ct) is { } meant) throw meant;
            throw;
        }
    }

    private async Task<Stream> ProtectAsync(Stream plain, CancellationToken ct)
    {
        var secured = new SslStream(plain, leaveInnerStreamOpen: false);
        using var patience = Patience(ct);
        try
        {
            await secured.AuthenticateAsClientAsync(_tls, patience.Token).ConfigureAwait(false);
            return secured;
        }
        catch (AuthenticationException e)
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw new TerminalException(_problem.Length > 0 ? $"{Server}: {_problem}" : $"{Server}: {e.Message}", "Give its fingerprint as certificate, or the authority as ca, after asking the server's operator.", e);
        }
        catch (Exception e) when (Meant(e, ct) is { } meant)
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw meant;
        }
    }

    private bool IsTrusted(X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (certificate is null) return false;
        var own = new X509Certificate2(certificate);
        CertificateEnds = own.NotAfter;
        var fingerprint = own.GetCertHashString(HashAlgorithmName.SHA256);
        // The name that is sent need not be the one that is meant.
        if (own.MatchesHostname(_spec.Host)) errors &= ~SslPolicyErrors.RemoteCertificateNameMismatch;
        else errors |= SslPolicyErrors.RemoteCertificateNameMismatch;
        if (_spec.Certificate.Count > 0)
        {
            if (_spec.Certificate.Any(c => string.Equals(c.Replace(":", "", StringComparison.Ordinal), fingerprint, StringComparison.OrdinalIgnoreCase))) return true;
            _problem = $"the server's certificate is another one than certificate says: its SHA-256 fingerprint is {fingerprint.ToLowerInvariant()}.";
            return false;
        }
        if (_spec.Ca is { Length: > 0 } ca && (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == 0)
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.CustomTrustStore.ImportFromPem(ca);
            if (chain.Build(own)) return true;
        }
        else if (errors == SslPolicyErrors.None) return true;
        _problem = $"the server's certificate is not trusted ({errors}); its SHA-256 fingerprint is {fingerprint.ToLowerInvariant()}.";
        return false;
    }

    private async Task<FtpReply> ReplyAsync(CancellationToken ct)
    {
        var first = await LineAsync(ct).ConfigureAwait(false);
        if (first.Length < 3 || !int.TryParse(first.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code)) throw new TransientException($"{Server} does not speak FTP: it says \"{first}\".");
        var text = new StringBuilder(first.Length > 4 ? first[4..] : "");
        if (first.Length > 3 && first[3] == '-')
            for (var line = ""; !line.StartsWith(first[..3] + " ", StringComparison.Ordinal);)
            {
                line = await LineAsync(ct).ConfigureAwait(false);
                if (text.Length < 1 << 16) text.Append('\n').Append(line);
            }
        return new FtpReply(code, text.ToString());
    }

    private async Task<string> LineAsync(CancellationToken ct)
    {
        using var patience = Patience(ct);
        while (true)
        {
            var found = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (found >= 0)
            {
                var line = Encoding.UTF8.GetString(_buffer, _start, found).TrimEnd('\r');
                _start += found + 1;
                return line;
            }
            if (_start > 0) (_end, _start) = (Moved(), 0);
            if (_end == _buffer.Length) throw new TransientException($"{Server} says a line of more than {LongestLine} bytes.");
            int got;
            try { got = await _stream.ReadAsync(_buffer.AsMemory(_end), patience.Token).ConfigureAwait(false); }
            catch (Exception e) when (Meant(e, ct) is { } meant) { throw meant; }
            if (got == 0) throw new TransientException($"{Server} closed the connection.");
            _end += got;
        }
    }

    private int Moved()
    {
        Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
        return _end - _start;
    }

    private CancellationTokenSource Patience(CancellationToken ct)
    {
        var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(_spec.Timeout);
        return patience;
    }

    /// <summary>Does one read of a transfer, for as long as the server may be silent.</summary>
    /// <exception cref="TransientException">Nothing came in time, or the connection broke.</exception>
    public async ValueTask<T> WithinAsync<T>(Func<CancellationToken, ValueTask<T>> read, CancellationToken ct)
    {
        using var patience = Patience(ct);
        try { return await read(patience.Token).ConfigureAwait(false); }
        catch (Exception e) when (Meant(e, ct) is { } meant) { throw meant; }
    }

    private TransientException? Meant(Exception e, CancellationToken ct) => e switch
    {
        _ when ct.IsCancellationRequested => null,
        OperationCanceledException => new TransientException($"{Server}: no answer within {_spec.Timeout.TotalSeconds:0} s.", inner: e),
        IOException or SocketException => new TransientException($"{Server}: {(e.InnerException ?? e).Message}", inner: e),
        _ => null,
    };

    public void Dispose()
    {
        _stream.Dispose();
        _control?.Dispose();
    }
}
