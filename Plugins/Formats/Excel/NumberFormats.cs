using System.Globalization;

namespace FlowForge.Plugins.Formats.Excel;

/// <summary>What a number format shows.</summary>
internal enum NumberKind { Number, Date, DateTime, Time, Elapsed }

/// <summary>Tells dates from numbers: Excel keeps both as numbers, and only the format of the cell says which.</summary>
internal static class NumberFormats
{
    /// <summary>The formats that every workbook has without listing them.</summary>
    public static NumberKind BuiltIn(int id) => id switch
    {
        14 or 15 or 16 or 17 or (>= 27 and <= 31) or 36 or (>= 50 and <= 54) or 57 or 58 => NumberKind.Date,
        22 => NumberKind.DateTime,
        (>= 18 and <= 21) or (>= 32 and <= 35) or 45 or 47 or 55 or 56 => NumberKind.Time,
        46 => NumberKind.Elapsed,
        _ => NumberKind.Number,
    };

    /// <summary>What a format code shows, by its first section.</summary>
    public static NumberKind Of(string code)
    {
        var (hasDate, hasTime, hasMonth, hasDigits) = (false, false, false, false);
        for (var i = 0; i < code.Length && code[i] != ';'; i++)
        {
            switch (char.ToLowerInvariant(code[i]))
            {
                case '"':
                    var quote = code.IndexOf('"', i + 1);
                    i = quote < 0 ? code.Length : quote;
                    break;
                case '\\' or '_' or '*':
                    i++;
                    break;
                case '[':
                    var end = code.IndexOf(']', i);
                    if (end < 0) return NumberKind.Number;
                    if (code[(i + 1)..end].ToLowerInvariant() is "h" or "hh" or "m" or "mm" or "s" or "ss") return NumberKind.Elapsed;
                    i = end;
                    break;
                case 'g' when code.AsSpan(i).StartsWith("general", StringComparison.OrdinalIgnoreCase):
                    return NumberKind.Number;
                case 'a' when code.AsSpan(i).StartsWith("am/pm", StringComparison.OrdinalIgnoreCase):
                    i += 4;
                    break;
                case 'y' or 'd': hasDate = true; break;
                case 'h' or 's': hasTime = true; break;
                case 'm': hasMonth = true; break;
                case '0' or '#' or '?': hasDigits = true; break;
            }
        }
        // m is the month unless there is a clock around it.
        hasDate |= hasMonth && !hasTime;
        if (hasDigits && !hasDate && !hasTime) return NumberKind.Number;
        return (hasDate, hasTime) switch { (true, true) => NumberKind.DateTime, (true, false) => NumberKind.Date, (false, true) => NumberKind.Time, _ => NumberKind.Number };
    }

    /// <summary>A number of days as text; null when no calendar has it.</summary>
    /// <param name="since1904">Whether the workbook counts from 1904.</param>
    public static string? Text(double days, NumberKind kind, bool since1904)
    {
        if (kind == NumberKind.Elapsed)
        {
            if (Math.Abs(days) > 3_000_000) return null;
            var span = TimeSpan.FromMilliseconds(Math.Round(days * 86_400_000));
            return string.Create(CultureInfo.InvariantCulture, $"{(span < TimeSpan.Zero ? "-" : "")}{(long)Math.Abs(span.TotalHours):D2}:{Math.Abs(span.Minutes):D2}:{Math.Abs(span.Seconds):D2}") + Fraction(span);
        }
        // Excel's calendar has a 29 February 1900, which never was.
        if (days < 0 || days >= 2_958_466 || (!since1904 && days is >= 60 and < 61)) return null;
        var time = TimeSpan.FromMilliseconds(Math.Round(days * 86_400_000));
        if (time.Days > (since1904 ? 2_957_003 : 2_958_465)) return null;
        if (kind == NumberKind.Time && days < 1) return new TimeOnly(Math.Min(time.Ticks, TimeSpan.TicksPerDay - 1)).ToString("HH:mm:ss.FFF", CultureInfo.InvariantCulture);
        var day = (since1904 ? new DateTime(1904, 1, 1) : days < 60 ? new DateTime(1899, 12, 31) : new DateTime(1899, 12, 30)) + time;
        return kind == NumberKind.Date && day.TimeOfDay == TimeSpan.Zero ? day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : day.ToString("yyyy-MM-ddTHH:mm:ss.FFF", CultureInfo.InvariantCulture);
    }

    private static string Fraction(TimeSpan span) => span.Milliseconds == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $".{Math.Abs(span.Milliseconds):D3}");
}
