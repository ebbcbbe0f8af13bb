using System.Diagnostics;
using System.Globalization;

namespace FlowForge.Benchmarks;

/// <summary>Measures one thing against a peer in the same run.</summary>
internal interface IBenchmark
{
    string Name { get; }
    string About { get; }

    /// <param name="isShort">Small sizes: a smoke test that takes a second or two.</param>
    IEnumerable<Ratio> Run(bool isShort);
}

/// <summary>One line of the table.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Ours">Our figure.</param>
/// <param name="Peer">The peer's figure in the same unit.</param>
/// <param name="Unit">Unit of both.</param>
/// <param name="Target">Least ratio (or most, when <paramref name="LessIsBetter"/>), null when it is only shown.</param>
/// <param name="LessIsBetter">For memory.</param>
internal sealed record Ratio(string What, double Ours, double Peer, string Unit, double? Target = null, bool LessIsBetter = false)
{
    public double Value => Peer == 0 ? 0 : Ours / Peer;
    public bool Missed => Target is { } t && (LessIsBetter ? Value > t : Value < t);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"  {What,-44} {Ours,10:N1} {Unit,-9} peer {Peer,10:N1}  ratio {Value,5:N2}{(Target is { } t ? $"  target {(LessIsBetter ? "≤" : "≥")} {t:N2} {(Missed ? "MISSED" : "ok")}" : "")}");
}

internal static class Stopclock
{
    /// <summary>Rows per second in millions: the best of several alternating runs of both, so that noise of the machine hits both alike. What clears up after ours is not counted.</summary>
    public static (double Ours, double Peer) Best(long rows, int rounds, Action ours, Action peer, Action? after = null)
    {
        // Until the hot loops are compiled for good, the figures would be those of the compiler.
        var warm = Stopwatch.StartNew();
        do
        {
            ours();
            after?.Invoke();
            peer();
        }
        while (rounds > 1 && warm.Elapsed.TotalSeconds < 1.5);
        var (best, bestPeer) = (double.MaxValue, double.MaxValue);
        for (var i = 0; i < rounds; i++)
        {
            best = Math.Min(best, Seconds(ours));
            after?.Invoke();
            bestPeer = Math.Min(bestPeer, Seconds(peer));
        }
        return (rows / best / 1e6, rows / bestPeer / 1e6);
    }

    /// <summary>Wall-clock seconds; with FLOWFORGE_CPU set the processor's seconds of this process, for machines that have more to do.</summary>
    public static double Seconds(Action action)
    {
        GC.Collect();
        var clock = Stopwatch.StartNew();
        var before = Environment.CpuUsage.TotalTime;
        action();
        return (CountsCpu ? Environment.CpuUsage.TotalTime - before : clock.Elapsed).TotalSeconds;
    }

    public static readonly bool CountsCpu = Environment.GetEnvironmentVariable("FLOWFORGE_CPU") is { Length: > 0 };
}
