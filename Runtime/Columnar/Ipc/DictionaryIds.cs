namespace FlowForge.Columnar.Ipc;

/// <summary>
/// Numbers of the dictionaries of a schema, by the path of child positions to the field that uses each. (The values of a
/// dictionary sit at the same path, their children below it, so that dictionaries inside dictionaries have paths of their own.)
/// </summary>
internal sealed class DictionaryIds
{
    private readonly Dictionary<string, long> _ids = [];

    /// <summary>The number for a path, given out at the first call.</summary>
    public long Of(ReadOnlySpan<int> path)
    {
        var key = Key(path);
        if (!_ids.TryGetValue(key, out var id)) _ids[key] = id = _ids.Count;
        return id;
    }

    public void Set(ReadOnlySpan<int> path, long id) => _ids[Key(path)] = id;

    private static string Key(ReadOnlySpan<int> path)
    {
        var text = new System.Text.StringBuilder();
        foreach (var step in path) text.Append(step).Append('/');
        return text.ToString();
    }
}
