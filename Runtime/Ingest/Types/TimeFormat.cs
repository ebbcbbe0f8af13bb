namespace FlowForge.Ingest.Types;

/// <summary>A strptime pattern, for dates that a schema declares: <c>%d.%m.%Y %H:%M</c>. English names.</summary>
internal sealed class TimeFormat
{
    private const string Known = "YymdeHIMSfpbBjzTFDaA%";
    private readonly string _pattern;

    private TimeFormat(string pattern) => _pattern = pattern;

    /// <exception cref="FormatException">A specifier is not known.</exception>
    public static TimeFormat Parse(string pattern)
    {
        var expanded = pattern.Replace("%F", "%Y-%m-%d", StringComparison.Ordinal).Replace("%T", "%H:%M:%S", StringComparison.Ordinal).Replace("%D", "%m/%d/%y", StringComparison.Ordinal).Replace("%-", "%", StringComparison.Ordinal);
        for (var i = expanded.IndexOf('%'); i >= 0; i = i + 2 < expanded.Length ? expanded.IndexOf('%', i + 2) : -1)
            if (i + 1 == expanded.Length || !Known.Contains(expanded[i + 1]))
                throw new FormatException($"'{pattern}' has an unknown part '{expanded[i..Math.Min(expanded.Length, i + 2)]}'. Known are %Y %y %m %d %e %H %I %M %S %f %p %b %B %j %z %a %A %T %F %D %%.");
        return new TimeFormat(expanded);
    }

    /// <summary>Microseconds since 1970; with <c>%z</c> those of the instant.</summary>
    public bool TryRead(ReadOnlySpan<byte> text, out long micros)
    {
        micros = 0;
        int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, offset = 0, dayOfYear = 0, i = 0;
        long fraction = 0;
        bool? afternoon = null;
        var twelveHours = false;
        for (var p = 0; p < _pattern.Length; p++)
        {
            var c = _pattern[p];
            if (c == ' ' && i < text.Length && text[i] == ' ')
            {
                while (i < text.Length && text[i] == ' ') i++;
                continue;
            }
            if (c != '%')
            {
                if (i >= text.Length || text[i++] != c) return false;
                continue;
            }
            var read = _pattern[++p] switch
            {
                'Y' => TemporalText.Digits(text, ref i, 4, out year) == 4,
                'y' => TemporalText.Digits(text, ref i, 2, out year) == 2 && (year += year < 69 ? 2000 : 1900) > 0,
                'm' => TemporalText.Digits(text, ref i, 2, out month) > 0,
                'd' or 'e' => Skip(text, ref i) && TemporalText.Digits(text, ref i, 2, out day) > 0,
                'j' => TemporalText.Digits(text, ref i, 3, out dayOfYear) > 0,
                'H' => TemporalText.Digits(text, ref i, 2, out hour) > 0,
                'I' => (twelveHours = true) && TemporalText.Digits(text, ref i, 2, out hour) > 0 && hour is >= 1 and <= 12,
                'M' => TemporalText.Digits(text, ref i, 2, out minute) > 0,
                'S' => TemporalText.Digits(text, ref i, 2, out second) > 0,
                'f' => i-- >= 0 && TemporalText.TryFraction(text, ref i, out fraction),
                'p' => TryHalf(text, ref i, out afternoon),
                'b' or 'B' => TemporalText.TryMonthName(text, ref i, out month),
                'a' or 'A' => TryLetters(text, ref i),
                'z' => TryOffset(text, ref i, out offset),
                _ => i < text.Length && text[i++] == '%',
            };
            if (!read) return false;
        }
        if (i != text.Length || hour > 23 || minute > 59 || second > 59) return false;
        if (twelveHours) hour = hour % 12 + (afternoon == true ? 12 : 0);
        if (dayOfYear > 0)
        {
            if (!TemporalText.IsDate(year, 1, 1) || dayOfYear > (DateTime.IsLeapYear(year) ? 366 : 365)) return false;
            var date = new DateOnly(year, 1, 1).AddDays(dayOfYear - 1);
            (month, day) = (date.Month, date.Day);
        }
        if (!TemporalText.IsDate(year, month, day)) return false;
        micros = TemporalText.DayNumber(year, month, day) * 86_400_000_000L + ((hour * 60 + minute - offset) * 60L + second) * 1_000_000 + fraction;
        return true;
    }

    private static bool Skip(ReadOnlySpan<byte> text, ref int i)
    {
        if (i < text.Length && text[i] == ' ') i++;
        return true;
    }

    private static bool TryHalf(ReadOnlySpan<byte> text, ref int i, out bool? afternoon)
    {
        afternoon = null;
        if (i + 2 > text.Length || (text[i + 1] | 0x20) != 'm' || (text[i] | 0x20) is not ('a' or 'p')) return false;
        afternoon = (text[i] | 0x20) == 'p';
        i += 2;
        return true;
    }

    private static bool TryLetters(ReadOnlySpan<byte> text, ref int i)
    {
        var start = i;
        while (i < text.Length && (uint)((text[i] | 0x20) - 'a') < 26) i++;
        return i - start >= 3;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, ref int i, out int minutes)
    {
        minutes = 0;
        if (i >= text.Length) return false;
        if (text[i] is (byte)'Z' or (byte)'z') { i++; return true; }
        var sign = text[i] == '-' ? -1 : text[i] == '+' ? 1 : 0;
        i++;
        if (sign == 0 || TemporalText.Digits(text, ref i, 2, out var hours) != 2) return false;
        if (i < text.Length && text[i] == ':') i++;
        var rest = 0;
        if (i < text.Length && TemporalText.Digits(text, ref i, 2, out rest) is not (0 or 2)) return false;
        minutes = sign * (hours * 60 + rest);
        return hours <= 18 && rest <= 59;
    }
}
