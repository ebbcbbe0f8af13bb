using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.In;

/// <summary>Types that functions take and give.</summary>
internal static class ScalarTypes
{
    /// <summary>The column type that holds a CLR type as it is in memory.</summary>
    public static IArrowType Of<T>() where T : unmanaged => typeof(T).IsPrimitive && ClrTypes.Of(typeof(T)) is { } type
        ? type : throw new ArgumentException($"A scalar function over spans takes bool, integers, float and double, not {typeof(T).Name}; use the form over arrays.");

    public static TypeId Argument(IArrowType type) => type switch
    {
        Int64Type => TypeId.BigInt,
        DoubleType => TypeId.Double,
        BooleanType => TypeId.Boolean,
        StringType => TypeId.Varchar,
        _ => throw new ArgumentException($"A table function takes int64, double, bool and string arguments, not {type.Name}."),
    };
}
