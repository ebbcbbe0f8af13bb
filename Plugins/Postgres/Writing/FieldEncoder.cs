using System.Buffers.Binary;
using System.Numerics;
using FlowForge.Columnar;
using FlowForge.Plugins.Postgres.Decoding;

namespace FlowForge.Plugins.Postgres.Writing;

/// <summary>Writes one column's values in the binary form of the column's type there.</summary>
internal abstract class FieldEncoder
{
    private IArrowArray _array = null!;

    /// <summary>Begins with a batch's column, borrowed until the next call.</summary>
    public virtual void Bind(IArrowArray array) => _array = array;

    /// <exception cref="UnfitValueException">The type there cannot hold the value.</exception>
    public void Write(CopyRows to, int row)
    {
        if (_array.IsNull(row)) to.Null();
        else WriteValue(to, row);
    }

    /// <summary>A value that is not null.</summary>
    protected abstract void WriteValue(CopyRows to, int row);
}

/// <summary>The column's array in its own type.</summary>
internal abstract class FieldEncoder<TArray> : FieldEncoder where TArray : class, IArrowArray
{
    protected TArray Array { get; private set; } = null!;

    public override void Bind(IArrowArray array)
    {
        base.Bind(array);
        Array = (TArray)array;
    }
}

internal sealed class NullEncoder : FieldEncoder
{
    protected override void WriteValue(CopyRows to, int row) => to.Null();
}

internal sealed class BooleanEncoder : FieldEncoder<BooleanArray>
{
    protected override void WriteValue(CopyRows to, int row) => to.Field(1)[0] = Array.GetValue(row) == true ? (byte)1 : (byte)0;
}

/// <summary>Integers up to 64 bits as int2, int4 or int8.</summary>
internal sealed class IntegerEncoder<T>(int width) : FieldEncoder<PrimitiveArray<T>> where T : unmanaged, IBinaryInteger<T>
{
    protected override void WriteValue(CopyRows to, int row)
    {
        var value = long.CreateTruncating(Array.Values[row]);
        var field = to.Field(width);
        switch (width)
        {
            case 2: BinaryPrimitives.WriteInt16BigEndian(field, (short)value); break;
            case 4: BinaryPrimitives.WriteInt32BigEndian(field, (int)value); break;
            default: BinaryPrimitives.WriteInt64BigEndian(field, value); break;
        }
    }
}

/// <summary>Numbers as float4 or float8, where all of their values are exact.</summary>
internal sealed class FloatEncoder<T>(int width) : FieldEncoder<PrimitiveArray<T>> where T : unmanaged, INumberBase<T>
{
    protected override void WriteValue(CopyRows to, int row)
    {
        var value = Array.Values[row];
        if (width == 4) BinaryPrimitives.WriteSingleBigEndian(to.Field(4), float.CreateTruncating(value));
        else BinaryPrimitives.WriteDoubleBigEndian(to.Field(8), double.CreateTruncating(value));
    }
}

/// <summary>Values of a dictionary, by the encoder of what is in it.</summary>
internal sealed class DictionaryEncoder(FieldEncoder values) : FieldEncoder<DictionaryArray>
{
    public override void Bind(IArrowArray array)
    {
        base.Bind(array);
        values.Bind(Array.Dictionary);
    }

    protected override void WriteValue(CopyRows to, int row) => values.Write(to, Array.GetIndex(row));
}
