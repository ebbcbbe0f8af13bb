using System.Linq.Expressions;
using System.Reflection;
using FlowForge.Columnar;

namespace FlowForge.PluginHost.Functions;

/// <summary>Methods over single values: a loop over the rows is compiled around the call, without boxing.</summary>
internal static class ValueFunction
{
    private sealed record Kind(IArrowType Type, Type Array, string Read, Type Builder);

    private static readonly TimestampType Clock = new(TimeUnit.Microsecond);
    private static readonly TimestampType Instant = new(TimeUnit.Microsecond, "UTC");

    private static readonly Dictionary<Type, Kind> Kinds = new()
    {
        [typeof(bool)] = new(BooleanType.Default, typeof(BooleanArray), "GetValue", typeof(BooleanArray.Builder)),
        [typeof(sbyte)] = new(Int8Type.Default, typeof(Int8Array), "GetValue", typeof(Int8Array.Builder)),
        [typeof(short)] = new(Int16Type.Default, typeof(Int16Array), "GetValue", typeof(Int16Array.Builder)),
        [typeof(int)] = new(Int32Type.Default, typeof(Int32Array), "GetValue", typeof(Int32Array.Builder)),
        [typeof(long)] = new(Int64Type.Default, typeof(Int64Array), "GetValue", typeof(Int64Array.Builder)),
        [typeof(byte)] = new(UInt8Type.Default, typeof(UInt8Array), "GetValue", typeof(UInt8Array.Builder)),
        [typeof(ushort)] = new(UInt16Type.Default, typeof(UInt16Array), "GetValue", typeof(UInt16Array.Builder)),
        [typeof(uint)] = new(UInt32Type.Default, typeof(UInt32Array), "GetValue", typeof(UInt32Array.Builder)),
        [typeof(ulong)] = new(UInt64Type.Default, typeof(UInt64Array), "GetValue", typeof(UInt64Array.Builder)),
        [typeof(float)] = new(FloatType.Default, typeof(FloatArray), "GetValue", typeof(FloatArray.Builder)),
        [typeof(double)] = new(DoubleType.Default, typeof(DoubleArray), "GetValue", typeof(DoubleArray.Builder)),
        [typeof(string)] = new(StringType.Default, typeof(StringArray), "GetString", typeof(StringArray.Builder)),
        [typeof(byte[])] = new(BinaryType.Default, typeof(BinaryArray), nameof(Bytes), typeof(BinaryArray.Builder)),
        [typeof(Guid)] = new(UuidType.Default, typeof(UuidArray), "GetGuid", typeof(UuidArray.Builder)),
        [typeof(DateOnly)] = new(Date32Type.Default, typeof(Date32Array), "GetDateOnly", typeof(Date32Array.Builder)),
        [typeof(DateTime)] = new(Clock, typeof(TimestampArray), "GetDateTime", typeof(TimestampArray.Builder)),
        [typeof(DateTimeOffset)] = new(Instant, typeof(TimestampArray), nameof(Moment), typeof(TimestampArray.Builder)),
    };

    public static (IReadOnlyList<IArrowType>, IArrowType, Func<IReadOnlyList<IArrowArray>, IArrowArray>) Of(MethodInfo method, string place)
    {
        var kinds = method.GetParameters().Select(p => KindOf(p.ParameterType, place)).ToList();
        var result = KindOf(method.ReturnType, place);
        return ([.. kinds.Select(k => k.Type)], result.Type, Loop(method, kinds, result));
    }

    public static Expression Item(Expression list, int index) => Expression.Property(list, typeof(IReadOnlyList<IArrowArray>).GetProperty("Item")!, Expression.Constant(index));

    private static Func<IReadOnlyList<IArrowArray>, IArrowArray> Loop(MethodInfo method, IReadOnlyList<Kind> kinds, Kind result)
    {
        var arguments = Expression.Parameter(typeof(IReadOnlyList<IArrowArray>), "arguments");
        var (row, rows, builder) = (Expression.Variable(typeof(int), "row"), Expression.Variable(typeof(int), "rows"), Expression.Variable(result.Builder, "builder"));
        var arrays = kinds.Select((k, i) => Expression.Variable(k.Array, $"array{i}")).ToList();
        var values = method.GetParameters().Select((p, i) => Value(p, arrays[i], kinds[i], row)).ToList();
        var nulls = method.GetParameters().Select((p, i) => MayBeNull(p) ? null : Expression.Call(arrays[i], nameof(ArrowArray.IsNull), null, row)).OfType<Expression>().ToList();
        Expression one = Append(builder, result, Expression.Call(method, values), method.ReturnType);
        if (nulls.Count > 0) one = Expression.IfThenElse(nulls.Aggregate(Expression.OrElse), Expression.Call(builder, nameof(ArrayBuilder.AppendNull), null), one);
        var end = Expression.Label(typeof(IArrowArray));
        var body = Expression.Block([row, rows, builder, .. arrays],
        [
            .. arrays.Select((a, i) => Expression.Assign(a, Expression.Convert(Item(arguments, i), a.Type))),
            Expression.Assign(rows, Expression.Property(arrays[0], nameof(IArrowArray.Length))),
            Expression.Assign(builder, New(result)),
            Expression.Loop(Expression.IfThenElse(Expression.LessThan(row, rows),
                Expression.Block(one, Expression.PreIncrementAssign(row)),
                Expression.Break(end, Expression.Call(builder, nameof(ArrayBuilder.Build), null))), end),
        ]);
        return Expression.Lambda<Func<IReadOnlyList<IArrowArray>, IArrowArray>>(body, arguments).Compile();
    }

    // The value as the method takes it; where it cannot be null it is only asked for when it is there.
    private static Expression Value(ParameterInfo parameter, Expression array, Kind kind, Expression row)
    {
        Expression read = kind.Read switch
        {
            nameof(Bytes) => Expression.Call(typeof(ValueFunction), nameof(Bytes), null, array, row),
            nameof(Moment) => Expression.Call(typeof(ValueFunction), nameof(Moment), null, array, row),
            _ => Expression.Call(array, kind.Read, null, row),
        };
        var wanted = parameter.ParameterType;
        return read.Type == wanted ? read : Expression.Call(read, nameof(Nullable<>.GetValueOrDefault), null);
    }

    private static BlockExpression Append(Expression builder, Kind result, Expression value, Type type)
    {
        var got = Expression.Variable(type, "value");
        Expression present = Nullable.GetUnderlyingType(type) is null ? got : Expression.Property(got, "Value");
        Expression append = result.Type is BinaryType ? Expression.Call(typeof(ValueFunction), nameof(AppendBytes), null, builder, present)
            : Expression.Call(builder, result.Builder.GetMethod("Append", [present.Type])!, present);
        if (type.IsValueType && Nullable.GetUnderlyingType(type) is null) return Expression.Block([got], Expression.Assign(got, value), append);
        return Expression.Block([got], Expression.Assign(got, value),
            Expression.IfThenElse(Expression.Equal(got, Expression.Constant(null, type)), Expression.Call(builder, nameof(ArrayBuilder.AppendNull), null), append));
    }

    private static NewExpression New(Kind result) =>
        result.Type is TimestampType type ? Expression.New(result.Builder.GetConstructor([typeof(TimestampType)])!, Expression.Constant(type)) : Expression.New(result.Builder);

    private static bool MayBeNull(ParameterInfo parameter) => parameter.ParameterType.IsValueType
        ? Nullable.GetUnderlyingType(parameter.ParameterType) is not null
        : new NullabilityInfoContext().Create(parameter).WriteState == NullabilityState.Nullable;

    private static byte[]? Bytes(BinaryArray array, int row) => array.IsNull(row) ? null : array.GetBytes(row).ToArray();

    private static void AppendBytes(BinaryArray.Builder builder, byte[] value) => builder.Append(value);

    private static DateTimeOffset? Moment(TimestampArray array, int row) => array.GetDateTime(row) is { } time ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)) : null;

    private static Kind KindOf(Type type, string place) => Kinds.GetValueOrDefault(Nullable.GetUnderlyingType(type) ?? type)
        ?? throw new PluginException($"{place}: {type.Name} cannot be a value of a function. There are: {string.Join(", ", Kinds.Keys.Select(t => t.Name))}, nullable forms of these, and array classes for whole columns.");
}
