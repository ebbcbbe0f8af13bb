using System.Runtime.CompilerServices;
using FlowForge.Plugins.Kafka.Values;
using FlowForge.Plugins.Kafka.Wire;

namespace FlowForge.Plugins.Kafka;

/// <summary>Hands over the messages of a topic. How far it was read is the table's own knowledge, committed with the rows; a group's offsets only follow.</summary>
[Connector("kafka", Title = "Kafka", Description = "Reads the messages of a Kafka topic, each exactly once.", Aliases = ["streaming"])]
public sealed class KafkaConnector(ConnectorContext<KafkaSpec> context) : IPageSource, IStream, IAfterCommit, IDiscover, ITestConnection, IReportHealth, IAsyncDisposable
{
    private const int MostTopicsCounted = 200, MostPartitionsShown = 20;
    private readonly KafkaSpec _spec = context.Settings;
    private readonly Cluster _cluster = new(context.Settings, context);
    private TopicRead? _read;
    private SchemaRegistry? _registry;

    public async IAsyncEnumerable<SourcePage> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var topic = request.Table ?? _spec.Topic ?? throw new TerminalException("topic is not given.", "Say which topic to read.");
        _read = new TopicRead(_cluster, Registry(), _spec, context.Log, topic);
        await using var pages = _read.ReadAsync(request.Cursor is { } cursor ? KafkaCursor.Parse(cursor, topic) : null, request.Limit, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await Guarded(() => pages.MoveNextAsync().AsTask(), topic).ConfigureAwait(false)) yield return pages.Current;
    }

    /// <summary>Tells the group, for those who watch its lag. It decides nothing, so a failure ends no run.</summary>
    public async Task CommittedAsync(IReadOnlyList<string> filePaths, string? cursor, CancellationToken cancellationToken)
    {
        if (cursor is null || _spec.GroupId is not { Length: > 0 } group) return;
        var read = KafkaCursor.Parse(cursor);
        var patience = new Patience(TimeSpan.FromSeconds(5));
        try
        {
            while (true)
            {
                try
                {
                    await new Offsets(_cluster, _spec.ReadCommitted).CommitAsync(group, read.Topic, read.Offsets, cancellationToken).ConfigureAwait(false);
                    return;
                }
                catch (TransientException e) { await patience.WaitAsync(e, cancellationToken).ConfigureAwait(false); }
            }
        }
        catch (Exception e) when (e is TransientException or TerminalException or FormatException)
        {
            context.Log.Warning($"The offsets of group {group} could not be set: {e.Message} Lag tools show an older state; nothing else depends on them.");
        }
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            var topics = await Guarded(() => _cluster.TopicsAsync(null, cancellationToken), "The cluster").ConfigureAwait(false);
            if (_spec.Topic is { } topic && !topics.ContainsKey(topic)) throw new TerminalException($"There is no topic {topic} among the {topics.Count} topics.", "Correct topic, or give the login the right to see it.");
            if (Registry() is { } registry) await Task.Run(() => registry.Test(cancellationToken), cancellationToken).ConfigureAwait(false);
            return $"Kafka answers, {topics.Count} {(topics.Count == 1 ? "topic" : "topics")}{(_registry is null ? "" : "; the schema registry answers")}";
        }
        catch (TransientException e)
        {
            throw new TerminalException(e.Message, _registry is null ? "Check brokers, tls and sasl, and whether the cluster runs." : "Check brokers, tls, sasl and schema_registry, and whether they run.", e);
        }
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var topics = await Guarded(() => _cluster.TopicsAsync(null, cancellationToken), "The cluster").ConfigureAwait(false);
        var offsets = new Offsets(_cluster, _spec.ReadCommitted);
        var counted = 0;
        foreach (var (name, places) in topics.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            long? rows = null;
            if (counted++ < MostTopicsCounted && places.All(p => p.Leader >= 0))
            {
                try { rows = (await offsets.ListAsync(name, places, Offsets.Latest, cancellationToken).ConfigureAwait(false)).Values.Sum() - (await offsets.ListAsync(name, places, Offsets.Earliest, cancellationToken).ConfigureAwait(false)).Values.Sum(); }
                catch (Exception e) when (e is TransientException or TerminalException) { context.Log.Debug($"{name}: {e.Message}"); }
            }
            yield return new DiscoveredTable(name) { Rows = rows };
        }
    }

    /// <summary>Messages that are there and not in the table: of the topic that was just read, else of what the group has.</summary>
    public async Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken)
    {
        var read = new Dictionary<string, IReadOnlyDictionary<int, long>>();
        if (_read is { Reached: { Offsets.Count: > 0 } reached }) read[reached.Topic] = reached.Offsets;
        else if (_spec.GroupId is { Length: > 0 } group)
        {
            (string, IReadOnlyList<PartitionPlace>)? only = _spec.Topic is { } asked && (await _cluster.TopicsAsync([asked], cancellationToken).ConfigureAwait(false)).TryGetValue(asked, out var its) ? (asked, its) : null;
            foreach (var (topic, known) in await new Offsets(_cluster, _spec.ReadCommitted).OfGroupAsync(group, only, cancellationToken).ConfigureAwait(false)) read[topic] = known;
        }
        var facts = new List<HealthFact>();
        foreach (var (topic, known) in read)
        {
            if (!(await _cluster.TopicsAsync([topic], cancellationToken).ConfigureAwait(false)).TryGetValue(topic, out var places)) continue;
            var ends = await new Offsets(_cluster, _spec.ReadCommitted).ListAsync(topic, [.. places.Where(p => known.ContainsKey(p.Partition))], Offsets.Latest, cancellationToken).ConfigureAwait(false);
            var lags = ends.Select(e => (Partition: e.Key, Lag: Math.Max(0, e.Value - known[e.Key]))).OrderBy(l => l.Partition).ToList();
            facts.Add(new HealthFact($"{topic}: lag", lags.Sum(l => l.Lag), "messages"));
            facts.AddRange(lags.Take(MostPartitionsShown).Select(l => new HealthFact($"{topic}, partition {l.Partition}: lag", l.Lag, "messages")));
        }
        return facts;
    }

    private static async Task<T> Guarded<T>(Func<Task<T>> call, string where)
    {
        try { return await call().ConfigureAwait(false); }
        catch (FormatException e) { throw new TerminalException($"{where}: an answer cannot be read: {e.Message}", "Check brokers: this may be no Kafka cluster.", e); }
    }

    private SchemaRegistry? Registry() => _spec.SchemaRegistry is null ? null : _registry ??= new SchemaRegistry(_spec, new SocketsHttpHandler { SslOptions = _cluster.Tls(), AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = _spec.Timeout });

    public ValueTask DisposeAsync()
    {
        _registry?.Dispose();
        return _cluster.DisposeAsync();
    }
}
