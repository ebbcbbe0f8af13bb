namespace FlowForge.Plugins.Kafka.Wire;

/// <summary>What a broker answered for one partition.</summary>
/// <param name="LastStable">Behind the last message before any transaction that is still open; -1 when the broker does not say.</param>
/// <param name="Aborted">Producers with the first offset of a transaction of theirs that was given up.</param>
/// <param name="Records">Where the record batches lie in the frame; the last one may be cut off.</param>
internal sealed record FetchedPartition(int Partition, short Error, long HighWatermark, long LastStable, IReadOnlyList<(long Producer, long First)> Aborted, Range Records);

/// <summary>Asks a broker for the messages of some partitions from an offset on.</summary>
internal static class Fetching
{
    private const int MostWaitMilliseconds = 500;

    public static async Task<(Frame Frame, IReadOnlyList<FetchedPartition> Partitions)> FetchAsync(
        BrokerConnection connection, string topic, IReadOnlyList<(int Partition, long Offset)> from, int mostBytes, bool readCommitted, CancellationToken cancellationToken)
    {
        var share = Math.Max(64 << 10, Math.Min(mostBytes, mostBytes / Math.Max(1, Math.Min(from.Count, 8))));
        var frame = await connection.CallAsync(Api.Fetch, 5, w => w.Int32(-1).Int32(MostWaitMilliseconds).Int32(1).Int32(mostBytes).Int8((sbyte)(readCommitted ? 1 : 0))
            .List([topic], (w, t) => w.Text(t).List(from, (w, p) => w.Int32(p.Partition).Int64(p.Offset).Int64(-1).Int32(share))), cancellationToken, TimeSpan.FromMilliseconds(MostWaitMilliseconds)).ConfigureAwait(false);
        try { return (frame, Read(frame.Body.Span)); }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    private static List<FetchedPartition> Read(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        reader.Int32();
        var found = new List<FetchedPartition>();
        for (var n = reader.Count(); n > 0; n--)
        {
            reader.Text();
            for (var p = reader.Count(); p > 0; p--)
            {
                var (partition, error, high) = (reader.Int32(), reader.Int16(), reader.Int64());
                var stable = reader.Int64();
                reader.Int64();
                var aborted = new List<(long, long)>();
                for (var a = reader.Count(); a > 0; a--) aborted.Add((reader.Int64(), reader.Int64()));
                found.Add(new FetchedPartition(partition, error, high, stable, aborted, reader.Bytes()));
            }
        }
        return found;
    }
}
