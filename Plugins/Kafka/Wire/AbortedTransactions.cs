using System.Buffers.Binary;

namespace FlowForge.Plugins.Kafka.Wire;

/// <summary>Which batches of an answer belong to transactions that were given up.</summary>
/// <param name="aborted">As the broker lists them: producer, and first offset of the transaction.</param>
internal sealed class AbortedTransactions(IReadOnlyList<(long Producer, long First)> aborted)
{
    private readonly Queue<(long Producer, long First)> _coming = new(aborted.OrderBy(a => a.First));
    private readonly HashSet<long> _open = [];

    /// <summary>Whether the batch is not to be read.</summary>
    public bool Leaves(in RecordBatch batch)
    {
        while (_coming.TryPeek(out var next) && next.First <= batch.LastOffset) _open.Add(_coming.Dequeue().Producer);
        return batch.IsTransactional && !batch.IsControl && _open.Contains(batch.Producer);
    }

    /// <summary>Notes the marker that ends a transaction.</summary>
    /// <param name="payload">The control batch's records.</param>
    public void Ends(ReadOnlySpan<byte> payload, in RecordBatch batch)
    {
        if (payload.IsEmpty) return;
        var marker = Record.Take(ref payload, batch);
        const short abort = 0;
        if (marker.Key.Length >= 4 && BinaryPrimitives.ReadInt16BigEndian(marker.Key[2..]) == abort) _open.Remove(batch.Producer);
    }
}
