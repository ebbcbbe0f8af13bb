using System.Collections;

namespace FlowForge.Workbench.Tests.Fakes;

/// <summary>What the runtime was told, in order. Requests add to it at any moment, so whoever looks sees what there is then.</summary>
public sealed class Noted<T> : IReadOnlyList<T>
{
    private readonly List<T> _all = [];

    public int Count
    {
        get { lock (_all) return _all.Count; }
    }

    public T this[int index]
    {
        get { lock (_all) return _all[index]; }
    }

    public void Add(T one)
    {
        lock (_all) _all.Add(one);
    }

    public void Clear()
    {
        lock (_all) _all.Clear();
    }

    public IEnumerator<T> GetEnumerator()
    {
        lock (_all) return ((IEnumerable<T>)_all.ToArray()).GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
