using FlowForge.Workbench.Parts;

namespace FlowForge.Workbench.Overview;

/// <summary>How a figure moved against the window before.</summary>
/// <param name="Good">Null when it is neither.</param>
public sealed record Change(string Text, bool? Good)
{
    /// <summary>Null when there is nothing to compare with.</summary>
    public static Change? Relative(double now, double before)
    {
        if (before == 0)
            return null;
        var share = (now - before) / before * 100;
        return Math.Abs(share) < 0.05 ? new Change("±0 %", null)
            : new Change($"{Sign(share)}{(Math.Abs(share) < 10 ? $"{Math.Abs(share):0.0}" : Figures.Short(Math.Round(Math.Abs(share))))} %", share > 0);
    }

    /// <summary>Two shares, in percentage points.</summary>
    public static Change? Points(double? now, double? before)
    {
        if (now is null || before is null)
            return null;
        var points = (now.Value - before.Value) * 100;
        return Math.Abs(points) < 0.05 ? new Change("±0 %", null) : new Change($"{Sign(points)}{Math.Abs(points):0.0} %", points > 0);
    }

    /// <summary>Two durations: longer is worse.</summary>
    public static Change? Seconds(double? now, double? before)
    {
        if (now is null || before is null)
            return null;
        var seconds = now.Value - before.Value;
        return Math.Abs(seconds) < 0.01 ? new Change("±0 s", null) : new Change(Sign(seconds) + Figures.Duration(Math.Abs(seconds)), seconds < 0);
    }

    private static string Sign(double value) => value < 0 ? "−" : "+";
}
