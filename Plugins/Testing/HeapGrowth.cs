namespace FlowForge.Plugins.Testing;

/// <summary>How far the managed heap grows while something large is read: what lives after a collection, looked at ten times on the way.</summary>
internal sealed class HeapGrowth(long mostBytes)
{
    private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);
    private long _highest;
    private int _looks;

    /// <param name="at">How much has been read.</param>
    /// <param name="of">Of how much.</param>
    public void Look(long at, long of)
    {
        if (at * 10 / Math.Max(1, of) <= _looks) return;
        _looks++;
        GC.Collect();
        _highest = Math.Max(_highest, GC.GetTotalMemory(forceFullCollection: false) - _before);
    }

    /// <exception cref="AcceptanceException">It grew too far.</exception>
    public void Check(string what)
    {
        if (_highest > mostBytes) throw new AcceptanceException($"While {what} are read, the heap grows by {_highest >> 20} MB; {mostBytes >> 20} MB are allowed.");
    }
}
