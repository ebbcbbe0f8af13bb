namespace FlowForge.Pipelines;

/// <summary>Where a measured value is expected to lie, from the values of earlier runs.</summary>
/// <param name="Median">Of the earlier values.</param>
/// <param name="Low">Lowest value that is still normal.</param>
/// <param name="High">Highest one.</param>
public readonly record struct UsualRange(double Median, double Low, double High)
{
    // Values that hardly differ from each other would make every change an anomaly.
    private const double SmallestShare = 0.01;

    /// <summary>
    /// Median ± sensitivity × deviation. The deviation is the median distance from the median, scaled to a standard deviation (so that a single odd run does not
    /// widen the range), and at least one percent of the median.
    /// </summary>
    public static UsualRange Of(IReadOnlyCollection<double> earlier, double sensitivity)
    {
        var median = MedianOf(earlier);
        var deviation = Math.Max(1.4826 * MedianOf([.. earlier.Select(v => Math.Abs(v - median))]), Math.Abs(median) * SmallestShare);
        return new UsualRange(median, median - (sensitivity * deviation), median + (sensitivity * deviation));
    }

    public bool Holds(double value) => value >= Low && value <= High;

    private static double MedianOf(IReadOnlyCollection<double> values)
    {
        var sorted = values.Order().ToList();
        var half = sorted.Count / 2;
        return sorted.Count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
