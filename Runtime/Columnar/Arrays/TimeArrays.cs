namespace FlowForge.Columnar;

/// <summary>Days since 1970-01-01.</summary>
public sealed class Date32Array(ArrayData data) : PrimitiveArray<int>(data)
{
    /// <summary>The date, or null; days outside years 1 to 9999 (also DuckDB's ±infinity) give DateOnly's end on that side.</summary>
    public DateOnly? GetDateOnly(int index) => IsNull(index) ? null : Clock.Date(Values[index]);
    protected override object? Box(int index) => Clock.Date(Values[index]);
    public sealed class Builder() : PrimitiveBuilder<int>(Date32Type.Default)
    {
        public void Append(DateOnly value) => Append(value.DayNumber - Clock.EpochDay);
    }
}

/// <summary>Dates in milliseconds since 1970-01-01.</summary>
public sealed class Date64Array(ArrayData data) : PrimitiveArray<long>(data)
{
    public DateOnly? GetDateOnly(int index) => IsNull(index) ? null : Clock.Date(Math.DivRem(Values[index], 86_400_000).Quotient);
    protected override object? Box(int index) => Clock.Date(Math.DivRem(Values[index], 86_400_000).Quotient);
    public sealed class Builder() : PrimitiveBuilder<long>(Date64Type.Default)
    {
        public void Append(DateOnly value) => Append((value.DayNumber - Clock.EpochDay) * 86_400_000L);
    }
}

/// <summary>Times of day in seconds or milliseconds.</summary>
public sealed class Time32Array(ArrayData data) : PrimitiveArray<int>(data)
{
    private readonly TimeUnit _unit = ((Time32Type)data.Type).Unit;
    public TimeOnly? GetTime(int index) => IsNull(index) ? null : Clock.Time(Values[index], _unit);
    protected override object? Box(int index) => Clock.Time(Values[index], _unit);
    public sealed class Builder(Time32Type type) : PrimitiveBuilder<int>(type);
}

/// <summary>Times of day in microseconds or nanoseconds.</summary>
public sealed class Time64Array(ArrayData data) : PrimitiveArray<long>(data)
{
    private readonly TimeUnit _unit = ((Time64Type)data.Type).Unit;
    public TimeOnly? GetTime(int index) => IsNull(index) ? null : Clock.Time(Values[index], _unit);
    protected override object? Box(int index) => Clock.Time(Values[index], _unit);
    public sealed class Builder(Time64Type type) : PrimitiveBuilder<long>(type)
    {
        public void Append(TimeOnly value) => Append(Clock.FromTicks(value.Ticks, ((Time64Type)Type).Unit));
    }
}

/// <summary>Instants or wall clock readings; the type tells which and the unit.</summary>
public sealed class TimestampArray(ArrayData data) : PrimitiveArray<long>(data)
{
    private readonly TimestampType _type = (TimestampType)data.Type;

    /// <summary>
    /// The value, or null, to 100 ns: UTC kind when the type has a zone, unspecified otherwise. Values beyond years 1 to 9999 give
    /// the end on that side.
    /// </summary>
    public DateTime? GetDateTime(int index) => IsNull(index) ? null : Convert(index);
    protected override object? Box(int index) => Convert(index);
    private DateTime Convert(int index) =>
        Clock.Stamp(Values[index], _type.Unit, _type.Timezone is null ? DateTimeKind.Unspecified : DateTimeKind.Utc);

    public sealed class Builder(TimestampType type) : PrimitiveBuilder<long>(type)
    {
        /// <summary>Takes a local time to UTC when the column is of instants.</summary>
        public void Append(DateTime value)
        {
            var t = (TimestampType)Type;
            if (t.Timezone is not null && value.Kind == DateTimeKind.Local) value = value.ToUniversalTime();
            Append(Clock.FromTicks(value.Ticks - DateTime.UnixEpoch.Ticks, t.Unit));
        }

        public void Append(DateTimeOffset value) => Append(value.UtcDateTime);
    }
}

/// <summary>Elapsed times.</summary>
public sealed class DurationArray(ArrayData data) : PrimitiveArray<long>(data)
{
    private readonly TimeUnit _unit = ((DurationType)data.Type).Unit;
    public TimeSpan? GetTimeSpan(int index) => IsNull(index) ? null : new TimeSpan(Clock.ToTicks(Values[index], _unit));
    protected override object? Box(int index) => new TimeSpan(Clock.ToTicks(Values[index], _unit));
    public sealed class Builder(DurationType type) : PrimitiveBuilder<long>(type)
    {
        public void Append(TimeSpan value) => Append(Clock.FromTicks(value.Ticks, ((DurationType)Type).Unit));
    }
}

/// <summary>Calendar intervals of months, days and nanoseconds.</summary>
public sealed class MonthDayNanosecondIntervalArray(ArrayData data) : PrimitiveArray<CalendarInterval>(data)
{
    public sealed class Builder() : PrimitiveBuilder<CalendarInterval>(new IntervalType(IntervalUnit.MonthDayNanosecond));
}

/// <summary>Calendar intervals of whole months.</summary>
public sealed class YearMonthIntervalArray(ArrayData data) : PrimitiveArray<int>(data)
{
    protected override object? Box(int index) => new CalendarInterval(Values[index], 0, 0);
}

/// <summary>Calendar intervals of days (low 4 bytes) and milliseconds (high 4 bytes).</summary>
public sealed class DayTimeIntervalArray(ArrayData data) : PrimitiveArray<long>(data)
{
    protected override object? Box(int index) => new CalendarInterval(0, (int)Values[index], (Values[index] >> 32) * 1_000_000);
}
