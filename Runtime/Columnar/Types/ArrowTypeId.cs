namespace FlowForge.Columnar;

/// <summary>The Arrow types this library reads and writes. Unions, views, run-end encoding and decimal256 are refused at import.</summary>
public enum ArrowTypeId
{
    Null, Boolean,
    Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64,
    HalfFloat, Float, Double,
    Decimal128,
    Date32, Date64, Time32, Time64, Timestamp, Duration, Interval,
    String, LargeString, Binary, LargeBinary, FixedSizeBinary, Uuid,
    List, LargeList, FixedSizeList, Struct, Map, Dictionary,
}

/// <summary>Resolution of times, timestamps and durations.</summary>
public enum TimeUnit { Second, Millisecond, Microsecond, Nanosecond }

/// <summary>Layout of a calendar interval: months (4 bytes), days and milliseconds (8), or months, days and nanoseconds (16).</summary>
public enum IntervalUnit { YearMonth, DayTime, MonthDayNanosecond }
