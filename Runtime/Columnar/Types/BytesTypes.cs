namespace FlowForge.Columnar;

/// <summary>UTF-8 text; at most 2 GB in one array.</summary>
public sealed record StringType : ArrowType
{
    public static readonly StringType Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.String;
    public override string Name => "string";
}

/// <summary>UTF-8 text with 64-bit offsets.</summary>
public sealed record LargeStringType : ArrowType
{
    public static readonly LargeStringType Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.LargeString;
    public override string Name => "large_string";
}

/// <summary>Byte strings; at most 2 GB in one array.</summary>
public sealed record BinaryType : ArrowType
{
    public static readonly BinaryType Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.Binary;
    public override string Name => "binary";
}

/// <summary>Byte strings with 64-bit offsets.</summary>
public sealed record LargeBinaryType : ArrowType
{
    public static readonly LargeBinaryType Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.LargeBinary;
    public override string Name => "large_binary";
}

/// <summary>Byte strings of one length.</summary>
public record FixedSizeBinaryType : FixedWidthType
{
    public FixedSizeBinaryType(int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, int.MaxValue / 8);
        Width = width;
    }

    /// <summary>Bytes of one value.</summary>
    public int Width { get; }
    public override ArrowTypeId TypeId => ArrowTypeId.FixedSizeBinary;
    public override string Name => $"fixed_size_binary[{Width}]";
    public override int BitWidth => Width * 8;
}

/// <summary>
/// UUIDs: 16 bytes in the order they are written (RFC 9562). Travels as Arrow's canonical extension <c>arrow.uuid</c>
/// over fixed_size_binary[16].
/// </summary>
public sealed record UuidType() : FixedSizeBinaryType(16)
{
    public static readonly UuidType Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.Uuid;
    public override string Name => "uuid";
}
