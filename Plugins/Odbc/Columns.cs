using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Odbc;

/// <summary>How a column is fetched and what it becomes.</summary>
/// <param name="Source">The driver's description.</param>
/// <param name="Type">The Arrow type.</param>
/// <param name="CType">The C type that is asked of the driver.</param>
/// <param name="Width">Bytes of one value in a block; 0 when values can be longer than a block should hold, and are fetched one by one.</param>
internal sealed record OdbcColumn(ResultColumn Source, IArrowType Type, short CType, int Width)
{
    // Longer texts are declared as such or have no declared length: a block of them would be mostly air.
    private const int LongestInBlock = 4_000;

    public Field Field => new(Source.Name, Type);

    public static OdbcColumn Of(ResultColumn c) => c.Type switch
    {
        -7 => new(c, BooleanType.Default, Native.Bit, 1),
        -6 => new(c, Int16Type.Default, Native.Int16, 2),
        5 => c.Unsigned ? new(c, Int32Type.Default, Native.Int32, 4) : new(c, Int16Type.Default, Native.Int16, 2),
        4 => c.Unsigned ? new(c, Int64Type.Default, Native.Int64, 8) : new(c, Int32Type.Default, Native.Int32, 4),
        -5 => c.Unsigned ? new(c, new Decimal128Type(20, 0), Native.UInt64, 8) : new(c, Int64Type.Default, Native.Int64, 8),
        7 => new(c, FloatType.Default, Native.Single, 4),
        6 or 8 => new(c, DoubleType.Default, Native.Double, 8),
        // As text: the binary form of decimals is read differently by every driver.
        2 or 3 when c.Size is >= 1 and <= 38 && c.Digits >= 0 && c.Digits <= c.Size => new(c, new Decimal128Type((int)c.Size, c.Digits), Native.Char, (int)c.Size + 4),
        91 or 9 => new(c, Date32Type.Default, Native.Date, 6),
        93 or 11 => new(c, new TimestampType(TimeUnit.Microsecond), Native.Timestamp, 16),
        -11 => new(c, UuidType.Default, Native.Guid, 16),
        -2 or -3 or -4 => new(c, BinaryType.Default, Native.Binary, c.Size is > 0 and <= LongestInBlock ? (int)c.Size : 0),
        // A character may take two units, and the end mark one.
        _ => new(c, StringType.Default, Native.WideChar, c.Size is > 0 and <= LongestInBlock ? ((int)c.Size * 2 + 1) * 2 : 0),
    };

    /// <summary>Adds one value from its C form.</summary>
    public void Append(ArrayBuilder builder, ReadOnlySpan<byte> value)
    {
        switch (builder)
        {
            case BooleanArray.Builder b: b.Append(value[0] != 0); break;
            case Int16Array.Builder b: b.Append(BitConverter.ToInt16(value)); break;
            case Int32Array.Builder b: b.Append(BitConverter.ToInt32(value)); break;
            case Int64Array.Builder b: b.Append(BitConverter.ToInt64(value)); break;
            case FloatArray.Builder b: b.Append(BitConverter.ToSingle(value)); break;
            case DoubleArray.Builder b: b.Append(BitConverter.ToDouble(value)); break;
            case Decimal128Array.Builder b when CType == Native.UInt64: b.Append((Int128)BitConverter.ToUInt64(value)); break;
            case Decimal128Array.Builder b: b.Append(Unscaled(value, ((Decimal128Type)Type).Scale)); break;
            case Date32Array.Builder b: b.Append(Date(value).DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber); break;
            case TimestampArray.Builder b: b.Append(Moment(value)); break;
            case UuidArray.Builder b: b.Append(Uuid(value)); break;
            case BinaryArray.Builder b: b.Append(value); break;
            case StringArray.Builder b: AppendText(b, value); break;
        }
    }

    private static void AppendText(StringArray.Builder builder, ReadOnlySpan<byte> utf16)
    {
        var text = MemoryMarshal.Cast<byte, char>(utf16);
        Span<byte> small = stackalloc byte[1024];
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = most <= small.Length ? small : new byte[most];
        builder.Append(bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    private Int128 Unscaled(ReadOnlySpan<byte> text, int scale)
    {
        Int128 value = 0;
        int decimals = -1;
        var negative = false;
        foreach (var c in text)
        {
            if (c is (byte)'-') negative = true;
            else if (c is (byte)'.' or (byte)',') decimals = 0;
            else if (c is >= (byte)'0' and <= (byte)'9')
            {
                if (decimals == scale)
                {
                    if (c != '0') throw Unfit(Encoding.ASCII.GetString(text));
                    continue;
                }
                value = value * 10 + (c - '0');
                if (decimals >= 0) decimals++;
            }
            else if (c is not ((byte)'+' or (byte)' ')) throw Unfit(Encoding.ASCII.GetString(text));
        }
        for (decimals = Math.Max(decimals, 0); decimals < scale; decimals++) value *= 10;
        return negative ? -value : value;
    }

    private DateOnly Date(ReadOnlySpan<byte> value)
    {
        var (year, month, day) = (BitConverter.ToInt16(value), BitConverter.ToUInt16(value[2..]), BitConverter.ToUInt16(value[4..]));
        if (year is < 1 or > 9999 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) throw Unfit(string.Create(CultureInfo.InvariantCulture, $"{year:D4}-{month:D2}-{day:D2}"));
        return new DateOnly(year, month, day);
    }

    private long Moment(ReadOnlySpan<byte> value)
    {
        var days = Date(value).DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        var (hour, minute, second) = (BitConverter.ToUInt16(value[6..]), BitConverter.ToUInt16(value[8..]), BitConverter.ToUInt16(value[10..]));
        return ((days * 24L + hour) * 60 + minute) * 60_000_000 + second * 1_000_000L + BitConverter.ToUInt32(value[12..]) / 1000;
    }

    // ODBC's struct has its first three fields in the machine's order.
    private static byte[] Uuid(ReadOnlySpan<byte> value) => new Guid(value).ToByteArray(bigEndian: true);

    private TerminalException Unfit(string value) =>
        new($"Column {Source.Name} holds {value}, which is no {Type.Name}.", "Read the column as text with a query, e.g. CAST(… AS CHAR).");
}
