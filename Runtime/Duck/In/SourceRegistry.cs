using System.Collections.Concurrent;
using System.Globalization;

namespace FlowForge.Duck.In;

/// <summary>The managed sources and functions of one instance, and the exceptions they threw. Thread-safe.</summary>
internal sealed class SourceRegistry
{
    private const string Mark = " [ff-fault ";
    private static long _lastId;
    private readonly ConcurrentDictionary<long, ManagedSource> _sources = new();
    private readonly ConcurrentDictionary<long, (string Message, Exception Inner)> _faults = new();

    public static long NextId() => Interlocked.Increment(ref _lastId);

    public void Add(ManagedSource source) => _sources[source.Id] = source;
    public void Remove(long id) => _sources.TryRemove(id, out _);
    public ManagedSource? Find(long id) => _sources.GetValueOrDefault(id);

    public ManagedSource? Find(DuckSession session, string name) =>
        _sources.Values.FirstOrDefault(s => ReferenceEquals(s.Session, session) && string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Keeps an exception while its message travels through DuckDB; the text carries the number to find it again.</summary>
    public string Keep(string what, Exception e)
    {
        // A fault whose message DuckDB drops (another error won) stays behind: no more than a few are kept.
        if (_faults.Count > 256) _faults.Clear();
        var id = NextId();
        var message = $"{what}: {e.Message.Replace('\0', ' ')}";
        _faults[id] = (message, e);
        return string.Create(CultureInfo.InvariantCulture, $"{message}{Mark}{id}]");
    }

    /// <summary>The message without the number, and the exception it stood for.</summary>
    public (string? Message, Exception? Inner) TakeFault(string? message)
    {
        if (message is null) return (null, null);
        var at = message.LastIndexOf(Mark, StringComparison.Ordinal);
        if (at < 0) return (message, null);
        var end = message.IndexOf(']', at);
        if (end < 0 || !long.TryParse(message.AsSpan(at + Mark.Length, end - at - Mark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            || !_faults.TryRemove(id, out var fault)) return (message, null);
        return (fault.Message, fault.Inner);
    }
}
