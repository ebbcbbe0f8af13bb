using System.Globalization;

namespace FlowForge.Temporal.Protocol;

/// <summary>The <c>grpc-timeout</c> header: at most eight digits and a unit.</summary>
public static class GrpcTimeout
{
    public const string Header = "grpc-timeout";

    /// <summary>The shortest exact form that fits into eight digits (milliseconds, then seconds).</summary>
    public static string Format(TimeSpan timeout)
    {
        var ms = Math.Max(1, (long)Math.Ceiling(timeout.TotalMilliseconds));
        return ms <= 99_999_999
            ? string.Create(CultureInfo.InvariantCulture, $"{ms}m")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(99_999_999, ms / 1000)}S");
    }

    /// <summary>Null when the header is absent or malformed.</summary>
    public static TimeSpan? Parse(string? value)
    {
        if (value is not { Length: >= 2 and <= 9 }
            || !long.TryParse(value.AsSpan(0, value.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var n))
        {
            return null;
        }
        return value[^1] switch
        {
            'H' => TimeSpan.FromHours(n),
            'M' => TimeSpan.FromMinutes(n),
            'S' => TimeSpan.FromSeconds(n),
            'm' => TimeSpan.FromMilliseconds(n),
            'u' => TimeSpan.FromMicroseconds(n),
            'n' => TimeSpan.FromTicks(n / 100),
            _ => null,
        };
    }
}
