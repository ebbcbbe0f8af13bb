using System.Reflection;
using System.Runtime.CompilerServices;
using FlowForge.Columnar;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Rows;

/// <summary>Rows of a source of typed records: their public properties are the columns.</summary>
internal abstract class RecordReader
{
    public abstract Schema Schema { get; }

    public abstract IAsyncEnumerable<SourceBatch> ReadAsync(CancellationToken ct);

    /// <summary>The <c>T</c> of the connector's <see cref="IRecordSource{T}"/>, or null.</summary>
    public static Type? RecordType(IConnector connector) => connector.GetType().GetInterfaces()
        .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IRecordSource<>))?.GetGenericArguments()[0];

    /// <exception cref="PluginException">The records have no columns, or one that no table can hold.</exception>
    public static RecordReader Create(Type record, IConnector connector, ReadRequest request)
    {
        try
        {
            return (RecordReader)Activator.CreateInstance(typeof(RecordReader<>).MakeGenericType(record), connector, request)!;
        }
        catch (TargetInvocationException e) when (e.InnerException is PluginException inner)
        {
            throw inner;
        }
    }
}

internal sealed class RecordReader<T> : RecordReader
{
    private readonly IRecordSource<T> _source;
    private readonly ReadRequest _request;
    private readonly Func<T, object?>[] _getters;
    private readonly RowBatcher _batcher;

    public RecordReader(IRecordSource<T> source, ReadRequest request)
    {
        (_source, _request) = (source, request);
        var properties = ValueTypes.Properties(typeof(T));
        if (properties.Count == 0) throw new PluginException($"Records of {typeof(T).Name} have no public properties, so they have no columns. Use a record or class of your own.");
        _batcher = new RowBatcher([.. properties.Select(p => new ValueColumn(p.Name, ValueTypes.Of(p.PropertyType)
            ?? throw new PluginException($"Property {typeof(T).Name}.{p.Name} is {p.PropertyType.Name}, which cannot be a column. Use text, bool, numbers, times, Guid, bytes, lists, string-keyed dictionaries or records of these.")))]);
        _getters = [.. properties.Select(Getter)];
    }

    public override Schema Schema => _batcher.Schema;

    public override async IAsyncEnumerable<SourceBatch> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var values = new object?[_getters.Length];
        await foreach (var record in _source.ReadAsync(_request, ct).WithCancellation(ct).ConfigureAwait(false))
        {
            for (var i = 0; i < values.Length; i++) values[i] = _getters[i](record);
            if (_batcher.Add(values) is { } before) yield return new SourceBatch(before);
            if (_batcher.IsFull) yield return new SourceBatch(_batcher.Build());
        }
        if (_batcher.Rows > 0) yield return new SourceBatch(_batcher.Build());
    }

    // A delegate on the property's own getter is some twenty times faster than reflection.
    public static Func<T, object?> Getter(PropertyInfo property)
    {
        if (typeof(T).IsValueType) return record => property.GetValue(record);
        var make = typeof(RecordReader<T>).GetMethod(nameof(Boxed), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(property.PropertyType);
        return (Func<T, object?>)make.Invoke(null, [property.GetGetMethod()!])!;
    }

    private static Func<T, object?> Boxed<TValue>(MethodInfo getter)
    {
        var get = getter.CreateDelegate<Func<T, TValue>>();
        return record => get(record);
    }
}
