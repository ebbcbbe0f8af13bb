using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FlowForge.Acceptance.Tests;

/// <summary>A publisher to streams of a RabbitMQ server; what it sent is confirmed.</summary>
internal sealed class RabbitMessages : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private RabbitMessages(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    public static async Task<RabbitMessages> OpenAsync(int port, CancellationToken cancel)
    {
        IConnection? connection = null;
        // The port answers a moment before logins do.
        for (var patience = 0; connection is null; patience++)
        {
            try { connection = await new ConnectionFactory { HostName = "127.0.0.1", Port = port }.CreateConnectionAsync(cancel); }
            catch (BrokerUnreachableException) when (patience < 600) { await Task.Delay(100, cancel); }
        }
        return new RabbitMessages(connection, await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancel));
    }

    public async Task SendAsync(string stream, IEnumerable<string> bodies)
    {
        await _channel.QueueDeclareAsync(stream, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "stream" });
        foreach (var some in bodies.Chunk(500)) await Task.WhenAll(some.Select(b => _channel.BasicPublishAsync("", stream, mandatory: true, new BasicProperties(), Encoding.UTF8.GetBytes(b)).AsTask()));
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
