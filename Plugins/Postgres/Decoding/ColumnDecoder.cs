using FlowForge.Columnar;

namespace FlowForge.Plugins.Postgres.Decoding;

/// <summary>Takes one column's values from their binary form in a COPY stream into a builder.</summary>
internal abstract class ColumnDecoder(ArrayBuilder builder)
{
    public ArrayBuilder Builder { get; } = builder;

    /// <summary>Adds a value; the span is valid only during the call.</summary>
    public abstract void Add(ReadOnlySpan<byte> value);

    /// <summary>Adds the values of a block of rows.</summary>
    /// <param name="bytes">The rows.</param>
    /// <param name="block">Where their fields lie in them.</param>
    /// <param name="column">Whose.</param>
    public virtual void AddAll(ReadOnlySpan<byte> bytes, RowBlock block, int column)
    {
        var places = block.Places;
        for (int row = 0, at = column; row < block.Count; row++, at += block.Stride)
        {
            var place = places[at];
            if (place.Length < 0) Builder.AppendNull();
            else Add(bytes.Slice(place.Start, place.Length));
        }
    }
}

/// <summary>How a value of fixed width is written on the wire.</summary>
internal interface IWireForm<T>
{
    static abstract T Read(ReadOnlySpan<byte> value);
}

/// <summary>Values of fixed width; the form is a type, so that the loop over a column has no call in it.</summary>
internal sealed class FixedDecoder<T, TForm>(PrimitiveBuilder<T> builder) : ColumnDecoder(builder) where T : unmanaged where TForm : struct, IWireForm<T>
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(TForm.Read(value));

    public override void AddAll(ReadOnlySpan<byte> bytes, RowBlock block, int column)
    {
        var places = block.Places;
        var (stride, at) = (block.Stride, column);
        if (!block.HasNulls(column))
        {
            foreach (ref var value in builder.Extend(block.Count))
            {
                var place = places[at];
                value = TForm.Read(bytes.Slice(place.Start, place.Length));
                at += stride;
            }
            return;
        }
        for (var row = 0; row < block.Count; row++, at += stride)
        {
            var place = places[at];
            if (place.Length < 0) builder.AppendNull();
            else builder.Append(TForm.Read(bytes.Slice(place.Start, place.Length)));
        }
    }
}

/// <summary>A value that its column cannot hold. The reader adds the column's name.</summary>
internal sealed class UnfitValueException(string message, string suggestion) : Exception(message)
{
    public string Suggestion { get; } = suggestion;
}
