using System.Globalization;
using System.Text;

namespace FlowForge.Workbench.Parts;

/// <summary>A smooth path through values in time; it never swings beyond the values it joins.</summary>
internal static class SparkPath
{
    /// <summary>Null when nothing is known; a dot when one value is.</summary>
    public static string? Draw(IReadOnlyList<double?> values, double width, double top, double bottom)
    {
        var known = values.Select((v, i) => (Value: v, Index: i)).Where(p => p.Value is not null).ToArray();
        if (known.Length == 0)
            return null;
        var (low, high) = (known.Min(p => p.Value!.Value), known.Max(p => p.Value!.Value));
        var step = width / Math.Max(1, values.Count - 1);
        var points = known.Select(p => (X: p.Index * step, Y: high - low < 1e-9 ? high == 0 ? bottom : (top + bottom) / 2 : bottom - (p.Value!.Value - low) / (high - low) * (bottom - top))).ToArray();

        if (points.Length == 1)
            return $"M{Figures.Css(Math.Clamp(points[0].X, 3, width - 3))} {Figures.Css(points[0].Y)}h0";
        var path = new StringBuilder($"M{Figures.Css(points[0].X)} {Figures.Css(points[0].Y)}");
        for (var i = 1; i < points.Length; i++)
        {
            // Horizontal tangents: monotone between any two points, so a quiet hour never looks negative.
            var middle = Figures.Css((points[i - 1].X + points[i].X) / 2);
            path.Append(CultureInfo.InvariantCulture, $"C{middle} {Figures.Css(points[i - 1].Y)} {middle} {Figures.Css(points[i].Y)} {Figures.Css(points[i].X)} {Figures.Css(points[i].Y)}");
        }
        return path.ToString();
    }
}
