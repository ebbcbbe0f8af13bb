namespace FlowForge.Columnar;

/// <summary>Days since 1970-01-01.</summary>
public sealed record Date32Type : FixedWidthType
{
    public static readonly Date32Type Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.Date32;
    public override string Name => "date32";
    public override int BitWidth => 32;
}

/// <summary>Milliseconds since 1970-01-01, a whole number of days.</summary>
public sealed record Date64Type : FixedWidthType
{
    public static readonly Date64Type Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.Date64;
    public override string Name => "date64";
    public override int BitWidth => 64;
}

/// <summary>Time of day in seconds or milliseconds.</summary>
public sealed record Time32Type(TimeUnit Unit) : FixedWidthType
{
    public override ArrowTypeId TypeId => ArrowTypeId.Time32;
    public override string Name => $"time32[{Text(Unit)}]";
    public override int BitWidth => 32;
}

/// <summary>Time of day in microseconds or nanoseconds.</summary>
public sealed record Time64Type(TimeUnit Unit) : FixedWidthType
{
    public override ArrowTypeId TypeId => ArrowTypeId.Time64;
    public override string Name => $"time64[{Text(Unit)}]";
    public override int BitWidth => 64;
}

/// <summary>Time since 1970-01-01: an instant (UTC) when <see cref="Timezone"/> is set, else a wall clock reading.</summary>
public sealed record TimestampType(TimeUnit Unit, string? Timezone = null) : FixedWidthType
{
    public override ArrowTypeId TypeId => ArrowTypeId.Timestamp;
    public override string Name => Timezone is null ? $"timestamp[{Text(Unit)}]" : $"timestamp[{Text(Unit)}, tz={Timezone}]";
    public override int BitWidth => 64;
}

/// <summary>Elapsed time.</summary>
public sealed record DurationType(TimeUnit Unit) : FixedWidthType
{
    public override ArrowTypeId TypeId => ArrowTypeId.Duration;
    public override string Name => $"duration[{Text(Unit)}]";
    public override int BitWidth => 64;
}

/// <summary>Calendar interval: months and days have no fixed length, so the parts are kept apart.</summary>
public sealed record IntervalType(IntervalUnit Unit) : FixedWidthType
{
    public override ArrowTypeId TypeId => ArrowTypeId.Interval;
    public override string Name => Unit switch
    {
        IntervalUnit.YearMonth => "interval[month]",
        IntervalUnit.DayTime => "interval[day, ms]",
        _ => "interval[month, day, ns]",
    };
    public override int BitWidth => Unit switch { IntervalUnit.YearMonth => 32, IntervalUnit.DayTime => 64, _ => 128 };
}
