using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using FlowForge.Plugins.Messages;

namespace FlowForge.Plugins.Redis;

/// <summary>Hands over the entries of a stream, in the order of their ids. Nothing is changed on the server: no group, no acknowledgement.</summary>
[Connector("redis", Title = "Redis streams", Description = "Reads the entries of a Redis stream, each exactly once.")]
public sealed class RedisConnector(ConnectorContext<RedisSpec> context) : IPageSource, IStream, IDiscover, ITestConnection, IReportHealth, IAsyncDisposable
{
    private const int MostStreams = 1000;
    private readonly RedisSpec _spec = context.Settings;
    private readonly MessageLines _lines = new();
    private RedisConnection? _open;
    private (string Stream, StreamCursor Cursor)? _reached;

    public async IAsyncEnumerable<SourcePage> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var stream = request.Table ?? _spec.Stream ?? throw new TerminalException("stream is not given.", "Say which stream to read.");
        var from = request.Cursor is { } text ? StreamCursor.Parse(text) : null;
        var state = await CallAsync(c => StreamState.AskAsync(c, stream, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (state is null && from is null) throw new TerminalException($"There is no stream {stream}.", "Correct stream, or write a first entry into it.");
        if (from is not null && (state is null || state.Last.CompareTo(from.Last) < 0))
        {
            Lost($"The stream {stream} {(state is null ? "is gone" : $"ends at {state.Last}")}, and the table has read up to {from.Last}: it was deleted and made anew.");
            from = null;
        }
        // Ids are times mostly: a stream made anew goes on behind the old one. Its count of entries does not.
        else if (from is { Added: >= 0 } && state is { Added: >= 0 } && state.Added < from.Added)
        {
            Lost($"The stream {stream} has had {state.Added} entries, and the table has read {from.Added}: it was deleted and made anew, or the server has lost entries.");
            from = null;
        }
        if (state is null)
        {
            yield return new SourcePage(default, 0, request.Cursor);
            yield break;
        }
        // What was ever added, less what is still there, was gone before this read began.
        var known = from?.Added ?? (state.Added < 0 ? -1 : state.Added - state.Length);
        var at = from?.Last ?? default;
        long count = 0;
        while (at.CompareTo(state.Last) < 0)
        {
            await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
            var most = Math.Min(_spec.BatchSize, (request.Limit ?? long.MaxValue) - count);
            if (most <= 0) break;
            var next = at;
            var entries = (object?[])(await CallAsync(c => c.CallAsync(cancellationToken, "XRANGE", stream, $"{next.Next}", $"{state.Last}", "COUNT", $"{most}"), cancellationToken).ConfigureAwait(false))!;
            if (entries.Length == 0)
            {
                at = state.Last;
                break;
            }
            foreach (var entry in entries) at = Write((object?[])entry!);
            count += entries.Length;
            if (at.CompareTo(state.Last) == 0) break;
            yield return Page(stream, new StreamCursor(at, known < 0 ? -1 : known + count));
            _lines.Clear();
        }
        if (at.CompareTo(state.Last) < 0) yield break;
        if (known >= 0 && state.Added >= 0 && state.Added - known < count)
            Lost($"{count} entries of {stream} lie behind {from?.Last}, and {state.Added - known} were added since the last read: it was deleted and made anew, and what came before that may be lost.");
        if (known >= 0 && state.Added - known - count is > 0 and var missing) Missing(stream, missing, from?.Last ?? default, state);
        yield return Page(stream, new StreamCursor(state.Last, state.Added));
    }

    private SourcePage Page(string stream, StreamCursor cursor)
    {
        _reached = (stream, cursor);
        return new SourcePage(_lines.Written, _lines.Count, cursor.ToString());
    }

    private void Missing(string stream, long missing, EntryId from, StreamState state)
    {
        if (state.Deleted.CompareTo(from) > 0) context.Log.Warning($"{missing} entries of {stream} behind {from} were deleted or trimmed before they were read.");
        else Lost($"{missing} entries of {stream} behind {from} were trimmed away before they were read.");
    }

    private void Lost(string message)
    {
        if (_spec.OnLost == OnLost.Fail) throw new TerminalException(message, "Set on_lost: continue to go on without them, or reset the job's watermark.");
        context.Log.Warning(message + " The read goes on without them.");
    }

    private EntryId Write(object?[] entry)
    {
        var id = EntryId.Parse(StreamState.Text(entry[0]));
        _lines.Begin();
        _lines.TryText("redis_id"u8, (byte[])entry[0]!);
        _lines.Time("redis_time"u8, (long)Math.Min(id.Time, long.MaxValue));
        var fields = entry[1] as object?[] ?? [];
        var json = _spec.JsonField is { } name ? Encoding.UTF8.GetBytes(name) : null;
        var (broken, document) = ((byte[]?)null, (byte[]?)null);
        foreach (var field in Enumerable.Range(0, fields.Length / 2).Select(i => (Name: (byte[])fields[2 * i]!, Value: (byte[])fields[2 * i + 1]!)).GroupBy(f => Encoding.Latin1.GetString(f.Name)))
        {
            if (json is not null && field.First().Name.AsSpan().SequenceEqual(json)) document = field.First().Value;
            else if (!Utf8.IsValid(field.First().Name) || field.Any(f => !Utf8.IsValid(f.Value))) broken = field.First().Value;
            else if (field.Count() == 1) _lines.TryText(Column(field.First().Name), field.First().Value);
            else _lines.Raw(Column(field.First().Name), System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(field.Select(f => Encoding.UTF8.GetString(f.Value))));
        }
        if (broken is not null) _lines.Broken("not UTF-8", Encoding.ASCII.GetBytes(Convert.ToBase64String(broken)));
        else if (document is not null && !_lines.TryJson(document, json, "redis_"u8)) _lines.Broken("not JSON", document);
        else _lines.End();
        return id;
    }

    // What an entry says of itself under the names of what is known of it.
    private static byte[] Column(byte[] field) => field.AsSpan().StartsWith("redis_"u8) ? [.. "value_"u8, .. field] : field;

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            var info = StreamState.Text(await CallAsync(c => c.CallAsync(cancellationToken, "INFO", "server"), cancellationToken).ConfigureAwait(false));
            var version = info.Split('\n').FirstOrDefault(l => l.StartsWith("redis_version:", StringComparison.Ordinal))?.Trim()["redis_version:".Length..] ?? "of unknown version";
            if (_spec.Stream is { } stream && await CallAsync(c => StreamState.AskAsync(c, stream, cancellationToken), cancellationToken).ConfigureAwait(false) is null)
                throw new TerminalException($"There is no stream {stream}.", "Correct stream, or write a first entry into it.");
            return $"Redis {version} answers";
        }
        catch (TransientException e) { throw new TerminalException(e.Message, "Check host and port, and whether the server runs.", e); }
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var next = "0";
        do
        {
            var from = next;
            var answer = (object?[])(await CallAsync(c => c.CallAsync(cancellationToken, "SCAN", from, "COUNT", "1000", "TYPE", "stream"), cancellationToken).ConfigureAwait(false))!;
            foreach (var key in (object?[])answer[1]!)
                found[StreamState.Text(key)] = (long)(await CallAsync(c => c.CallAsync(cancellationToken, "XLEN", StreamState.Text(key)), cancellationToken).ConfigureAwait(false))!;
            next = StreamState.Text(answer[0]);
        }
        while (next != "0" && found.Count < MostStreams);
        foreach (var (name, length) in found) yield return new DiscoveredTable(name) { Rows = length };
    }

    /// <summary>Entries that came since the read.</summary>
    public async Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken)
    {
        if (_reached is not { Cursor.Added: >= 0 } reached || await CallAsync(c => StreamState.AskAsync(c, reached.Stream, cancellationToken), cancellationToken).ConfigureAwait(false) is not { } state) return [];
        return [new HealthFact($"{reached.Stream}: lag", Math.Max(0, state.Added - reached.Cursor.Added), "entries"), new HealthFact($"{reached.Stream}: length", state.Length, "entries")];
    }

    private async Task<T> CallAsync<T>(Func<RedisConnection, Task<T>> call, CancellationToken cancellationToken)
    {
        _open ??= await RedisConnection.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        try { return await call(_open).ConfigureAwait(false); }
        catch (RedisErrorException e)
        {
            if (e.Message.StartsWith("LOADING", StringComparison.Ordinal) || e.Message.StartsWith("TRYAGAIN", StringComparison.Ordinal) || e.Message.StartsWith("CLUSTERDOWN", StringComparison.Ordinal)) throw new TransientException(e.Message, inner: e);
            throw new TerminalException($"{_spec.Host}:{_spec.Port}: {e.Message}", e.Message.StartsWith("MOVED", StringComparison.Ordinal) ? "Name the node of the cluster that holds the stream." : e.Message.StartsWith("NO", StringComparison.Ordinal) ? "Check user and password, and the rights of the login." : null, e);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ObjectDisposedException or FormatException or OperationCanceledException)
        {
            await DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw new TransientException($"{_spec.Host}:{_spec.Port}: {(e is OperationCanceledException ? $"no answer within {_spec.Timeout.TotalSeconds:0} s." : e.Message)}", inner: e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_open is { } open) await open.DisposeAsync().ConfigureAwait(false);
        _open = null;
    }
}
