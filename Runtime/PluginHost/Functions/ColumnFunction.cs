using System.Linq.Expressions;
using System.Reflection;
using FlowForge.Columnar;

namespace FlowForge.PluginHost.Functions;

/// <summary>Methods over whole columns: array classes in, an array class out.</summary>
internal static class ColumnFunction
{
    private static readonly Dictionary<Type, IArrowType> Types = new()
    {
        [typeof(BooleanArray)] = BooleanType.Default,
        [typeof(Int8Array)] = Int8Type.Default,
        [typeof(Int16Array)] = Int16Type.Default,
        [typeof(Int32Array)] = Int32Type.Default,
        [typeof(Int64Array)] = Int64Type.Default,
        [typeof(UInt8Array)] = UInt8Type.Default,
        [typeof(UInt16Array)] = UInt16Type.Default,
        [typeof(UInt32Array)] = UInt32Type.Default,
        [typeof(UInt64Array)] = UInt64Type.Default,
        [typeof(FloatArray)] = FloatType.Default,
        [typeof(DoubleArray)] = DoubleType.Default,
        [typeof(StringArray)] = StringType.Default,
        [typeof(BinaryArray)] = BinaryType.Default,
        [typeof(UuidArray)] = UuidType.Default,
        [typeof(Date32Array)] = Date32Type.Default,
        [typeof(TimestampArray)] = new TimestampType(TimeUnit.Microsecond),
    };

    /// <summary>True when any part of the signature is an array.</summary>
    public static bool Is(MethodInfo method) => method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType).Any(t => typeof(IArrowArray).IsAssignableFrom(t));

    public static (IReadOnlyList<IArrowType>, IArrowType, Func<IReadOnlyList<IArrowArray>, IArrowArray>) Of(MethodInfo method, string place)
    {
        var parameters = method.GetParameters().Select(p => TypeOf(p.ParameterType, place)).ToList();
        var result = TypeOf(method.ReturnType, place);
        var arguments = Expression.Parameter(typeof(IReadOnlyList<IArrowArray>));
        var call = Expression.Call(method, method.GetParameters().Select((p, i) => Expression.Convert(ValueFunction.Item(arguments, i), p.ParameterType)));
        return (parameters, result, Expression.Lambda<Func<IReadOnlyList<IArrowArray>, IArrowArray>>(Expression.Convert(call, typeof(IArrowArray)), arguments).Compile());
    }

    private static IArrowType TypeOf(Type type, string place) => Types.GetValueOrDefault(type)
        ?? throw new PluginException($"{place}: {type.Name} cannot be a column of a function over columns. There are: {string.Join(", ", Types.Keys.Select(t => t.Name))}.");
}
