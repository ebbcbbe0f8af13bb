using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace FlowForge.Plugins.RabbitMq;

/// <summary>A message as it was delivered; its body is its own.</summary>
internal sealed record Delivery(long Offset, ulong Tag, byte[] Body, IReadOnlyBasicProperties Properties, string RoutingKey);

/// <summary>One consumer of a stream. What the server sends ahead waits here; it sends more only as it is told that messages were taken.</summary>
internal sealed class StreamReader : IAsyncDisposable
{
    private readonly IChannel _channel;
    private readonly int _prefetch;
    private readonly Channel<Delivery> _came = Channel.CreateUnbounded<Delivery>();
    private int _untold;

    private StreamReader(IChannel channel, int prefetch) => (_channel, _prefetch) = (channel, prefetch);

    /// <param name="from"><c>first</c>, <c>last</c> (the last chunk), or an offset.</param>
    public static async Task<StreamReader> OpenAsync(IConnection connection, string stream, object from, int prefetch, CancellationToken cancellationToken)
    {
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        var reader = new StreamReader(channel, prefetch);
        await channel.BasicQosAsync(0, (ushort)prefetch, global: false, cancellationToken).ConfigureAwait(false);
        channel.ChannelShutdownAsync += (_, e) =>
        {
            reader._came.Writer.TryComplete(e.ReplyCode == 200 ? null : new OperationInterruptedException(e));
            return Task.CompletedTask;
        };
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, e) =>
        {
            if (e.BasicProperties.Headers?.TryGetValue("x-stream-offset", out var offset) == true && offset is long at)
                reader._came.Writer.TryWrite(new Delivery(at, e.DeliveryTag, e.Body.ToArray(), new BasicProperties(e.BasicProperties), e.RoutingKey));
            else reader._came.Writer.TryComplete(new TerminalException($"{stream} is no stream: its messages have no offset.", "Name a queue of the type stream (x-queue-type: stream)."));
            return Task.CompletedTask;
        };
        consumer.UnregisteredAsync += (_, _) =>
        {
            reader._came.Writer.TryComplete(new TransientException($"The server ended the reading of {stream}."));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(stream, autoAck: false, consumerTag: "", noLocal: false, exclusive: false, new Dictionary<string, object?> { ["x-stream-offset"] = from }, consumer, cancellationToken).ConfigureAwait(false);
        return reader;
    }

    /// <summary>The next message; null when none comes in time.</summary>
    public async Task<Delivery?> NextAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        if (_came.Reader.TryRead(out var ready)) return await TakenAsync(ready, cancellationToken).ConfigureAwait(false);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try { return await TakenAsync(await _came.Reader.ReadAsync(limit.Token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false); }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested) { return null; }
        catch (ChannelClosedException e) { throw e.InnerException ?? new TransientException("The connection was closed.", inner: e); }
    }

    // For a stream this is only leave to send more: nothing is removed on the server.
    private async ValueTask<Delivery> TakenAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        if (++_untold < Math.Max(1, _prefetch / 2)) return delivery;
        _untold = 0;
        await _channel.BasicAckAsync(delivery.Tag, multiple: true, cancellationToken).ConfigureAwait(false);
        return delivery;
    }

    public ValueTask DisposeAsync() => _channel.DisposeAsync();
}
