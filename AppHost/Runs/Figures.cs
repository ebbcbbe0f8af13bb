using System.Globalization;

namespace FlowForge.AppHost.Runs;

/// <summary>Numbers as people read them; the same in every culture.</summary>
internal static class Figures
{
    public static string Rows(long rows) => rows.ToString("N0", CultureInfo.InvariantCulture);

    public static string Rate(double? rowsPerSecond) => rowsPerSecond is { } r and > 0 ? $"{Short(r).TrimEnd()} rows/s" : "";

    public static string Bytes(long bytes) => bytes <= 0 ? "" : $"{Short(bytes)}B";

    public static string Seconds(double? seconds) => seconds is not { } s ? ""
        : s < 60 ? s.ToString("0.0 's'", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{(long)s / 60}m {(long)s % 60:00}s");

    private static string Short(double value)
    {
        string[] units = ["", "k", "M", "G", "T"];
        var unit = 0;
        while (value >= 1000 && unit < units.Length - 1)
        {
            value /= 1000;
            unit++;
        }
        return value.ToString(unit == 0 || value >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + units[unit];
    }
}
