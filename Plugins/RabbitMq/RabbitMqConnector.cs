using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using FlowForge.Plugins.Messages;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FlowForge.Plugins.RabbitMq;

/// <summary>Hands over the messages of a stream, in the order of their offsets. Nothing is removed on the server, and no offset is kept there.</summary>
[Connector("rabbitmq", Title = "RabbitMQ streams", Description = "Reads the messages of a RabbitMQ stream, each exactly once.")]
public sealed class RabbitMqConnector(ConnectorContext<RabbitMqSpec> context) : IPageSource, IStream, ITestConnection, IDiscover, IReportHealth, IAsyncDisposable
{
    private const int PageBytes = 1 << 20;
    private static readonly TimeSpan LookPatience = TimeSpan.FromSeconds(2), LookIdle = TimeSpan.FromMilliseconds(200), LookMore = TimeSpan.FromSeconds(1);
    private readonly RabbitMqSpec _spec = context.Settings;
    private readonly MessageLines _lines = new();
    private IConnection? _connection;
    private ServerTrust? _trust;
    private (string Stream, long Read)? _reached;

    public async IAsyncEnumerable<SourcePage> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var stream = request.Table ?? _spec.Stream ?? throw new TerminalException("stream is not given.", "Say which stream to read.");
        cancellationToken.ThrowIfCancellationRequested();
        var read = request.Cursor is { } text ? Parse(text) : -1;
        var end = await CallAsync(c => LastAsync(c, stream, LookPatience, LookIdle, cancellationToken), stream, cancellationToken).ConfigureAwait(false);
        // A server that is slow to deliver is no stream that was made anew: this is said only after a longer look.
        if (end < read) end = await CallAsync(c => LastAsync(c, stream, _spec.Timeout, LookPatience, cancellationToken), stream, cancellationToken).ConfigureAwait(false);
        if (end < 0 && read >= 0) throw new TransientException($"{stream}: no message came within {_spec.Timeout.TotalSeconds:0} s, and the table has read up to {read}.");
        if (end < read)
        {
            Lost($"The stream {stream} ends at {end}, and the table has read up to {read}: it was deleted and made anew.");
            read = -1;
        }
        var left = request.Limit ?? long.MaxValue;
        if (read < end && left > 0)
        {
            var reader = await CallAsync(c => SizedReader.OpenAsync(c, stream, read < 0 ? "first" : read + 1, _spec.Prefetch, cancellationToken), stream, cancellationToken).ConfigureAwait(false);
            await using var _ = reader.ConfigureAwait(false);
            while (read < end && left > 0)
            {
                // Messages are no requests: a connection's pace does not count them.
                var next = await ConnectedAsync(_ => reader.NextAsync(_spec.Timeout, cancellationToken), stream, cancellationToken).ConfigureAwait(false)
                    ?? throw new TransientException($"{stream}: message {read + 1} did not come within {_spec.Timeout.TotalSeconds:0} s.");
                if (next.Offset <= read) continue;
                // The server uses up offsets of its own: a gap is a loss only where the stream begins behind it.
                if (read >= 0 && next.Offset > read + 1)
                {
                    var first = await CallAsync(c => FirstAsync(c, stream, cancellationToken), stream, cancellationToken).ConfigureAwait(false);
                    if (first > read + 1) Lost($"Messages {read + 1} to {Math.Min(first, next.Offset) - 1} of {stream} are gone; they were not read before the stream's retention removed them.");
                }
                // They came after this read began.
                if (next.Offset > end) break;
                Write(next);
                read = next.Offset;
                left--;
                if (_lines.Length < PageBytes) continue;
                yield return Page(stream, read);
                _lines.Clear();
            }
        }
        yield return Page(stream, read);
    }

    private SourcePage Page(string stream, long read)
    {
        _reached = (stream, read);
        return new SourcePage(_lines.Written, _lines.Count, read < 0 ? null : read.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The highest offset of the last chunk, or -1 when the stream is empty. What comes while this looks may count, too.</summary>
    /// <param name="patience">For the first message.</param>
    /// <param name="idle">Between two messages.</param>
    private static async Task<long> LastAsync(IConnection connection, string stream, TimeSpan patience, TimeSpan idle, CancellationToken cancellationToken)
    {
        var reader = await StreamReader.OpenAsync(connection, stream, "last", 10_000, cancellationToken).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        long last = -1;
        while (clock.Elapsed < patience + LookMore && await reader.NextAsync(last < 0 ? patience : idle, cancellationToken).ConfigureAwait(false) is { } next) last = Math.Max(last, next.Offset);
        return last;
    }

    /// <summary>The offset of the oldest message that the stream still has.</summary>
    private async Task<long> FirstAsync(IConnection connection, string stream, CancellationToken cancellationToken)
    {
        var reader = await StreamReader.OpenAsync(connection, stream, "first", 1, cancellationToken).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);
        var first = await reader.NextAsync(_spec.Timeout, cancellationToken).ConfigureAwait(false);
        return first?.Offset ?? throw new TransientException($"{stream}: its first message did not come within {_spec.Timeout.TotalSeconds:0} s.");
    }

    private void Lost(string message)
    {
        if (_spec.OnLost == OnLost.Fail) throw new TerminalException(message, "Set on_lost: continue to go on without them, or reset the job's watermark.");
        context.Log.Warning(message + " The read goes on without them.");
    }

    private void Write(Delivery message)
    {
        _lines.Begin();
        _lines.Number("rabbit_offset"u8, message.Offset);
        var properties = message.Properties;
        if (properties.IsTimestampPresent()) _lines.Time("rabbit_timestamp"u8, Math.Min(properties.Timestamp.UnixTime, 253_402_300_799) * 1000);
        if (properties.MessageId is { } id) _lines.TryText("rabbit_message_id"u8, Encoding.UTF8.GetBytes(id));
        _lines.TryText("rabbit_routing_key"u8, Encoding.UTF8.GetBytes(message.RoutingKey));
        if (properties.Headers?.Where(h => h.Key != "x-stream-offset").ToDictionary(h => h.Key, h => Plain(h.Value)) is { Count: > 0 } headers) _lines.Raw("rabbit_headers"u8, JsonSerializer.SerializeToUtf8Bytes(headers));
        switch (_spec.BodyFormat)
        {
            case BodyFormat.Base64: _lines.Base64("value"u8, message.Body); break;
            case BodyFormat.Text when _lines.TryText("value"u8, message.Body): break;
            case BodyFormat.Json when _lines.TryJson(message.Body, "value"u8, "rabbit_"u8): break;
            default:
                _lines.Broken(_spec.BodyFormat == BodyFormat.Json ? "not JSON" : "not UTF-8", _spec.BodyFormat == BodyFormat.Json ? message.Body : Encoding.ASCII.GetBytes(Convert.ToBase64String(message.Body)));
                return;
        }
        _lines.End();
    }

    private static object? Plain(object? value) => value switch
    {
        byte[] bytes => System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : Convert.ToBase64String(bytes),
        AmqpTimestamp time => time.UnixTime,
        System.Collections.IDictionary map => map.Keys.Cast<object>().ToDictionary(k => k.ToString()!, k => Plain(map[k])),
        System.Collections.IList list => list.Cast<object?>().Select(Plain).ToArray(),
        _ => value,
    };

    private static long Parse(string cursor) => long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var offset) ? offset
        : throw new TerminalException($"\"{cursor}\" says no offset of a stream.", "Reset the job's watermark: the next run reads the stream from its start.");

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await CallAsync(async c =>
            {
                if (_spec.Stream is { } stream)
                {
                    var channel = await c.CreateChannelAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
                    await using var _ = channel.ConfigureAwait(false);
                    await channel.QueueDeclarePassiveAsync(stream, cancellationToken).ConfigureAwait(false);
                }
                return $"RabbitMQ {(c.ServerProperties?.TryGetValue("version", out var version) == true && version is byte[] text ? Encoding.UTF8.GetString(text) : "of unknown version")} answers";
            }, _spec.Stream ?? "The server", cancellationToken).ConfigureAwait(false);
        }
        catch (TransientException e) { throw new TerminalException(e.Message, "Check host and port, and whether the server runs.", e); }
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (_spec.ManagementUrl is { } management)
            foreach (var stream in await Management.StreamsAsync(_spec, management, cancellationToken).ConfigureAwait(false)) yield return stream;
        else
            yield return new DiscoveredTable(_spec.Stream ?? throw new TerminalException("AMQP cannot list streams.", "Set management_url to the address of the management plugin, or name the stream in the job."));
    }

    /// <summary>How long the server's certificate lasts; after a read also what came since, by offsets. A stream of which nothing was delivered in time says nothing.</summary>
    public async Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken)
    {
        var facts = new List<HealthFact>();
        if (_spec.Tls && await Certificates.FactAsync(_spec.Host, _spec.Port, null, cancellationToken).ConfigureAwait(false) is { } certificate) facts.Add(certificate);
        if (_reached is not { } reached) return facts;
        var last = await CallAsync(c => LastAsync(c, reached.Stream, LookPatience, LookIdle, cancellationToken), reached.Stream, cancellationToken).ConfigureAwait(false);
        if (last >= 0) facts.Add(new HealthFact($"{reached.Stream}: lag", Math.Max(0, last - reached.Read), "messages"));
        return facts;
    }

    private async Task<T> CallAsync<T>(Func<IConnection, Task<T>> call, string where, CancellationToken cancellationToken)
    {
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await ConnectedAsync(call, where, cancellationToken).ConfigureAwait(false);
    }

    private async Task<T> ConnectedAsync<T>(Func<IConnection, Task<T>> call, string where, CancellationToken cancellationToken)
    {
        if (_spec.Tls) _trust ??= new ServerTrust(context);
        try
        {
            _connection ??= await new ConnectionFactory
            {
                HostName = _spec.Host, Port = _spec.Port, VirtualHost = _spec.VirtualHost, UserName = _spec.User, Password = _spec.Password.Reveal(), AutomaticRecoveryEnabled = false, TopologyRecoveryEnabled = false,
                RequestedConnectionTimeout = _spec.Timeout, ContinuationTimeout = _spec.Timeout, ClientProvidedName = "flowforge", Ssl = new SslOption { Enabled = _spec.Tls, ServerName = _spec.Host, CertificateValidationCallback = _trust is null ? null : _trust.Accepts },
            }.CreateConnectionAsync(cancellationToken).ConfigureAwait(false);
            return await call(_connection).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (TerminalException or TransientException) && !cancellationToken.IsCancellationRequested)
        {
            throw RabbitMqFailures.From(e, where, _spec, _trust?.Refusal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection) await connection.DisposeAsync().ConfigureAwait(false);
        _connection = null;
    }
}

/// <summary>What the server or the network said, as the contract's errors.</summary>
internal static class RabbitMqFailures
{
    /// <param name="refusal">Why the server was not trusted, if it was not.</param>
    public static Exception From(Exception failure, string where, RabbitMqSpec spec, string? refusal = null) => failure switch
    {
        OperationInterruptedException { ShutdownReason.ReplyCode: 404 } => new TerminalException($"There is no stream {where}.", "Correct stream or virtual_host.", failure),
        OperationInterruptedException { ShutdownReason.ReplyCode: 403 } e => new TerminalException($"{where}: {e.ShutdownReason!.ReplyText}", "Give the login the right to read the stream.", failure),
        OperationInterruptedException { ShutdownReason.ReplyCode: 405 or 406 or 540 } e => new TerminalException($"{where}: {e.ShutdownReason!.ReplyText}", "Name a queue of the type stream.", failure),
        OperationInterruptedException { ShutdownReason.ReplyCode: 530 } e => new TerminalException($"{where}: {e.ShutdownReason!.ReplyText}", "Check virtual_host.", failure),
        BrokerUnreachableException { InnerException: AuthenticationFailureException } => new TerminalException($"{spec.Host}:{spec.Port}: the login was refused.", "Check user and password.", failure),
        BrokerUnreachableException e when refusal is not null || Innermost(e) is AuthenticationException =>
            new TerminalException($"{spec.Host}:{spec.Port}: no encrypted connection: {refusal ?? Innermost(e).Message}", "Check tls, port, ca_certificate and the name in the server's certificate.", failure),
        BrokerUnreachableException e => e.InnerException is OperationInterruptedException ? From(e.InnerException, where, spec) : new TransientException($"{spec.Host}:{spec.Port}: {Innermost(e).Message}", inner: failure),
        _ => new TransientException($"{where}: {failure.Message}", inner: failure),
    };

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;
}
