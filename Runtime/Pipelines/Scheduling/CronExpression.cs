using System.Diagnostics.CodeAnalysis;

namespace FlowForge.Pipelines;

/// <summary>
/// A cron expression of five fields. Day of month and day of week: when both are restricted, either is enough (as cron does).
/// On the days when clocks change, a fixed time runs exactly once (a time that does not exist runs when the gap ends, a time that
/// comes twice runs the first time); an expression whose minute or hour is <c>*</c> or a step runs whenever the clock shows it.
/// Immutable.
/// </summary>
public sealed class CronExpression
{
    // 29 February can be eight years away (1896–1904, 2096–2104).
    private const int SearchDays = (8 * 366) + 1;

    private readonly CronField _minute, _hour, _day, _month, _weekday;

    private CronExpression(string text, CronField minute, CronField hour, CronField day, CronField month, CronField weekday)
    {
        (Text, _minute, _hour, _day, _month, _weekday) = (text, minute, hour, day, month, weekday);
        IsInterval = minute.IsInterval || hour.IsInterval;
    }

    /// <summary>As it was given.</summary>
    public string Text { get; }

    /// <summary>True when minute or hour is <c>*</c> or a step: the expression means "every", not "at".</summary>
    public bool IsInterval { get; }

    /// <summary>True when day of month and day of week are both restricted, so that either is enough.</summary>
    public bool IsEitherDay => !_day.IsAny && !_weekday.IsAny;

    /// <param name="problem">What is wrong, a sentence.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out CronExpression? expression, [NotNullWhen(false)] out string? problem)
    {
        expression = null;
        var fields = Alias(text.Trim()).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5)
        {
            problem = fields is ["" or ['@', ..], ..] ? "there is no such short name." : $"it has {fields.Length} fields.";
            return false;
        }
        if (CronField.TryParse(fields[0], CronField.Minutes, out var minute, out problem)
            && CronField.TryParse(fields[1], CronField.Hours, out var hour, out problem)
            && CronField.TryParse(fields[2], CronField.Days, out var day, out problem)
            && CronField.TryParse(fields[3], CronField.Months, out var month, out problem)
            && CronField.TryParse(fields[4], CronField.Weekdays, out var weekday, out problem))
        {
            expression = new CronExpression(text, minute, hour, day, month, weekday);
            return true;
        }
        return false;
    }

    /// <summary>The first moment after <paramref name="after"/> that fits, in UTC; null when there is none within eight years.</summary>
    public DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo zone)
    {
        // A day early: the instants of a local day may begin before the one that the offset at hand suggests.
        var first = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(after, zone).DateTime);
        for (var i = -1; i <= SearchDays; i++)
        {
            if ((i < 0 && first == DateOnly.MinValue) || first.DayNumber + i > DateOnly.MaxValue.DayNumber - 2)
            {
                continue;
            }
            var date = first.AddDays(i);
            if (FitsDay(date) && FirstOf(date, after, zone) is { } found)
            {
                return found;
            }
        }
        return null;
    }

    /// <summary>Whether a clock on the wall that shows <paramref name="local"/> shows a minute of this expression.</summary>
    public bool Shows(DateTime local) => _minute.Has(local.Minute) && _hour.Has(local.Hour) && FitsDay(DateOnly.FromDateTime(local));

    /// <summary>Whether <paramref name="moment"/> is the second coming of a fixed time on a day when clocks go back, on which the expression does not run.</summary>
    public bool IsRepetition(DateTimeOffset moment, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(moment, zone);
        return !IsInterval && zone.IsAmbiguousTime(local.DateTime) && Shows(local.DateTime) && local.Offset == zone.GetAmbiguousTimeOffsets(local.DateTime).Min();
    }

    private bool FitsDay(DateOnly date)
    {
        if (!_month.Has(date.Month))
        {
            return false;
        }
        var (day, weekday) = (_day.Has(date.Day), _weekday.Has((int)date.DayOfWeek));
        return _day.IsAny || _weekday.IsAny ? day && weekday : day || weekday;
    }

    private DateTimeOffset? FirstOf(DateOnly date, DateTimeOffset after, TimeZoneInfo zone)
    {
        DateTimeOffset? best = null;
        foreach (var hour in _hour.Values())
        {
            foreach (var minute in _minute.Values())
            {
                foreach (var moment in Moments(date.ToDateTime(new TimeOnly(hour, minute)), zone))
                {
                    if (moment > after && (best is null || moment < best))
                    {
                        best = moment;
                    }
                }
            }
        }
        return best;
    }

    private IEnumerable<DateTimeOffset> Moments(DateTime local, TimeZoneInfo zone)
    {
        if (zone.IsInvalidTime(local))
        {
            return IsInterval ? [] : [EndOfGap(local, zone)];
        }
        if (zone.IsAmbiguousTime(local))
        {
            // The larger offset is the earlier moment.
            var offsets = zone.GetAmbiguousTimeOffsets(local).OrderDescending().Select(o => new DateTimeOffset(local, o).ToUniversalTime());
            return IsInterval ? offsets : offsets.Take(1);
        }
        return [new DateTimeOffset(local, zone.GetUtcOffset(local)).ToUniversalTime()];
    }

    private static DateTimeOffset EndOfGap(DateTime local, TimeZoneInfo zone)
    {
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(1);
        }
        return new DateTimeOffset(local, zone.GetUtcOffset(local)).ToUniversalTime();
    }

    private static string Alias(string text) => text switch
    {
        "@yearly" or "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" or "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => text,
    };
}
