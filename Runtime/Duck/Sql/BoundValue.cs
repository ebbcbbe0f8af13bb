using System.Buffers.Binary;
using System.Collections;
using System.Numerics;
using System.Text;
using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck;

/// <summary>CLR values as duckdb_values for parameters.</summary>
internal static unsafe class BoundValue
{
    /// <summary>A new duckdb_value; the caller destroys it.</summary>
    /// <exception cref="ArgumentException">No DuckDB value for this type.</exception>
    public static nint Create(object? value) => value switch
    {
        null or DBNull => Api.CreateNull(),
        bool v => Api.CreateBool(v),
        sbyte v => Api.CreateInt8(v),
        byte v => Api.CreateUInt8(v),
        short v => Api.CreateInt16(v),
        ushort v => Api.CreateUInt16(v),
        int v => Api.CreateInt32(v),
        uint v => Api.CreateUInt32(v),
        long v => Api.CreateInt64(v),
        ulong v => Api.CreateUInt64(v),
        Int128 v => Api.CreateHugeInt(Huge(v)),
        UInt128 v => Api.CreateUHugeInt(new NativeHuge { Lower = (ulong)v, Upper = (ulong)(v >> 64) }),
        BigInteger v => Api.CreateHugeInt(Huge((Int128)v)),
        float v => Api.CreateFloat(v),
        double v => Api.CreateDouble(v),
        decimal v => Decimal(v),
        string v => Varchar(v),
        char v => Varchar(v.ToString()),
        byte[] v => Blob(v),
        DateOnly v => Api.CreateDate(v.DayNumber - 719_162),
        TimeOnly v => Api.CreateTime(v.Ticks / 10),
        TimeSpan v => Api.CreateInterval(new NativeInterval { Days = 0, Micros = v.Ticks / 10 }),
        CalendarInterval v => Api.CreateInterval(new NativeInterval { Months = v.Months, Days = v.Days, Micros = v.Nanoseconds / 1000 }),
        DateTime { Kind: DateTimeKind.Unspecified } v => Api.CreateTimestamp(Micros(v)),
        DateTime v => Api.CreateTimestampTz(Micros(v.ToUniversalTime())),
        DateTimeOffset v => Api.CreateTimestampTz(Micros(v.UtcDateTime)),
        Guid v => Uuid(v),
        Enum v => Varchar(v.ToString()),
        IEnumerable v => List(v),
        _ => throw new ArgumentException($"A {value.GetType()} cannot be bound as a DuckDB parameter.", nameof(value)),
    };

    private static long Micros(DateTime t) => (t.Ticks - DateTime.UnixEpoch.Ticks) / 10;
    private static NativeHuge Huge(Int128 v) => new() { Lower = (ulong)v, Upper = (ulong)(v >> 64) };

    private static nint Varchar(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* p = bytes.Length == 0 ? [0] : bytes) return Api.CreateVarchar(p, (ulong)bytes.Length);
    }

    private static nint Blob(byte[] bytes)
    {
        fixed (byte* p = bytes.Length == 0 ? [0] : bytes) return Api.CreateBlob(p, (ulong)bytes.Length);
    }

    private static nint Decimal(decimal value)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        var unscaled = ((Int128)(uint)parts[2] << 64) | ((Int128)(uint)parts[1] << 32) | (uint)parts[0];
        var scale = (parts[3] >> 16) & 0xFF;
        var digits = unscaled.ToString(System.Globalization.CultureInfo.InvariantCulture).Length;
        return Api.CreateDecimal(new NativeDecimal { Width = (byte)Math.Max(Math.Max(digits, scale), 1), Scale = (byte)scale, Value = Huge(parts[3] < 0 ? -unscaled : unscaled) });
    }

    private static nint Uuid(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return Api.CreateUuid(new NativeHuge { Upper = BinaryPrimitives.ReadUInt64BigEndian(bytes), Lower = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) });
    }

    /// <summary>A list; its element type is that of its first element that is not null.</summary>
    private static nint List(IEnumerable items)
    {
        var values = new List<nint>();
        try
        {
            nint typed = 0;
            foreach (var item in items)
            {
                var value = Create(item);
                values.Add(value);
                if (typed == 0 && item is not null) typed = value;
            }
            using var element = typed == 0 ? new LogicalType(Api.CreateLogicalType(TypeId.Varchar)) : null;
            var array = values.Count == 0 ? [0] : values.ToArray();
            // duckdb_get_value_type borrows the type of the value: it is not destroyed.
            fixed (nint* p = array) return Api.CreateList(element?.Handle ?? Api.ValueType(typed), p, (ulong)values.Count);
        }
        finally
        {
            foreach (var value in values)
            {
                var v = value;
                Api.DestroyValue(ref v);
            }
        }
    }
}
