using System.Globalization;
using System.Text;

namespace FlowForge.Plugins.Redis;

/// <summary>The id of an entry: milliseconds, and a number within them.</summary>
internal readonly record struct EntryId(ulong Time, ulong Number) : IComparable<EntryId>
{
    public int CompareTo(EntryId other) => Time != other.Time ? Time.CompareTo(other.Time) : Number.CompareTo(other.Number);
    public EntryId Next => Number == ulong.MaxValue ? new EntryId(Time + 1, 0) : this with { Number = Number + 1 };
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Time}-{Number}");

    public static EntryId Parse(string text) => text.Split('-') is [var time, var number] && ulong.TryParse(time, CultureInfo.InvariantCulture, out var t) && ulong.TryParse(number, CultureInfo.InvariantCulture, out var n)
        ? new EntryId(t, n) : throw new TerminalException($"\"{text}\" is no id of a stream's entry.", "Reset the job's watermark: the next run reads the stream from its start.");
}

/// <summary>How far a stream has been read.</summary>
/// <param name="Added">How many entries had ever been added up to there; -1 when the server is older than 7 and does not say.</param>
internal sealed record StreamCursor(EntryId Last, long Added)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Last} {Added}");

    public static StreamCursor Parse(string text) => text.Split(' ') is [var id, var added] && long.TryParse(added, CultureInfo.InvariantCulture, out var count)
        ? new StreamCursor(EntryId.Parse(id), count) : throw new TerminalException($"\"{text}\" says no place in a stream.", "Reset the job's watermark: the next run reads the stream from its start.");
}

/// <summary>What the server says of a stream at one moment.</summary>
/// <param name="Last">The highest id that was ever given away.</param>
/// <param name="Length">Entries in it.</param>
/// <param name="Added">Entries that were ever added; -1 before version 7.</param>
/// <param name="Deleted">The highest id that was deleted one by one; trimming does not count.</param>
internal sealed record StreamState(EntryId Last, long Length, long Added, EntryId Deleted)
{
    /// <summary>Null when there is no such key.</summary>
    public static async Task<StreamState?> AskAsync(RedisConnection connection, string stream, CancellationToken cancellationToken)
    {
        object?[] answer;
        try { answer = (object?[])(await connection.CallAsync(cancellationToken, "XINFO", "STREAM", stream).ConfigureAwait(false))!; }
        catch (RedisErrorException e) when (e.Message.Contains("no such key", StringComparison.OrdinalIgnoreCase)) { return null; }
        catch (RedisErrorException e) when (e.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal)) { throw new TerminalException($"{stream} is no stream.", "Name the key of a stream.", e); }
        var facts = new Dictionary<string, object?>();
        for (var i = 0; i + 1 < answer.Length; i += 2) facts[Text(answer[i])] = answer[i + 1];
        return new StreamState(EntryId.Parse(Text(facts["last-generated-id"])), (long)facts["length"]!, facts.GetValueOrDefault("entries-added") as long? ?? -1,
            facts.GetValueOrDefault("max-deleted-entry-id") is byte[] deleted ? EntryId.Parse(Text(deleted)) : default);
    }

    public static string Text(object? answer) => answer is byte[] bytes ? Encoding.UTF8.GetString(bytes) : "";
}
