using System.Runtime.CompilerServices;
using FlowForge.Plugins.Kafka.Values;
using FlowForge.Plugins.Kafka.Wire;
using FlowForge.Plugins.Messages;

namespace FlowForge.Plugins.Kafka;

/// <summary>
/// Reads a topic's partitions from the cursor's offsets to where they ended when the read began. Each broker is asked for the next messages while the last ones are decoded; one page
/// of lines and two answers a broker are in memory.
/// </summary>
internal sealed class TopicRead(Cluster cluster, SchemaRegistry? registry, KafkaSpec spec, IConnectorLog log, string topic)
{
    private const int PageBytes = 1 << 20;
    private readonly Offsets _offsets = new(cluster, spec.ReadCommitted);
    private readonly List<Part> _parts = [];
    private readonly Dictionary<int, Task<Answer>> _asked = [];
    private readonly MessageLines _lines = new();
    private MessageWriter _writer = null!;
    private readonly Unpacking _unpacking = new();

    /// <summary>What the cursor says of partitions that are not read now: they go on there when they are read again.</summary>
    private IReadOnlyDictionary<int, long> _others = new Dictionary<int, long>();

    /// <summary>How far it has got.</summary>
    public KafkaCursor Reached => new(topic, _parts.Select(p => KeyValuePair.Create(p.Partition, p.Done)).Concat(_others).ToDictionary());

    public async IAsyncEnumerable<SourcePage> ReadAsync(KafkaCursor? cursor, long? limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _writer = new MessageWriter(spec, registry, cancellationToken);
        await BeginAsync(cursor, cancellationToken).ConfigureAwait(false);
        log.Debug($"{topic}: {_parts.Sum(p => p.End - p.Done)} offsets in {_parts.Count} partitions to read.");
        var left = limit ?? long.MaxValue;
        var patience = new Patience(spec.Timeout);
        try
        {
            while (left > 0 && _parts.Any(p => p.Done < p.End))
            {
                Ask(cancellationToken);
                var answer = await NextAsync(patience, cancellationToken).ConfigureAwait(false);
                if (answer is null) continue;
                using var frame = answer.Frame;
                foreach (var fetched in answer.Partitions) await NoteAsync(fetched, answer, patience, cancellationToken).ConfigureAwait(false);
                if (limit is null) Ask(cancellationToken);
                foreach (var fetched in answer.Partitions.Where(p => p.Error == Errors.None))
                {
                    var part = _parts.First(p => p.Partition == fetched.Partition);
                    var aborted = new AbortedTransactions(fetched.Aborted);
                    for (var records = frame.Body[fetched.Records]; left > 0 && part.Done < part.End && Decode(ref records, part, aborted, ref left);)
                    {
                        if (_lines.Length < PageBytes) continue;
                        yield return Page();
                        _lines.Clear();
                    }
                }
            }
            // The last one, with or without messages, says how far the read has got.
            yield return Page();
        }
        finally
        {
            foreach (var asked in _asked.Values) _ = asked.ContinueWith(static t => t.Result.Frame.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        }
    }

    private SourcePage Page() => new(_lines.Written, _lines.Count, Reached.ToString());

    private async Task BeginAsync(KafkaCursor? cursor, CancellationToken cancellationToken)
    {
        var places = await PlacesAsync(cancellationToken).ConfigureAwait(false);
        var first = await _offsets.ListAsync(topic, places, Offsets.Earliest, cancellationToken).ConfigureAwait(false);
        var ends = await _offsets.ListAsync(topic, places, Offsets.Latest, cancellationToken).ConfigureAwait(false);
        var starts = cursor is null && spec.StartTime is { } time ? await _offsets.ListAsync(topic, places, Math.Max(0, time.ToUnixTimeMilliseconds()), cancellationToken).ConfigureAwait(false) : first;
        if (cursor?.Offsets.Keys.Except(places.Select(p => p.Partition)).Any() == true && spec.Partitions.Count == 0)
            Lost($"Topic {topic} has {places.Count} partitions, and the table has read {cursor.Offsets.Count}: it was deleted and made anew.");
        if (cursor is not null && spec.Partitions.Count > 0) _others = cursor.Offsets.Where(o => places.All(p => p.Partition != o.Key)).ToDictionary();
        foreach (var place in places)
        {
            var (least, end) = (first[place.Partition], ends[place.Partition]);
            // A partition that the cursor does not know is new: all of it is to be read. -1: no message of that time or later.
            var start = cursor?.Offsets.TryGetValue(place.Partition, out var known) == true ? known : starts[place.Partition] is >= 0 and var at ? at : end;
            if (start < least || start > end) start = AfterLoss(place.Partition, start, least, end);
            _parts.Add(new Part(place.Partition) { Leader = place.Leader, Next = start, Done = start, End = end });
        }
    }

    private async Task<IReadOnlyList<PartitionPlace>> PlacesAsync(CancellationToken cancellationToken)
    {
        if (!(await cluster.TopicsAsync([topic], cancellationToken).ConfigureAwait(false)).TryGetValue(topic, out var places))
            throw new TerminalException($"There is no topic {topic}.", "Correct topic; the list of the connection's topics shows what there is.");
        if (spec.Partitions.Count == 0) return places;
        var missing = spec.Partitions.Except(places.Select(p => p.Partition)).ToList();
        return missing.Count == 0 ? [.. places.Where(p => spec.Partitions.Contains(p.Partition))]
            : throw new TerminalException($"Topic {topic} has no partition {string.Join(", ", missing)}; it has {places.Count}.", "Correct partitions.");
    }

    private long AfterLoss(int partition, long wanted, long least, long end)
    {
        Lost(wanted < least
            ? $"Partition {partition} of {topic}: messages {wanted} to {least - 1} are gone; they were not read before the topic's retention removed them."
            : $"Partition {partition} of {topic} ends at {end}, and the table has read up to {wanted}: the topic was deleted and made anew, or the cluster lost messages.");
        return least;
    }

    private void Lost(string message)
    {
        if (spec.OnLost == OnLost.Fail) throw new TerminalException(message, "Set on_lost: earliest to go on at the oldest message there is, or reset the job's watermark.");
        log.Warning(message + " The read goes on at the oldest message there is.");
    }

    /// <summary>Asks every broker that leads unread partitions and is not asked already. Partitions that got nothing last time come first: they are the ones that a full answer leaves out.</summary>
    private void Ask(CancellationToken cancellationToken)
    {
        foreach (var leader in _parts.Where(p => p.Next < p.End).GroupBy(p => p.Leader))
        {
            if (_asked.ContainsKey(leader.Key)) continue;
            var from = leader.OrderByDescending(p => p.Empty).Select(p => (p.Partition, p.Next)).ToList();
            _asked[leader.Key] = AskAsync(leader.Key, from, cancellationToken);
        }
    }

    private async Task<Answer> AskAsync(int leader, List<(int Partition, long Offset)> from, CancellationToken cancellationToken)
    {
        if (leader < 0) throw new TransientException($"Partition {from[0].Partition} of {topic} has no leader at the moment.");
        var connection = await cluster.BrokerAsync(leader, cancellationToken).ConfigureAwait(false);
        var (frame, partitions) = await Fetching.FetchAsync(connection, topic, from, spec.FetchKib << 10, spec.ReadCommitted, cancellationToken).ConfigureAwait(false);
        return new Answer(frame, partitions, from[0].Partition);
    }

    private async Task<Answer?> NextAsync(Patience patience, CancellationToken cancellationToken)
    {
        // All that is asked for has come, and is not decoded yet: nothing to wait for.
        if (_asked.Count == 0) return null;
        var asked = await Task.WhenAny(_asked.Values).ConfigureAwait(false);
        _asked.Remove(_asked.First(a => a.Value == asked).Key);
        try { return await asked.ConfigureAwait(false); }
        catch (TransientException e) { await PlacesAnewAsync(e, patience, cancellationToken).ConfigureAwait(false); }
        return null;
    }

    /// <summary>What an answer says of where a partition stands. Its messages are decoded later.</summary>
    private async Task NoteAsync(FetchedPartition fetched, Answer answer, Patience patience, CancellationToken cancellationToken)
    {
        var part = _parts.First(p => p.Partition == fetched.Partition);
        if (fetched.Error == Errors.OffsetOutOfRange)
        {
            // Retention went on while the read did.
            PartitionPlace[] place = [new(part.Partition, part.Leader)];
            var least = (await _offsets.ListAsync(topic, place, Offsets.Earliest, cancellationToken).ConfigureAwait(false))[part.Partition];
            var end = (await _offsets.ListAsync(topic, place, Offsets.Latest, cancellationToken).ConfigureAwait(false))[part.Partition];
            part.Next = part.Done = AfterLoss(part.Partition, part.Next, least, end);
        }
        else if (fetched.Error != Errors.None)
        {
            var failure = Errors.From(fetched.Error, $"Partition {fetched.Partition} of {topic}");
            if (failure is not TransientException) throw failure;
            await PlacesAnewAsync(failure, patience, cancellationToken).ConfigureAwait(false);
        }
        else if (RecordBatch.Behind(answer.Frame.Body.Span[fetched.Records]) is { } next)
        {
            (part.Next, part.Empty, part.EmptySince) = (Math.Max(part.Next, next), 0, null);
            patience.Renew();
        }
        else if (fetched.Records.Start.Equals(fetched.Records.End))
        {
            part.Empty++;
            // The first partition asked for gets a message where there is one, and an answer without any message leaves out none.
            if (part.Partition == answer.First || answer.Partitions.All(p => p.Records.Start.Equals(p.Records.End))) await EmptyAsync(part, fetched, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// No message up to the end: none is left there (compaction), or the broker does not give it yet (tiered storage, a follower that became the leader, a transaction that is open).
    /// The answers do not tell these apart, so that only time does.
    /// </summary>
    private async Task EmptyAsync(Part part, FetchedPartition fetched, CancellationToken cancellationToken)
    {
        part.EmptySince ??= System.Diagnostics.Stopwatch.GetTimestamp();
        if (part.Empty < 2 || System.Diagnostics.Stopwatch.GetElapsedTime(part.EmptySince.Value) < spec.Timeout)
        {
            if (part.Empty > 1) await Task.Delay(50, cancellationToken).ConfigureAwait(false);
            return;
        }
        var readable = spec.ReadCommitted && fetched.LastStable >= 0 ? Math.Min(fetched.HighWatermark, fetched.LastStable) : fetched.HighWatermark;
        if (readable < part.End)
            throw new TransientException($"Partition {part.Partition} of {topic}: messages from {part.Next} to {part.End - 1} were there when the read began, and for {spec.Timeout.TotalSeconds:0} s the broker has given them up to {readable - 1} only.");
        log.Warning($"Partition {part.Partition} of {topic}: the offsets {part.Next} to {part.End - 1} hold no messages (the broker gave none for {spec.Timeout.TotalSeconds:0} s); the read goes on behind them.");
        part.Next = part.Done = part.End;
    }

    private async Task PlacesAnewAsync(Exception failure, Patience patience, CancellationToken cancellationToken)
    {
        await patience.WaitAsync(failure, cancellationToken).ConfigureAwait(false);
        log.Debug($"{failure.Message} The brokers are asked who leads now.");
        try
        {
            foreach (var place in await PlacesAsync(cancellationToken).ConfigureAwait(false))
                if (_parts.Find(p => p.Partition == place.Partition) is { } part) part.Leader = place.Leader;
        }
        catch (TransientException e) { log.Debug(e.Message); }
    }

    /// <summary>Decodes the next batch into lines; false when no whole one is left.</summary>
    private bool Decode(ref ReadOnlyMemory<byte> records, Part part, AbortedTransactions aborted, ref long left)
    {
        var bytes = records.Span;
        var where = $"Partition {part.Partition} of {topic}";
        if (!RecordBatch.TryTake(ref bytes, where, out var batch)) return false;
        records = records[^bytes.Length..];
        // Batches that were read already are looked at too: they begin and end transactions.
        var isLeft = aborted.Leaves(batch);
        var payload = isLeft || (batch.LastOffset < part.Done && !batch.IsControl) ? default : _unpacking.Unpack(batch.Compression, batch.Payload, where);
        try
        {
            if (batch.IsControl) aborted.Ends(payload, batch);
            else
                for (var n = payload.IsEmpty ? 0 : batch.Count; n > 0; n--)
                {
                    var record = Record.Take(ref payload, batch);
                    if (record.Offset < part.Done) continue;
                    if (record.Offset >= part.End) break;
                    if (left-- <= 0) return false;
                    _writer.Write(_lines, part.Partition, record, batch.IsLogAppendTime ? batch.LatestTime : record.Time);
                    part.Done = record.Offset + 1;
                }
        }
        catch (FormatException e)
        {
            throw new TerminalException($"{where}, offset {batch.BaseOffset}: a batch of messages is broken: {e.Message}", inner: e);
        }
        part.Done = Math.Max(part.Done, Math.Min(batch.LastOffset + 1, part.End));
        return true;
    }

    private sealed record Answer(Frame Frame, IReadOnlyList<FetchedPartition> Partitions, int First);

    private sealed class Part(int partition)
    {
        public int Partition => partition;
        public int Leader { get; set; }
        /// <summary>What to ask for next.</summary>
        public long Next { get; set; }
        /// <summary>Behind the last message that was handed over.</summary>
        public long Done { get; set; }
        public long End { get; init; }
        /// <summary>Answers without a message, one after the other.</summary>
        public int Empty { get; set; }
        /// <summary>When the first of them came that left out no message there was.</summary>
        public long? EmptySince { get; set; }
    }
}

/// <summary>Waits a little longer each time, and gives up when nothing has gone on for a while.</summary>
internal sealed class Patience(TimeSpan most)
{
    private long _since = System.Diagnostics.Stopwatch.GetTimestamp();
    private int _times;

    public void Renew() => (_since, _times) = (System.Diagnostics.Stopwatch.GetTimestamp(), 0);

    public async Task WaitAsync(Exception failure, CancellationToken cancellationToken)
    {
        if (System.Diagnostics.Stopwatch.GetElapsedTime(_since) > most) throw failure;
        await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(2000, 50 << Math.Min(_times++, 6))), cancellationToken).ConfigureAwait(false);
    }
}
