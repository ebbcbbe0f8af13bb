namespace FlowForge.Ingest.Types;

/// <summary>
/// A date, with or without time and zone, as it is written: ISO (<c>2024-05-31</c>, <c>2024/05/31 12:30</c>,
/// <c>2024-05-31T12:30:00.5Z</c>), numeric in either order (<c>31.05.2024</c>, <c>5/31/2024</c>), or with an English month
/// name (<c>Jun 12 1998</c>, <c>12-Jun-1998</c>). Years have four digits.
/// </summary>
internal struct TemporalText
{
    private static ReadOnlySpan<byte> MonthNames => "janfebmaraprmayjunjulaugsepoctnovdec"u8;

    /// <summary>All orders in which the text is a real date.</summary>
    public DateOrders Orders;
    public int Year, First, Second;
    public bool HasTime, HasZone;
    public long MicrosOfDay;
    public int OffsetMinutes;

    public static bool TryParse(ReadOnlySpan<byte> text, out TemporalText value)
    {
        value = default;
        if (text.Length is 10 or 19 && text[4] == '-' && text[7] == '-' && value.TryIso(text)) return true;
        if (text.Length is < 8 or > 40) return false;
        var i = 0;
        var date = IsDigit(text[0]) ? value.TryNumericDate(text, ref i) : value.TryNamedDate(text, ref i);
        if (!date || value.Orders == DateOrders.None) return false;
        if (i == text.Length) return true;
        if (text[i] is not ((byte)' ' or (byte)'T' or (byte)'t')) return false;
        i++;
        return value.TryTime(text, ref i) && (i == text.Length || value.TryZone(text, ref i)) && i == text.Length;
    }

    // 2024-05-31 and 2024-05-31 12:30:00, which most are. False: it may still be a date in another form; nothing is set.
    private bool TryIso(ReadOnlySpan<byte> text)
    {
        var good = true;
        var (year, month, day) = (Two(text, 0, ref good) * 100 + Two(text, 2, ref good), Two(text, 5, ref good), Two(text, 8, ref good));
        if (!good || !IsDate(year, month, day)) return false;
        long seconds = 0;
        if (text.Length == 19)
        {
            if (text[10] is not ((byte)' ' or (byte)'T') || text[13] != ':' || text[16] != ':') return false;
            var (hour, minute, second) = (Two(text, 11, ref good), Two(text, 14, ref good), Two(text, 17, ref good));
            if (!good || hour > 23 || minute > 59 || second > 59) return false;
            (seconds, HasTime) = ((hour * 60 + minute) * 60L + second, true);
        }
        (Year, First, Second, Orders, MicrosOfDay) = (year, month, day, DateOrders.YearMonthDay, seconds * 1_000_000);
        return true;
    }

    private static int Two(ReadOnlySpan<byte> text, int at, ref bool good)
    {
        var (tens, ones) = ((uint)(text[at] - '0'), (uint)(text[at + 1] - '0'));
        good &= tens <= 9 & ones <= 9;
        return (int)(tens * 10 + ones);
    }

    /// <summary>Days since 1970-01-01, read in the given order.</summary>
    public readonly int Days(DateOrders order)
    {
        var (month, day) = order == DateOrders.DayMonthYear ? (Second, First) : (First, Second);
        return DayNumber(Year, month, day);
    }

    /// <summary>Microseconds since 1970-01-01; with a zone those of the instant.</summary>
    public readonly long Micros(DateOrders order) => Days(order) * 86_400_000_000L + MicrosOfDay - OffsetMinutes * 60_000_000L;

    internal static int DayNumber(int year, int month, int day) => new DateOnly(year, month, day).DayNumber - 719_162;

    internal static bool IsDate(int year, int month, int day) => year is >= 1 and <= 9999 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month);

    private bool TryNumericDate(ReadOnlySpan<byte> text, ref int i)
    {
        var digits = Digits(text, ref i, 4, out var a);
        if (i >= text.Length || text[i] is not ((byte)'-' or (byte)'/' or (byte)'.' or (byte)' ')) return false;
        var separator = text[i++];
        if (digits is 1 or 2 && i < text.Length && !IsDigit(text[i])) return TryMonthAfterDay(text, ref i, a, separator);
        if (separator == ' ' || Digits(text, ref i, 2, out var b) == 0 || i >= text.Length || text[i++] != separator) return false;
        if (digits == 4)
        {
            if (Digits(text, ref i, 2, out var c) == 0) return false;
            (Year, First, Second) = (a, b, c);
            Orders = IsDate(a, b, c) ? DateOrders.YearMonthDay : DateOrders.None;
            return true;
        }
        if (digits is not (1 or 2) || Digits(text, ref i, 4, out var year) != 4) return false;
        (Year, First, Second) = (year, a, b);
        Orders = (IsDate(year, b, a) ? DateOrders.DayMonthYear : 0) | (IsDate(year, a, b) ? DateOrders.MonthDayYear : 0);
        return true;
    }

    // 12-Jun-1998, 12 June 1998
    private bool TryMonthAfterDay(ReadOnlySpan<byte> text, ref int i, int day, byte separator)
    {
        if (!TryMonthName(text, ref i, out var month) || i >= text.Length || text[i++] != separator || Digits(text, ref i, 4, out var year) != 4) return false;
        return SetNamed(year, month, day);
    }

    // Jun 12 1998, June 12, 1998
    private bool TryNamedDate(ReadOnlySpan<byte> text, ref int i)
    {
        if (!TryMonthName(text, ref i, out var month) || i >= text.Length || text[i++] != ' ' || Digits(text, ref i, 2, out var day) == 0) return false;
        if (i < text.Length && text[i] == ',') i++;
        if (i >= text.Length || text[i++] != ' ' || Digits(text, ref i, 4, out var year) != 4) return false;
        return SetNamed(year, month, day);
    }

    private bool SetNamed(int year, int month, int day)
    {
        (Year, First, Second) = (year, month, day);
        Orders = IsDate(year, month, day) ? DateOrders.NamedMonth : DateOrders.None;
        return true;
    }

    internal static bool TryMonthName(ReadOnlySpan<byte> text, ref int i, out int month)
    {
        month = 0;
        if (i + 3 > text.Length) return false;
        Span<byte> name = stackalloc byte[3];
        for (var k = 0; k < 3; k++) name[k] = (byte)(text[i + k] | 0x20);
        for (var m = 0; m < 12; m++)
            if (MonthNames.Slice(m * 3, 3).SequenceEqual(name)) month = m + 1;
        if (month == 0) return false;
        var end = i + 3;
        while (end < text.Length && (uint)((text[end] | 0x20) - 'a') < 26) end++;
        // "Sept" and full names are fine, "Junk" is not.
        var full = System.Globalization.CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(month);
        var length = end - i;
        if (length != 3 && !(month == 9 && length == 4) && length != full.Length) return false;
        for (var k = 3; k < length; k++)
            if ((text[i + k] | 0x20) != char.ToLowerInvariant(full[k])) return false;
        i = end;
        return true;
    }

    private bool TryTime(ReadOnlySpan<byte> text, ref int i)
    {
        if (Digits(text, ref i, 2, out var hour) == 0 || hour > 23 || i >= text.Length || text[i++] != ':' || Digits(text, ref i, 2, out var minute) != 2 || minute > 59) return false;
        var second = 0;
        long fraction = 0;
        if (i < text.Length && text[i] == ':')
        {
            i++;
            if (Digits(text, ref i, 2, out second) != 2 || second > 59) return false;
            if (i < text.Length && text[i] is (byte)'.' or (byte)',' && !TryFraction(text, ref i, out fraction)) return false;
        }
        if (i + 2 < text.Length && text[i] == ' ' && (text[i + 2] | 0x20) == 'm' && (text[i + 1] | 0x20) is 'a' or 'p')
        {
            if (hour is 0 or > 12) return false;
            hour = hour % 12 + ((text[i + 1] | 0x20) == 'p' ? 12 : 0);
            i += 3;
        }
        HasTime = true;
        MicrosOfDay = ((hour * 60 + minute) * 60L + second) * 1_000_000 + fraction;
        return true;
    }

    // More than microseconds cannot be kept, unless they are zeros.
    internal static bool TryFraction(ReadOnlySpan<byte> text, ref int i, out long micros)
    {
        micros = 0;
        var start = ++i;
        for (; i < text.Length && IsDigit(text[i]); i++)
        {
            if (i - start < 6) micros = micros * 10 + (text[i] - '0');
            else if (text[i] != '0') return false;
        }
        for (var k = i - start; k < 6; k++) micros *= 10;
        return i > start;
    }

    private bool TryZone(ReadOnlySpan<byte> text, ref int i)
    {
        if (text[i] == ' ') i++;
        if (i >= text.Length) return false;
        HasZone = true;
        if (text[i] is (byte)'Z' or (byte)'z') { i++; return true; }
        if (text[i..].SequenceEqual("UTC"u8)) { i += 3; return true; }
        if (text[i] is not ((byte)'+' or (byte)'-')) return false;
        var sign = text[i++] == '-' ? -1 : 1;
        if (Digits(text, ref i, 2, out var hours) != 2) return false;
        if (i < text.Length && text[i] == ':') i++;
        var minutes = 0;
        if (i < text.Length && Digits(text, ref i, 2, out minutes) != 2) return false;
        OffsetMinutes = sign * (hours * 60 + minutes);
        return hours <= 18 && minutes <= 59;
    }

    internal static int Digits(ReadOnlySpan<byte> text, ref int i, int most, out int value)
    {
        value = 0;
        var start = i;
        for (; i < text.Length && i - start < most && IsDigit(text[i]); i++) value = value * 10 + (text[i] - '0');
        return i - start;
    }

    internal static bool IsDigit(byte c) => (uint)(c - '0') <= 9;
}
