namespace FlowForge.Columnar;

public sealed record Int8Type : FixedWidthType
{
    public static readonly Int8Type Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.Int8;
    public override string Name => "int8";
    public override int BitWidth => 8;
}

public sealed record Int16Type : FixedWidthType
{
    public static readonly Int16Type Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.Int16;
    public override string Name => "int16";
    public override int BitWidth => 16;
}

public sealed record Int32Type : FixedWidthType
{
    public static readonly Int32Type Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.Int32;
    public override string Name => "int32";
    public override int BitWidth => 32;
}

public sealed record Int64Type : FixedWidthType
{
    public static readonly Int64Type Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.Int64;
    public override string Name => "int64";
    public override int BitWidth => 64;
}

public sealed record UInt8Type : FixedWidthType
{
    public static readonly UInt8Type Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.UInt8;
    public override string Name => "uint8";
    public override int BitWidth => 8;
}

public sealed record UInt16Type : FixedWidthType
{
    public static readonly UInt16Type Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.UInt16;
    public override string Name => "uint16";
    public override int BitWidth => 16;
}

public sealed record UInt32Type : FixedWidthType
{
    public static readonly UInt32Type Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.UInt32;
    public override string Name => "uint32";
    public override int BitWidth => 32;
}

public sealed record UInt64Type : FixedWidthType
{
    public static readonly UInt64Type Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.UInt64;
    public override string Name => "uint64";
    public override int BitWidth => 64;
}

public sealed record HalfFloatType : FixedWidthType
{
    public static readonly HalfFloatType Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.HalfFloat;
    public override string Name => "halffloat";
    public override int BitWidth => 16;
}

public sealed record FloatType : FixedWidthType
{
    public static readonly FloatType Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.Float;
    public override string Name => "float";
    public override int BitWidth => 32;
}

public sealed record DoubleType : FixedWidthType
{
    public static readonly DoubleType Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.Double;
    public override string Name => "double";
    public override int BitWidth => 64;
}
