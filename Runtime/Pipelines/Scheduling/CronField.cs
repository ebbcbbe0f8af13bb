using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;

namespace FlowForge.Pipelines;

/// <summary>The allowed values of one field of a cron expression, as bits.</summary>
internal readonly struct CronField
{
    public static readonly Limits Minutes = new("minute", 0, 59, []);
    public static readonly Limits Hours = new("hour", 0, 23, []);
    public static readonly Limits Days = new("day of month", 1, 31, []);
    public static readonly Limits Months = new("month", 1, 12, ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]);
    public static readonly Limits Weekdays = new("day of week", 0, 7, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]);

    private readonly ulong _bits;

    private CronField(ulong bits, bool isAny, bool isInterval) => (_bits, IsAny, IsInterval) = (bits, isAny, isInterval);

    /// <summary>The field is <c>*</c>.</summary>
    public bool IsAny { get; }

    /// <summary>The field is <c>*</c> or has a step.</summary>
    public bool IsInterval { get; }

    public bool Has(int value) => (_bits >> value & 1) == 1;

    public IEnumerable<int> Values()
    {
        for (var rest = _bits; rest != 0; rest &= rest - 1)
        {
            yield return BitOperations.TrailingZeroCount(rest);
        }
    }

    public static bool TryParse(string text, Limits limits, out CronField field, [NotNullWhen(false)] out string? problem)
    {
        field = default;
        ulong bits = 0;
        foreach (var part in text.Split(','))
        {
            if (!TryPart(part, limits, ref bits, out problem))
            {
                return false;
            }
        }
        if (limits.Max == 7 && (bits & 1 << 7) != 0)
        {
            bits = (bits | 1) & ~(1UL << 7); // 7 is Sunday too
        }
        var isAny = text is "*" or "?";
        field = new CronField(bits, isAny, isAny || text.Contains('/', StringComparison.Ordinal));
        problem = null;
        return true;
    }

    private static bool TryPart(string part, Limits limits, ref ulong bits, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        var slash = part.Split('/');
        var step = 1;
        if (slash.Length > 2 || (slash.Length == 2 && (!int.TryParse(slash[1], NumberStyles.None, CultureInfo.InvariantCulture, out step) || step < 1 || step > limits.Max)))
        {
            problem = $"'{part}' has no step of 1 to {limits.Max} after the slash ({limits.Name}).";
            return false;
        }
        int from, to;
        if (slash[0] is "*" or "?")
        {
            (from, to) = (limits.Min, limits.Max == 7 ? 6 : limits.Max);
        }
        else
        {
            var range = slash[0].Split('-');
            if (range.Length > 2 || !TryValue(range[0], limits, out from) || !TryValue(range[^1], limits, out to))
            {
                problem = $"'{part}' is no {limits.Name}; it goes from {limits.Min} to {limits.Max}.";
                return false;
            }
            if (range.Length == 1 && slash.Length == 2)
            {
                to = limits.Max == 7 ? 6 : limits.Max; // 5/15 means from 5 on
            }
            if (from > to)
            {
                problem = $"'{part}' runs backwards ({limits.Name}); write it as two parts.";
                return false;
            }
        }
        for (var value = from; value <= to; value += step)
        {
            bits |= 1UL << value;
        }
        return true;
    }

    private static bool TryValue(string text, Limits limits, out int value)
    {
        var name = Array.IndexOf(limits.Names, text.ToUpperInvariant());
        if (name >= 0)
        {
            value = name + limits.Min;
            return true;
        }
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= limits.Min && value <= limits.Max;
    }

    /// <summary>What a field may hold.</summary>
    internal sealed record Limits(string Name, int Min, int Max, string[] Names);
}
