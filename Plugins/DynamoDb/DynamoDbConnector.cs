using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;

namespace FlowForge.Plugins.DynamoDb;

/// <summary>Hands over the items of a table, scanned in segments side by side.</summary>
[Connector("dynamodb", Title = "DynamoDB", Description = "Reads the items of an Amazon DynamoDB table.", Aliases = ["nosql"])]
public sealed class DynamoDbConnector(ConnectorContext<DynamoDbSpec> context) : IPageSource, IResume, IDiscover, ITestConnection, IDisposable
{
    private const int MostTries = 8;
    private readonly DynamoDbSpec _spec = context.Settings;
    private AmazonDynamoDBClient? _client;

    public async IAsyncEnumerable<SourcePage> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var table = request.Table ?? _spec.TableName ?? throw new TerminalException("table_name is not given.", "Say which table to read.");
        cancellationToken.ThrowIfCancellationRequested();
        // A preview needs no more than one segment; a scan that goes on keeps its own number of them.
        var cursor = request.Cursor is { } text ? ScanCursor.Parse(text) : new ScanCursor(request.Limit is null ? _spec.Segments : 1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Answers wait here, one a segment: more are not asked for before these are landed.
        var answers = Channel.CreateBounded<(int Segment, ScanResponse Answer)>(1);
        var left = request.Limit ?? long.MaxValue;
        var scanning = ScanAsync(table, request, cursor, answers.Writer, stop.Token);
        try
        {
            await foreach (var (segment, answer) in answers.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                var items = answer.Items ?? [];
                if (items.Count > left)
                {
                    items = items[..(int)left];
                    yield return new SourcePage(Items.Lines(items), items.Count);
                    yield break;
                }
                left -= items.Count;
                cursor.Move(segment, answer.LastEvaluatedKey);
                yield return new SourcePage(Items.Lines(items), items.Count, cursor.ToString());
                if (left == 0) yield break;
            }
            await scanning.ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await scanning.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ScanAsync(string table, ReadRequest request, ScanCursor cursor, ChannelWriter<(int, ScanResponse)> answers, CancellationToken cancellationToken)
    {
        try
        {
            var open = Enumerable.Range(0, cursor.Segments).Where(s => !cursor.IsDone(s)).Select(s => (Segment: s, Key: cursor.Key(s))).ToList();
            using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAll(open.Select(async s =>
            {
                try { await SegmentAsync(Scan(table, request, s.Segment, cursor.Segments, s.Key), answers, failed.Token).ConfigureAwait(false); }
                catch
                {
                    await failed.CancelAsync().ConfigureAwait(false);
                    throw;
                }
            })).ConfigureAwait(false);
            answers.TryComplete();
        }
        catch (Exception e)
        {
            answers.TryComplete(e);
        }
    }

    private async Task SegmentAsync(ScanRequest scan, ChannelWriter<(int, ScanResponse)> answers, CancellationToken cancellationToken)
    {
        do
        {
            var answer = await CallAsync(c => c.ScanAsync(scan, cancellationToken), scan.IndexName is null ? scan.TableName : $"{scan.TableName}/{scan.IndexName}", cancellationToken).ConfigureAwait(false);
            await answers.WriteAsync((scan.Segment ?? 0, answer), cancellationToken).ConfigureAwait(false);
            scan.ExclusiveStartKey = answer.LastEvaluatedKey;
        }
        while (scan.ExclusiveStartKey is { Count: > 0 });
    }

    private ScanRequest Scan(string table, ReadRequest request, int segment, int segments, Dictionary<string, AttributeValue>? from)
    {
        var scan = new ScanRequest
        {
            TableName = table, IndexName = _spec.IndexName, Segment = segment, TotalSegments = segments, ConsistentRead = _spec.ConsistentRead, ExclusiveStartKey = from,
            Limit = request.Limit is { } limit ? (int)Math.Clamp(limit, 1, _spec.PageSize ?? 1000) : _spec.PageSize,
        };
        if (request.From is not { Value: { } value } mark) return scan;
        var isNumber = _spec.WatermarkKind == WatermarkKind.Number || (_spec.WatermarkKind == WatermarkKind.Auto && decimal.TryParse(value, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out _));
        // A text may hold digits, too, and a number is never compared with a text: who was not told asks for both.
        var isEither = isNumber && _spec.WatermarkKind == WatermarkKind.Auto;
        scan.FilterExpression = (isEither ? "#w >= :w OR #w >= :s" : "#w >= :w") + (mark.IncludeNulls ? " OR attribute_not_exists(#w) OR attribute_type(#w, :n)" : "");
        scan.ExpressionAttributeNames = new() { ["#w"] = mark.Column };
        scan.ExpressionAttributeValues = new() { [":w"] = isNumber ? new AttributeValue { N = value } : new AttributeValue { S = value } };
        if (isEither) scan.ExpressionAttributeValues[":s"] = new AttributeValue { S = value };
        if (mark.IncludeNulls) scan.ExpressionAttributeValues[":n"] = new AttributeValue { S = "NULL" };
        return scan;
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_spec.TableName is { } table)
            {
                var found = await CallAsync(c => c.DescribeTableAsync(table, cancellationToken), table, cancellationToken).ConfigureAwait(false);
                return $"Table {table} answers, about {found.Table.ItemCount} items";
            }
            var tables = await CallAsync(c => c.ListTablesAsync(cancellationToken), "The service", cancellationToken).ConfigureAwait(false);
            return $"DynamoDB answers, {tables.TableNames?.Count ?? 0}{(tables.LastEvaluatedTableName is { Length: > 0 } ? " or more" : "")} tables";
        }
        catch (TransientException e) { throw new TerminalException(e.Message, "Check endpoint and region, and whether the service runs.", e); }
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var from = next;
            var tables = await CallAsync(c => c.ListTablesAsync(new ListTablesRequest { ExclusiveStartTableName = from }, cancellationToken), "The service", cancellationToken).ConfigureAwait(false);
            foreach (var name in tables.TableNames ?? [])
            {
                var table = (await CallAsync(c => c.DescribeTableAsync(name, cancellationToken), name, cancellationToken).ConfigureAwait(false)).Table;
                var keys = table.KeySchema.Select(k => k.AttributeName).ToList();
                yield return new DiscoveredTable(name)
                {
                    // Only keys and indexed attributes are declared: all others may be in any item.
                    Columns = [.. table.AttributeDefinitions.Select(a => new DiscoveredColumn(a.AttributeName, a.AttributeType.Value, !keys.Contains(a.AttributeName)))],
                    Keys = keys, Rows = table.ItemCount, Bytes = table.TableSizeBytes,
                };
            }
            next = tables.LastEvaluatedTableName;
        }
        while (next is { Length: > 0 });
    }

    private AmazonDynamoDBClient Client()
    {
        if (_client is not null) return _client;
        var config = new AmazonDynamoDBConfig { MaxErrorRetry = 0, Timeout = TimeSpan.FromSeconds(60) };
        if (_spec.Endpoint is { } endpoint) (config.ServiceURL, config.AuthenticationRegion) = (endpoint.AbsoluteUri, _spec.Region);
        else config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(_spec.Region);
        AWSCredentials credentials = _spec.SessionToken.IsEmpty ? new BasicAWSCredentials(_spec.AccessKey.Reveal(), _spec.SecretKey.Reveal())
            : new SessionAWSCredentials(_spec.AccessKey.Reveal(), _spec.SecretKey.Reveal(), _spec.SessionToken.Reveal());
        return _client = new AmazonDynamoDBClient(credentials, config);
    }

    /// <summary>Calls, and calls again with growing pauses while the service asks for less or does not answer: read capacity comes back by the second.</summary>
    private async Task<T> CallAsync<T>(Func<AmazonDynamoDBClient, Task<T>> call, string where, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            try { return await call(Client()).ConfigureAwait(false); }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                var failure = DynamoDbFailures.From(e, where);
                if (failure is not TransientException || attempt == MostTries || !DynamoDbFailures.IsThrottling(e) && attempt >= 3) throw failure;
                var pause = TimeSpan.FromMilliseconds(Math.Min(10_000, 50 << attempt) * (0.5 + Random.Shared.NextDouble() / 2));
                context.Log.Debug($"{failure.Message} Tried again in {pause.TotalMilliseconds:0} ms.");
                await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public void Dispose() => _client?.Dispose();
}
