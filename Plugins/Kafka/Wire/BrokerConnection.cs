using System.Buffers;
using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace FlowForge.Plugins.Kafka.Wire;

/// <summary>The requests that are used, with the version that is asked for: old ones, which every broker since 1.0 understands.</summary>
internal enum Api { Fetch = 1, ListOffsets = 2, Metadata = 3, OffsetCommit = 8, OffsetFetch = 9, FindCoordinator = 10, SaslHandshake = 17, ApiVersions = 18, SaslAuthenticate = 36 }

/// <summary>An answer behind its correlation id. Dispose it when it is read: its memory is used again.</summary>
internal sealed class Frame(byte[] buffer, int length) : IDisposable
{
    private byte[]? _buffer = buffer;

    public ReadOnlyMemory<byte> Body => _buffer.AsMemory(4, length - 4);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } rented) ArrayPool<byte>.Shared.Return(rented);
    }
}

/// <summary>One connection to one broker; one request at a time.</summary>
internal sealed class BrokerConnection : IAsyncDisposable
{
    private const int LargestAnswer = 1 << 29;
    private readonly Socket _socket;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly TimeSpan _timeout;
    private Stream _stream;
    private int _correlation;

    private BrokerConnection(Socket socket, string where, TimeSpan timeout) => (_socket, _stream, Where, _timeout) = (socket, Stream.Null, where, timeout);

    /// <summary>Host and port, for messages.</summary>
    public string Where { get; }

    /// <summary>Whether it broke: a new one is needed.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Versions of each request that the broker understands.</summary>
    public IReadOnlyDictionary<int, (short Least, short Most)> Versions { get; private set; } = new Dictionary<int, (short, short)>();

    public static async Task<BrokerConnection> OpenAsync(string host, int port, KafkaSpec spec, Func<SslClientAuthenticationOptions> tls, CancellationToken cancellationToken)
    {
        var where = $"{host}:{port}";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(spec.Timeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var connection = new BrokerConnection(socket, where, spec.Timeout) { IsBroken = true };
        try
        {
            await socket.ConnectAsync(host, port, limit.Token).ConfigureAwait(false);
            connection._stream = new NetworkStream(socket, ownsSocket: true);
            if (spec.Tls)
            {
                var options = tls();
                options.TargetHost = host;
                var secure = new SslStream(connection._stream);
                await secure.AuthenticateAsClientAsync(options, limit.Token).ConfigureAwait(false);
                connection._stream = secure;
            }
            await connection.LearnVersionsAsync(limit.Token).ConfigureAwait(false);
            if (spec.Sasl != SaslUse.None) await Sasl.LogInAsync(connection, spec, limit.Token).ConfigureAwait(false);
            connection.IsBroken = false;
            return connection;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw e switch
            {
                TerminalException => e,
                AuthenticationException => new TerminalException($"{where}: no encrypted connection: {e.Message}", "Check tls, ca_certificate and the name in the broker's certificate.", e),
                SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } => new TransientException($"{where}: no host of that name is known.", inner: e),
                OperationCanceledException => new TransientException($"{where}: no answer within {spec.Timeout.TotalSeconds:0} s.", inner: e),
                IOException or EndOfStreamException when !spec.Tls || spec.Sasl == SaslUse.None =>
                    new TransientException($"{where}: the broker closed the connection at the first request ({e.Message}). It may want tls or sasl.", inner: e),
                _ => new TransientException($"{where}: {e.Message}", inner: e),
            };
        }
    }

    /// <summary>Sends a request and gives its answer.</summary>
    /// <param name="wait">Time that the broker may take beside the usual.</param>
    public async Task<Frame> CallAsync(Api api, short version, Action<WireWriter> body, CancellationToken cancellationToken, TimeSpan wait = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(_timeout + wait);
            try { return await ExchangeAsync(api, version, body, limit.Token).ConfigureAwait(false); }
            catch (Exception e)
            {
                // An answer that was not taken would be taken for the next one's.
                IsBroken = true;
                cancellationToken.ThrowIfCancellationRequested();
                throw e switch
                {
                    OperationCanceledException => new TransientException($"{Where}: no answer within {(_timeout + wait).TotalSeconds:0} s.", inner: e),
                    IOException or SocketException or ObjectDisposedException => new TransientException($"{Where}: the connection broke: {e.Message}", inner: e),
                    _ => e,
                };
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<Frame> ExchangeAsync(Api api, short version, Action<WireWriter> body, CancellationToken cancellationToken)
    {
        var id = ++_correlation;
        var request = new WireWriter().Int32(0).Int16((short)api).Int16(version).Int32(id).Text("flowforge");
        body(request);
        var bytes = request.Written.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(bytes, bytes.Length - 4);
        await _stream.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        var head = new byte[4];
        await _stream.ReadExactlyAsync(head, cancellationToken).ConfigureAwait(false);
        var length = BinaryPrimitives.ReadInt32BigEndian(head);
        if (length is < 4 or > LargestAnswer) throw new TerminalException($"{Where}: an answer of {length} bytes is announced: this is no Kafka broker, or it speaks TLS.", "Check brokers and tls.");
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        var frame = new Frame(buffer, length);
        try
        {
            await _stream.ReadExactlyAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            if (BinaryPrimitives.ReadInt32BigEndian(buffer) != id) throw new IOException("The answer is of another request.");
            return frame;
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    private async Task LearnVersionsAsync(CancellationToken cancellationToken)
    {
        using var answer = await CallAsync(Api.ApiVersions, 0, static _ => { }, cancellationToken).ConfigureAwait(false);
        Versions = Read(answer.Body.Span);
        foreach (var (api, version) in new[] { (Api.Fetch, 5), (Api.ListOffsets, 2), (Api.Metadata, 1) })
            if (!Versions.TryGetValue((int)api, out var known) || version < known.Least || version > known.Most)
                throw new TerminalException($"{Where}: the broker does not understand {api} in version {version}.", "Brokers from Kafka 1.0 on are supported.");

        static Dictionary<int, (short, short)> Read(ReadOnlySpan<byte> body)
        {
            var reader = new WireReader(body);
            reader.Int16();
            var versions = new Dictionary<int, (short, short)>();
            for (var n = reader.Count(); n > 0; n--) versions[reader.Int16()] = (reader.Int16(), reader.Int16());
            return versions;
        }
    }

    public async ValueTask DisposeAsync()
    {
        IsBroken = true;
        await _stream.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
        _gate.Dispose();
    }
}
