namespace FlowForge.Columnar;

/// <summary>A 128-bit two's complement integer divided by 10^<see cref="Scale"/>; <see cref="Precision"/> digits, 1 to 38.</summary>
public sealed record Decimal128Type : FixedWidthType
{
    public Decimal128Type(int precision, int scale)
    {
        if (precision is < 1 or > 38) throw new ArgumentOutOfRangeException(nameof(precision), precision, "A decimal128 has 1 to 38 digits.");
        if (scale < -38 || scale > 38) throw new ArgumentOutOfRangeException(nameof(scale), scale, "The scale of a decimal128 is -38 to 38.");
        Precision = precision;
        Scale = scale;
    }

    public int Precision { get; }
    public int Scale { get; }
    public override ArrowTypeId TypeId => ArrowTypeId.Decimal128;
    public override string Name => $"decimal128({Precision}, {Scale})";
    public override int BitWidth => 128;
}
