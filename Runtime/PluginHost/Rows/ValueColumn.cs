using System.Globalization;
using FlowForge.Columnar;

namespace FlowForge.PluginHost.Rows;

/// <summary>A column made of CLR values. Where a value does not fit, the column becomes wider; it never drops one.</summary>
internal sealed class ValueColumn
{
    private ArrayBuilder _builder;

    /// <param name="name">As the source calls it.</param>
    /// <param name="type">What the source says; <see cref="NullType"/> when only the values can tell.</param>
    public ValueColumn(string name, IArrowType type) => (Name, _builder) = (name, ArrayBuilder.Create(type));

    public string Name { get; }
    public IArrowType Type => _builder.Type;
    public long Bytes => _builder is BinaryBuilder binary ? binary.ByteLength : 0;

    /// <summary>Adds the value, or says that the column has to be widened first.</summary>
    public bool TryAppend(object? value)
    {
        if (value is null or DBNull)
        {
            _builder.AppendNull();
            return true;
        }
        if (Type is NullType) return false;
        var length = _builder.Length;
        try
        {
            Append(value);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or OverflowException or InvalidCastException)
        {
            _builder.Truncate(length);
            return false;
        }
    }

    private void Append(object value)
    {
        switch (_builder)
        {
            case StringArray.Builder text: text.Append(ValueText.Of(value)); break;
            case Decimal128Array.Builder exact: exact.Append(value is decimal d ? d : value is double or float ? throw new InvalidCastException() : Convert.ToDecimal(value, CultureInfo.InvariantCulture)); break;
            case DoubleArray.Builder number when value is long or ulong && Math.Abs(Convert.ToDecimal(value, CultureInfo.InvariantCulture)) > 1L << 53: throw new OverflowException();
            case DoubleArray.Builder when value is decimal: throw new InvalidCastException();
            case ListBuilder or StructBuilder or MapBuilder: _builder.AppendObject(ValueTypes.Nested(value)); break;
            case BooleanArray.Builder when value is not bool: throw new InvalidCastException();
            case not BooleanArray.Builder when value is bool: throw new InvalidCastException();
            default: _builder.AppendObject(value); break;
        }
    }

    /// <summary>Makes room for a value that did not fit. The builder must be empty of rows that were not taken.</summary>
    public void WidenFor(object value)
    {
        var wider = ValueTypes.Wider(Type, value);
        if (wider.Equals(Type)) throw new PluginException($"Column '{Name}' is {Type.Name} and cannot take the value {Shown(value)}.");
        _builder = ArrayBuilder.Create(wider);
    }

    public IArrowArray Build() => _builder.Build();

    /// <summary>Takes back the values from a length on.</summary>
    public void Truncate(int length) => _builder.Truncate(length);

    private static string Shown(object value)
    {
        var text = ValueText.Of(value);
        return text.Length > 100 ? text[..100] + "…" : text;
    }
}
