using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.In;

/// <summary>Types that functions take and give.</summary>
internal static class ScalarTypes
{
    /// <summary>The column type that holds a CLR type as it is in memory.</summary>
    public static IArrowType Of<T>() where T : unmanaged
    {
        var type = typeof(T);
        if (type == typeof(bool)) return BooleanType.Default;
        if (type == typeof(sbyte)) return Int8Type.Default;
        if (type == typeof(byte)) return UInt8Type.Default;
        if (type == typeof(short)) return Int16Type.Default;
        if (type == typeof(ushort)) return UInt16Type.Default;
        if (type == typeof(int)) return Int32Type.Default;
        if (type == typeof(uint)) return UInt32Type.Default;
        if (type == typeof(long)) return Int64Type.Default;
        if (type == typeof(ulong)) return UInt64Type.Default;
        if (type == typeof(float)) return FloatType.Default;
        if (type == typeof(double)) return DoubleType.Default;
        throw new ArgumentException($"A scalar function over spans takes bool, integers, float and double, not {type.Name}; use the form over arrays.");
    }

    public static TypeId Argument(IArrowType type) => type switch
    {
        Int64Type => TypeId.BigInt,
        DoubleType => TypeId.Double,
        BooleanType => TypeId.Boolean,
        StringType => TypeId.Varchar,
        _ => throw new ArgumentException($"A table function takes int64, double, bool and string arguments, not {type.Name}."),
    };
}
