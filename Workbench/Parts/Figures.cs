using System.Globalization;

namespace FlowForge.Workbench.Parts;

/// <summary>How figures are written, everywhere the same.</summary>
internal static class Figures
{
    private static readonly CultureInfo Plain = CultureInfo.InvariantCulture;

    /// <summary><c>18,230,114</c>.</summary>
    public static string Whole(long value) => value.ToString("N0", Plain);

    /// <summary><c>412.8 M</c>; whole below ten thousand.</summary>
    public static string Short(double value) => Math.Abs(value) switch
    {
        < 10_000 => value.ToString("N0", Plain),
        < 999_950 => (value / 1e3).ToString("0.# K", Plain),
        < 999_950_000 => (value / 1e6).ToString("0.# M", Plain),
        _ => (value / 1e9).ToString("N1", Plain) + " B",
    };

    /// <summary><c>1.4 GB</c>, decimal units.</summary>
    public static string Bytes(long bytes) => Math.Abs((double)bytes) switch
    {
        < 1000 => $"{bytes} B",
        < 999_950 => (bytes / 1e3).ToString("0.# ", Plain) + "kB",
        < 999_950_000 => (bytes / 1e6).ToString("0.# ", Plain) + "MB",
        _ => (bytes / 1e9).ToString("0.## ", Plain) + "GB",
    };

    /// <summary><c>3m 41s</c>, the same as the browser's clock counts it; a dash for none.</summary>
    public static string Duration(double? seconds) => seconds switch
    {
        null => "–",
        < 0.9995 => $"{seconds.Value * 1000:0} ms",
        < 9.95 => seconds.Value.ToString("0.0 s", Plain),
        < 60 => string.Create(Plain, $"{Math.Floor(seconds.Value)} s"),
        < 3600 => string.Create(Plain, $"{Math.Floor(seconds.Value / 60)}m {Math.Floor(seconds.Value % 60):00}s"),
        _ => string.Create(Plain, $"{Math.Floor(seconds.Value / 3600)}h {Math.Floor(seconds.Value % 3600 / 60):00}m"),
    };

    /// <summary><c>99.2 %</c>; never rounded up to a hundred.</summary>
    public static string Percent(double? share) => share switch
    {
        null => "–",
        1 => "100 %",
        > 0 and <= 0.0005 => "< 0.1 %",
        _ => Math.Min(99.9, Math.Round(share.Value * 100, 1)).ToString("0.0 ", Plain) + "%",
    };

    /// <summary><c>1.2 M rows/s</c>.</summary>
    public static string Rate(double? rowsPerSecond) => rowsPerSecond is null ? "–" : $"{Short(rowsPerSecond.Value)} rows/s";

    /// <summary><c>2026-05-01 → 2026-05-02</c>, with the time of day where one is; UTC.</summary>
    public static string Interval(FlowForge.Contracts.DataInterval interval)
    {
        var whole = interval.Start.UtcDateTime.TimeOfDay == TimeSpan.Zero && interval.End.UtcDateTime.TimeOfDay == TimeSpan.Zero;
        var format = whole ? "yyyy-MM-dd" : "yyyy-MM-dd HH:mm";
        return $"{interval.Start.UtcDateTime.ToString(format, Plain)} → {interval.End.UtcDateTime.ToString(format, Plain)}";
    }

    /// <summary><c>1 job</c>, <c>3 jobs</c>.</summary>
    public static string Count(long number, string one, string? many = null) => $"{Whole(number)} {(number == 1 ? one : many ?? one + "s")}";

    /// <summary>For CSS and SVG: a dot as the decimal mark, whatever the host's language.</summary>
    public static string Css(double value) => value.ToString("0.###", Plain);
}
