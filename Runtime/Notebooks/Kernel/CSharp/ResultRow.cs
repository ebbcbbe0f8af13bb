using System.Dynamic;
using System.Globalization;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>The columns that rows share.</summary>
internal sealed class RowColumns(string[] names)
{
    private readonly Dictionary<string, int> _index = names.Select((name, i) => (name, i)).DistinctBy(c => c.name, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(c => c.name, c => c.i, StringComparer.OrdinalIgnoreCase);

    public string[] Names => names;

    public int? Find(string name) => _index.TryGetValue(name, out var i) ? i : null;
}

/// <summary>One row: <c>row["delay"]</c>, <c>row.Get&lt;double&gt;("delay")</c>, or <c>row.delay</c> when declared <c>dynamic</c>. Immutable.</summary>
public sealed class ResultRow : DynamicObject
{
    private readonly RowColumns _columns;
    private readonly object?[] _values;

    internal ResultRow(RowColumns columns, object?[] values)
    {
        _columns = columns;
        _values = values;
    }

    /// <summary>Names of the columns.</summary>
    public IReadOnlyList<string> Columns => _columns.Names;

    /// <summary>Value by position, from 0; null for NULL.</summary>
    public object? this[int column] => _values[column];

    /// <summary>Value by name, whose case does not matter; null for NULL.</summary>
    /// <exception cref="KeyNotFoundException">No such column; the message lists those there are.</exception>
    public object? this[string column] => _values[_columns.Find(column) ?? throw new KeyNotFoundException($"No column '{column}'. There are: {string.Join(", ", _columns.Names)}.")];

    /// <summary>Value converted; default for NULL.</summary>
    public T? Get<T>(string column) => this[column] switch
    {
        null => default,
        T same => same,
        var other => (T)Convert.ChangeType(other, Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T), CultureInfo.InvariantCulture),
    };

    public override bool TryGetMember(GetMemberBinder binder, out object? result)
    {
        var found = _columns.Find(binder.Name);
        result = found is { } i ? _values[i] : null;
        return found is not null;
    }

    public override IEnumerable<string> GetDynamicMemberNames() => _columns.Names;

    public override string ToString() => string.Join(", ", _columns.Names.Zip(_values, (n, v) => string.Create(CultureInfo.InvariantCulture, $"{n}={v ?? "NULL"}")));
}
