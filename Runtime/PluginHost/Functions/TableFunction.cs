using System.Reflection;
using FlowForge.Columnar;
using FlowForge.PluginHost.Rows;

namespace FlowForge.PluginHost.Functions;

/// <summary>A method that gives records: a table in SQL.</summary>
internal abstract class TableFunction(IReadOnlyList<IArrowType> parameters, Schema schema)
{
    public IReadOnlyList<IArrowType> Parameters => parameters;

    public Schema Schema => schema;

    public abstract IEnumerable<RecordBatch> Rows(object?[] arguments, CancellationToken ct);

    /// <summary>The <c>T</c> of an <c>IEnumerable&lt;T&gt;</c> of records that the method returns; null when it is no table.</summary>
    public static Type? RecordType(MethodInfo method) =>
        method.ReturnType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(IEnumerable<>) ? type.GetGenericArguments()[0] : null;

    public static TableFunction Create(Type record, MethodInfo method, string place)
    {
        var parameters = method.GetParameters().Select(p => ParameterType(p, place)).ToList();
        var properties = ValueTypes.Properties(record);
        if (properties.Count == 0) throw new PluginException($"{place}: {record.Name} has no public properties, so the table has no columns. Give records of your own.");
        var fields = properties.Select(p => new Field(p.Name, ValueTypes.Of(p.PropertyType, depth: 1)
            ?? throw new PluginException($"{place}: property {record.Name}.{p.Name} is {p.PropertyType.Name}, which cannot be a column.")));
        return (TableFunction)Activator.CreateInstance(typeof(Records<>).MakeGenericType(record), method, parameters, new Schema(fields))!;
    }

    private static IArrowType ParameterType(ParameterInfo parameter, string place) => (Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType) switch
    {
        var t when t == typeof(bool) => BooleanType.Default,
        var t when t == typeof(int) || t == typeof(long) => Int64Type.Default,
        var t when t == typeof(double) => DoubleType.Default,
        var t when t == typeof(string) => StringType.Default,
        _ => throw new PluginException($"{place}: parameter '{parameter.Name}' of a table function is {parameter.ParameterType.Name}; it takes bool, int, long, double and string."),
    };

    private sealed class Records<T>(MethodInfo method, IReadOnlyList<IArrowType> parameters, Schema schema) : TableFunction(parameters, schema)
    {
        private readonly Func<T, object?>[] _getters = [.. ValueTypes.Properties(typeof(T)).Select(RecordReader<T>.Getter)];

        public override IEnumerable<RecordBatch> Rows(object?[] arguments, CancellationToken ct)
        {
            var batcher = new RowBatcher([.. Schema.FieldsList.Select(f => new ValueColumn(f.Name, f.DataType))]);
            var values = new object?[_getters.Length];
            foreach (var record in Call(arguments))
            {
                ct.ThrowIfCancellationRequested();
                for (var i = 0; i < values.Length; i++) values[i] = _getters[i](record);
                if (batcher.Add(values) is not null) throw new InvalidOperationException("a value does not fit its column's type");
                if (batcher.IsFull) yield return batcher.Build();
            }
            if (batcher.Rows > 0) yield return batcher.Build();
        }

        private IEnumerable<T> Call(object?[] arguments)
        {
            var given = method.GetParameters().Select((p, i) => Argument(p, arguments[i])).ToArray();
            return (IEnumerable<T>)method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, given, null)!;
        }

        private static object? Argument(ParameterInfo parameter, object? value)
        {
            if (value is not null) return parameter.ParameterType == typeof(int) || parameter.ParameterType == typeof(int?) ? checked((int)(long)value) : value;
            var nullable = Nullable.GetUnderlyingType(parameter.ParameterType) is not null || !parameter.ParameterType.IsValueType && new NullabilityInfoContext().Create(parameter).WriteState == NullabilityState.Nullable;
            return nullable ? null : throw new ArgumentException($"'{parameter.Name}' must not be NULL");
        }
    }
}
