using System.Globalization;
using Google.Protobuf.Collections;
using Temporalio.Api.Schedule.V1;
using CalendarRange = Temporalio.Api.Schedule.V1.Range;

namespace FlowForge.Temporal.DevServer.Schedules;

/// <summary>Reads calendars and cron strings into their structured form.</summary>
internal static class CalendarText
{
    private static readonly string[] Months = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
    private static readonly string[] Days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

    /// <exception cref="FormatException">A field cannot be read; the message names it.</exception>
    public static StructuredCalendarSpec Structure(CalendarSpec spec)
    {
        var structured = new StructuredCalendarSpec { Comment = spec.Comment };
        Field(structured.Second, "second", spec.Second, "0", 0, 59, []);
        Field(structured.Minute, "minute", spec.Minute, "0", 0, 59, []);
        Field(structured.Hour, "hour", spec.Hour, "0", 0, 23, []);
        Field(structured.DayOfMonth, "day_of_month", spec.DayOfMonth, "*", 1, 31, []);
        Field(structured.Month, "month", spec.Month, "*", 1, 12, Months);
        Field(structured.Year, "year", spec.Year, "*", 2000, 2100, []);
        Field(structured.DayOfWeek, "day_of_week", spec.DayOfWeek, "*", 0, 7, Days);
        if (spec.Year is "" or "*")
        {
            structured.Year.Clear();
        }
        return structured;
    }

    /// <summary>Reads a cron string: a calendar or an interval, and the time zone it names.</summary>
    /// <exception cref="FormatException">The string cannot be read.</exception>
    public static (StructuredCalendarSpec? Calendar, IntervalSpec? Interval, string Zone) Cron(string text)
    {
        var rest = text.Trim();
        var comment = "";
        if (rest.IndexOf('#', StringComparison.Ordinal) is var hash and >= 0)
        {
            comment = rest[(hash + 1)..].Trim();
            rest = rest[..hash].Trim();
        }
        var zone = "";
        if (rest.StartsWith("CRON_TZ=", StringComparison.Ordinal) || rest.StartsWith("TZ=", StringComparison.Ordinal))
        {
            var space = rest.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0)
            {
                throw new FormatException($"cron string \"{text}\" has a time zone and nothing else");
            }
            zone = rest[(rest.IndexOf('=', StringComparison.Ordinal) + 1)..space];
            rest = rest[space..].Trim();
        }
        if (rest.StartsWith("@every", StringComparison.Ordinal))
        {
            return (null, Every(rest[6..].Trim(), text), zone);
        }
        rest = rest switch
        {
            "@yearly" or "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" or "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => rest,
        };
        var f = rest.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        var calendar = f.Length switch
        {
            5 => new CalendarSpec { Second = "0", Minute = f[0], Hour = f[1], DayOfMonth = f[2], Month = f[3], DayOfWeek = f[4] },
            6 => new CalendarSpec { Second = "0", Minute = f[0], Hour = f[1], DayOfMonth = f[2], Month = f[3], DayOfWeek = f[4], Year = f[5] },
            7 => new CalendarSpec { Second = f[0], Minute = f[1], Hour = f[2], DayOfMonth = f[3], Month = f[4], DayOfWeek = f[5], Year = f[6] },
            _ => throw new FormatException($"cron string \"{text}\" does not have 5-7 fields"),
        };
        calendar.Comment = comment;
        return (Structure(calendar), null, zone);
    }

    private static IntervalSpec Every(string text, string whole)
    {
        var parts = text.Split('/', 2);
        return new IntervalSpec
        {
            Interval = Duration.FromTimeSpan(Span(parts[0], whole)),
            Phase = parts.Length > 1 ? Duration.FromTimeSpan(Span(parts[1], whole)) : null,
        };
    }

    private static TimeSpan Span(string text, string whole)
    {
        // As Go writes durations: 90s, 1h30m, and days besides.
        var total = TimeSpan.Zero;
        var number = "";
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c) || c == '.')
            {
                number += c;
                continue;
            }
            if (!double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var n))
            {
                throw new FormatException($"cron string \"{whole}\": \"{text}\" is not a duration");
            }
            total += c switch
            {
                's' => TimeSpan.FromSeconds(n),
                'm' => TimeSpan.FromMinutes(n),
                'h' => TimeSpan.FromHours(n),
                'd' => TimeSpan.FromDays(n),
                _ => throw new FormatException($"cron string \"{whole}\": \"{text}\" is not a duration"),
            };
            number = "";
        }
        return total >= TimeSpan.FromSeconds(1) && number.Length == 0
            ? total
            : throw new FormatException($"cron string \"{whole}\": \"{text}\" is not a duration of a second or more");
    }

    private static void Field(RepeatedField<CalendarRange> target, string name, string text, string absent, int min, int max, string[] names)
    {
        foreach (var part in (text.Length == 0 ? absent : text).Split(','))
        {
            var step = 1;
            var range = part;
            var hasStep = false;
            if (part.IndexOf('/', StringComparison.Ordinal) is var slash and >= 0)
            {
                range = part[..slash];
                hasStep = true;
                if (!int.TryParse(part.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out step) || step < 1)
                {
                    throw new FormatException($"{name} is not in range [{min}-{max}]: step of \"{part}\" is not a positive number");
                }
            }
            int start, end;
            if (range is "*" or "?")
            {
                (start, end) = (min, name == "day_of_week" ? 6 : max);
            }
            else if (range.IndexOf('-', StringComparison.Ordinal) is var dash and > 0)
            {
                (start, end) = (Value(range[..dash]), Value(range[(dash + 1)..]));
                if (end < start)
                {
                    throw new FormatException($"{name} range \"{range}\" ends before it starts");
                }
            }
            else
            {
                start = Value(range);
                end = hasStep ? max : start;
            }
            Add(start, end, step);
        }

        int Value(string v)
        {
            var index = v.Length >= 3 ? Array.FindIndex(names, n => n.StartsWith(v, StringComparison.OrdinalIgnoreCase)) : -1;
            if (index >= 0)
            {
                return index + (names == Months ? 1 : 0);
            }
            return int.TryParse(v, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n >= min && n <= max
                ? n
                : throw new FormatException($"{name} is not in range [{min}-{max}]: \"{v}\"");
        }

        void Add(int start, int end, int step)
        {
            if (name != "day_of_week" || end < 7)
            {
                target.Add(new CalendarRange { Start = start, End = end, Step = step });
                return;
            }
            // 7 is Sunday too.
            for (var v = start; v <= end; v += step)
            {
                target.Add(new CalendarRange { Start = v % 7, End = v % 7, Step = 1 });
            }
        }
    }
}
