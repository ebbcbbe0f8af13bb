namespace FlowForge.Plugins.Kafka.Wire;

/// <summary>Asks for offsets, and sets those of a group.</summary>
internal sealed class Offsets(Cluster cluster, bool readCommitted)
{
    public const long Latest = -1, Earliest = -2;

    /// <summary>The first offset there is (<see cref="Earliest"/>), or the one behind the last that may be read (<see cref="Latest"/>), of each partition.</summary>
    public async Task<Dictionary<int, long>> ListAsync(string topic, IReadOnlyList<PartitionPlace> partitions, long at, CancellationToken cancellationToken)
    {
        var found = new Dictionary<int, long>();
        foreach (var leader in partitions.GroupBy(p => p.Leader))
        {
            if (leader.Key < 0) throw new TransientException($"Partition {leader.First().Partition} of {topic} has no leader at the moment.");
            var connection = await cluster.BrokerAsync(leader.Key, cancellationToken).ConfigureAwait(false);
            using var answer = await connection.CallAsync(Api.ListOffsets, 2, w => w.Int32(-1).Int8((sbyte)(readCommitted ? 1 : 0))
                .List([topic], (w, t) => w.Text(t).List([.. leader], (w, p) => w.Int32(p.Partition).Int64(at))), cancellationToken).ConfigureAwait(false);
            Read(answer.Body.Span, topic, found);
        }
        return found;
    }

    private static void Read(ReadOnlySpan<byte> body, string topic, Dictionary<int, long> found)
    {
        var reader = new WireReader(body);
        reader.Int32();
        for (var n = reader.Count(); n > 0; n--)
        {
            reader.Text();
            for (var p = reader.Count(); p > 0; p--)
            {
                var (partition, error) = (reader.Int32(), reader.Int16());
                reader.Int64();
                var offset = reader.Int64();
                if (error != Errors.None) throw Errors.From(error, $"Partition {partition} of {topic}");
                found[partition] = offset;
            }
        }
    }

    /// <summary>Sets a group's offsets of a topic without being its member. A group with members at work refuses it.</summary>
    public async Task CommitAsync(string group, string topic, IReadOnlyDictionary<int, long> offsets, CancellationToken cancellationToken)
    {
        var connection = await CoordinatorAsync(group, cancellationToken).ConfigureAwait(false);
        using var answer = await connection.CallAsync(Api.OffsetCommit, 2, w => w.Text(group).Int32(-1).Text("").Int64(-1)
            .List([topic], (w, t) => w.Text(t).List([.. offsets], static (w, o) => w.Int32(o.Key).Int64(o.Value).Text(null))), cancellationToken).ConfigureAwait(false);
        Check(answer.Body.Span, group);

        static void Check(ReadOnlySpan<byte> body, string group)
        {
            var reader = new WireReader(body);
            for (var n = reader.Count(); n > 0; n--)
            {
                reader.Text();
                for (var p = reader.Count(); p > 0; p--)
                {
                    reader.Int32();
                    if (reader.Int16() is not Errors.None and var error) throw Errors.From(error, $"Group {group}");
                }
            }
        }
    }

    /// <summary>The offsets that a group has, by topic.</summary>
    /// <param name="topic">The only topic that is asked for, with its partitions; null for all that the group knows.</param>
    public async Task<Dictionary<string, Dictionary<int, long>>> OfGroupAsync(string group, (string Name, IReadOnlyList<PartitionPlace> Partitions)? topic, CancellationToken cancellationToken)
    {
        var connection = await CoordinatorAsync(group, cancellationToken).ConfigureAwait(false);
        using var answer = await connection.CallAsync(Api.OffsetFetch, 2, w => w.Text(group)
            .List<(string Name, IReadOnlyList<PartitionPlace> Partitions)>(topic is { } one ? [one] : null, static (w, t) => w.Text(t.Name).List(t.Partitions, static (w, p) => w.Int32(p.Partition))), cancellationToken).ConfigureAwait(false);
        return Read(answer.Body.Span, group);

        static Dictionary<string, Dictionary<int, long>> Read(ReadOnlySpan<byte> body, string group)
        {
            var reader = new WireReader(body);
            var topics = new Dictionary<string, Dictionary<int, long>>();
            for (var n = reader.Count(); n > 0; n--)
            {
                var offsets = topics[reader.Text() ?? ""] = [];
                for (var p = reader.Count(); p > 0; p--)
                {
                    var (partition, offset) = (reader.Int32(), reader.Int64());
                    reader.Text();
                    if (reader.Int16() == Errors.None && offset >= 0) offsets[partition] = offset;
                }
            }
            if (reader.Int16() is not Errors.None and var error) throw Errors.From(error, $"Group {group}");
            return topics;
        }
    }

    private async Task<BrokerConnection> CoordinatorAsync(string group, CancellationToken cancellationToken)
    {
        var any = await cluster.AnyAsync(cancellationToken).ConfigureAwait(false);
        (int Id, string Host, int Port) place;
        using (var answer = await any.CallAsync(Api.FindCoordinator, 1, w => w.Text(group).Int8(0), cancellationToken).ConfigureAwait(false)) place = Read(answer.Body.Span, group);
        cluster.Learn(place.Id, place.Host, place.Port);
        return await cluster.BrokerAsync(place.Id, cancellationToken).ConfigureAwait(false);

        static (int, string, int) Read(ReadOnlySpan<byte> body, string group)
        {
            var reader = new WireReader(body);
            reader.Int32();
            if (reader.Int16() is not Errors.None and var error) throw Errors.From(error, $"Group {group}");
            reader.Text();
            return (reader.Int32(), reader.Text() ?? "", reader.Int32());
        }
    }
}
