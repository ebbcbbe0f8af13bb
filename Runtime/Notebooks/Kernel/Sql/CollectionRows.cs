using System.Collections;
using System.Globalization;
using FlowForge.Columnar;
using FlowForge.Duck;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>A C# collection as rows for SQL: a column for each readable property (or field), or one column <c>value</c> of simple elements.</summary>
internal sealed class CollectionRows
{
    private const int BatchRows = 2048;
    private readonly IEnumerable _items;
    private readonly Schema _schema;
    private readonly Func<object, object?>[] _values;

    private CollectionRows(IEnumerable items, IReadOnlyList<(string Name, Type Type, Func<object, object?> Value)> members)
    {
        _items = items;
        _values = [.. members.Select(m => Converted(m.Type, m.Value))];
        _schema = new Schema([.. members.Select(m => new Field(m.Name, TypeOf(m.Type)))]);
    }

    public bool IsOver(CollectionRows other) => ReferenceEquals(_items, other._items);

    /// <summary>Rows over a value, or null when it is no collection of elements with columns.</summary>
    public static CollectionRows? TryMake(object? value)
    {
        if (value is string || value is not IEnumerable items) return null;
        var element = value.GetType().GetInterfaces().Append(value.GetType())
            .FirstOrDefault(t => t.IsGenericType && t.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0];
        if (element is null || element == typeof(object)) return null;
        var members = Members.Of(element);
        return members.Count == 0 ? null : new CollectionRows(items, members);
    }

    public TableFunctionResult Open() => new(_schema, Batches);

    private IEnumerable<RecordBatch> Batches(CancellationToken ct)
    {
        var builder = new RecordBatchBuilder(_schema);
        var row = new object?[_values.Length];
        foreach (var item in _items)
        {
            ct.ThrowIfCancellationRequested();
            for (var i = 0; i < row.Length; i++) row[i] = item is null ? null : _values[i](item);
            builder.AppendRow(row);
            if (builder.Length == BatchRows) yield return builder.Build();
        }
        if (builder.Length > 0) yield return builder.Build();
    }

    private static IArrowType TypeOf(Type declared)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        // The widest decimal of .NET has 29 digits before the point; that leaves nine behind it.
        return type == typeof(decimal) ? new Decimal128Type(38, 9) : ClrTypes.Of(type) ?? StringType.Default;
    }

    private static Func<object, object?> Converted(Type declared, Func<object, object?> value)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (type == typeof(decimal)) return item => value(item) is decimal d ? decimal.Round(d, 9) : null;
        if (TypeOf(declared) is not StringType) return value;
        return item => value(item) is { } other ? Convert.ToString(other, CultureInfo.InvariantCulture) : null;
    }
}
