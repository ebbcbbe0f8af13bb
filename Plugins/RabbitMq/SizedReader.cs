using RabbitMQ.Client;

namespace FlowForge.Plugins.RabbitMq;

/// <summary>
/// Reads a stream with no more sent ahead than memory bears: the server counts messages and not their bytes. It looks at the size of the first ones, and then asks for as many as fit.
/// </summary>
internal sealed class SizedReader : IAsyncDisposable
{
    private const int Sample = 100;
    private const long MostBytes = 64 << 20;
    private readonly IConnection _connection;
    private readonly string _stream;
    private readonly int _most;
    private StreamReader? _reader;
    private int _seen;
    private long _bytes;

    private SizedReader(IConnection connection, string stream, int most, StreamReader reader) => (_connection, _stream, _most, _reader) = (connection, stream, most, reader);

    /// <param name="most">Messages to be sent ahead, if they are small.</param>
    public static async Task<SizedReader> OpenAsync(IConnection connection, string stream, object from, int most, CancellationToken cancellationToken) =>
        new(connection, stream, most, await StreamReader.OpenAsync(connection, stream, from, Math.Min(most, Sample), cancellationToken).ConfigureAwait(false));

    /// <summary>How many messages of a mean size are sent ahead.</summary>
    public static int Ahead(long meanBytes, int most) => (int)Math.Clamp(MostBytes / Math.Max(1, meanBytes), 1, most);

    /// <summary>The next message; null when none comes in time.</summary>
    public async Task<Delivery?> NextAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var next = await _reader!.NextAsync(patience, cancellationToken).ConfigureAwait(false);
        if (next is null || ++_seen > Sample) return next;
        _bytes += next.Body.Length;
        if (_seen < Sample || Ahead(_bytes / Sample, _most) is var ahead && ahead == Math.Min(_most, Sample)) return next;
        await _reader.DisposeAsync().ConfigureAwait(false);
        _reader = null;
        _reader = await StreamReader.OpenAsync(_connection, _stream, next.Offset + 1, ahead, cancellationToken).ConfigureAwait(false);
        return next;
    }

    public async ValueTask DisposeAsync()
    {
        if (_reader is not null) await _reader.DisposeAsync().ConfigureAwait(false);
    }
}
