namespace FlowForge.Ingest.Types;

/// <summary>
/// What is known of all values of a column seen so far: enough to name the narrowest type that keeps every one of them
/// exactly. Facts only grow, so the order of values does not matter, and facts of parts can be merged.
/// </summary>
internal sealed class ColumnFacts
{
    // The double's integers are exact up to here; a larger id must not become one.
    private const ulong LargestSafe = 1UL << 53;

    public bool HasText, HasBoolean, HasNumber, HasTemporal, HasJson;
    /// <summary>Quoted nothing: an empty text in a text column, no value in any other.</summary>
    public bool HasEmptyText;
    public bool HasFraction, HasExponent, HasBigInteger, HasUnsafe, BeyondInt64;
    public int IntegerDigits, Scale;
    public bool HasTime, HasZone, LacksZone;
    public DateOrders Orders = DateOrders.All;

    /// <summary>Patterns that the job gives; looked for in samples only.</summary>
    public GivenFormats? Formats { get; init; }

    /// <summary>Whether values were held against <see cref="Formats"/>, and whether one of them is not written so.</summary>
    public bool HasFormatted, IsOtherDate, IsOtherTime;

    /// <summary>Whether a value did not fit the type that the column was read as.</summary>
    public bool HasMisfit;

    public bool IsEmpty => !(HasEmptyText || HasText || HasBoolean || HasNumber || HasTemporal || HasJson);

    /// <summary>Takes in one value that is written as text.</summary>
    public void Observe(ReadOnlySpan<byte> text)
    {
        if (HasText && Formats is null) return;
        var trimmed = Trim(text);
        Formats?.Observe(this, trimmed);
        if (trimmed.Length == 0) HasText = true;
        else if (!ObserveNumber(trimmed) && !ObserveTemporal(trimmed) && !ObserveBoolean(trimmed)) HasText = true;
    }

    /// <summary>Takes in one JSON string: only dates are looked for; "12" in quotes is meant as text.</summary>
    public void ObserveString(ReadOnlySpan<byte> text)
    {
        if (!HasText && !ObserveTemporal(text)) HasText = true;
    }

    public bool ObserveNumber(ReadOnlySpan<byte> text)
    {
        if (!NumberText.TryParse(text, out var number) || number.HasLeadingZeros || number.HasPlus) return false;
        HasNumber = true;
        // Minus zero is no integer.
        HasFraction |= number.HasPoint || number is { Negative: true, Digits: 0 };
        HasExponent |= number.HasExponent;
        IntegerDigits = Math.Max(IntegerDigits, number.IntegerDigits);
        Scale = Math.Max(Scale, number.Scale);
        if (number.IsInteger)
        {
            HasBigInteger |= number.Digits > 19 || number.Mantissa > LargestSafe;
            BeyondInt64 |= !number.TryToInt64(text, out _);
        }
        else
        {
            HasUnsafe |= !number.IsSafeAsDouble(text);
        }
        return true;
    }

    public bool ObserveBoolean(ReadOnlySpan<byte> text)
    {
        if (!BooleanText.TryParseWord(text, out _)) return false;
        HasBoolean = true;
        return true;
    }

    private bool ObserveTemporal(ReadOnlySpan<byte> text)
    {
        if (!TemporalText.TryParse(text, out var value)) return false;
        HasTemporal = true;
        HasTime |= value.HasTime;
        HasZone |= value.HasZone;
        LacksZone |= !value.HasZone;
        Orders &= value.Orders;
        return true;
    }

    /// <summary>Adds the facts of another part of the same column.</summary>
    public void Merge(ColumnFacts other)
    {
        HasText |= other.HasText;
        HasFormatted |= other.HasFormatted;
        IsOtherDate |= other.IsOtherDate;
        IsOtherTime |= other.IsOtherTime;
        HasEmptyText |= other.HasEmptyText;
        HasBoolean |= other.HasBoolean;
        HasNumber |= other.HasNumber;
        HasTemporal |= other.HasTemporal;
        HasJson |= other.HasJson;
        HasFraction |= other.HasFraction;
        HasExponent |= other.HasExponent;
        HasBigInteger |= other.HasBigInteger;
        HasUnsafe |= other.HasUnsafe;
        BeyondInt64 |= other.BeyondInt64;
        IntegerDigits = Math.Max(IntegerDigits, other.IntegerDigits);
        Scale = Math.Max(Scale, other.Scale);
        HasTime |= other.HasTime;
        HasZone |= other.HasZone;
        LacksZone |= other.LacksZone;
        Orders &= other.Orders;
    }

    /// <summary>The narrowest type that keeps all values; text when there is none, and for a column without values.</summary>
    public ColumnType Decide()
    {
        if (HasJson && !HasText && !HasBoolean && !HasNumber && !HasTemporal) return new ColumnType(TypeKind.Json);
        var kinds = (HasBoolean ? 1 : 0) + (HasNumber ? 1 : 0) + (HasTemporal ? 1 : 0) + (HasJson ? 1 : 0);
        if (HasText || kinds != 1) return ColumnType.Text;
        if (HasBoolean) return ColumnType.Boolean;
        return HasNumber ? Number() : Temporal();
    }

    private ColumnType Number()
    {
        if (!HasFraction && !HasExponent)
            return !BeyondInt64 ? ColumnType.BigInt : IntegerDigits <= 38 ? new ColumnType(TypeKind.Decimal, 38) : ColumnType.Text;
        if (!HasBigInteger && !HasUnsafe) return ColumnType.Double;
        return !HasExponent && IntegerDigits + Scale <= 38 ? new ColumnType(TypeKind.Decimal, 38, Scale) : ColumnType.Text;
    }

    private ColumnType Temporal()
    {
        var order = Orders switch
        {
            DateOrders.YearMonthDay or DateOrders.DayMonthYear or DateOrders.MonthDayYear or DateOrders.NamedMonth => Orders,
            _ => DateOrders.None,
        };
        if (order == DateOrders.None || (HasZone && LacksZone)) return ColumnType.Text;
        return new ColumnType(HasZone ? TypeKind.TimestampTz : HasTime ? TypeKind.Timestamp : TypeKind.Date, Order: order);
    }

    /// <summary>Without blanks around it; what numbers and dates may be padded with.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        if (text.Length == 0 || (text[0] > ' ' && text[^1] > ' ')) return text;
        var (start, end) = (0, text.Length);
        while (start < end && text[start] is (byte)' ' or (byte)'\t') start++;
        while (end > start && text[end - 1] is (byte)' ' or (byte)'\t') end--;
        return text[start..end];
    }
}
