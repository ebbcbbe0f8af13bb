using System.Globalization;

namespace FlowForge.Benchmarks;

/// <summary>The most memory that this process has held, as Linux counts it.</summary>
internal static class PeakMemory
{
    /// <summary>Sets the peak back to what is held now: what was made before must not count.</summary>
    /// <returns>False where that cannot be: some containers do not allow it.</returns>
    public static bool TryReset()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The peak in MiB.</summary>
    public static double Get() =>
        long.Parse(File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1].Trim(), CultureInfo.InvariantCulture) / 1024.0;
}
