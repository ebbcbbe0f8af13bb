using System.Globalization;

namespace FlowForge.Lake.Log;

/// <summary>Table properties of Delta that matter here, with their defaults.</summary>
internal static class TableSettings
{
    public const string DeletedFileRetentionKey = "delta.deletedFileRetentionDuration";
    public const string LogRetentionKey = "delta.logRetentionDuration";

    /// <summary>How long a removed file stays on disk for readers of older versions: a week unless the table says otherwise.</summary>
    public static TimeSpan DeletedFileRetention(MetadataAction? metadata) => Interval(metadata, DeletedFileRetentionKey) ?? TimeSpan.FromDays(7);

    /// <summary>How long log entries are kept: 30 days unless the table says otherwise.</summary>
    public static TimeSpan LogRetention(MetadataAction? metadata) => Interval(metadata, LogRetentionKey) ?? TimeSpan.FromDays(30);

    /// <summary>True unless the table forbids that old log entries are cleaned away.</summary>
    public static bool CleansLog(MetadataAction? metadata) =>
        !string.Equals(metadata?.Configuration.GetValueOrDefault("delta.enableExpiredLogCleanup"), "false", StringComparison.OrdinalIgnoreCase);

    // As Spark writes it: "interval 7 days", "interval 1 week 2 hours".
    private static TimeSpan? Interval(MetadataAction? metadata, string key)
    {
        if (metadata?.Configuration.GetValueOrDefault(key) is not { } text) return null;
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).SkipWhile(w => w.Equals("interval", StringComparison.OrdinalIgnoreCase)).ToArray();
        var total = TimeSpan.Zero;
        for (var i = 0; i + 1 < words.Length; i += 2)
        {
            if (!double.TryParse(words[i], NumberStyles.Float, CultureInfo.InvariantCulture, out var count)) return null;
            TimeSpan? unit = words[i + 1].TrimEnd('s').ToLowerInvariant() switch
            {
                "week" => TimeSpan.FromDays(7),
                "day" => TimeSpan.FromDays(1),
                "hour" => TimeSpan.FromHours(1),
                "minute" => TimeSpan.FromMinutes(1),
                "second" => TimeSpan.FromSeconds(1),
                "millisecond" => TimeSpan.FromMilliseconds(1),
                _ => null,
            };
            if (unit is null) return null;
            total += unit.Value * count;
        }
        return words.Length >= 2 ? total : null;
    }
}
