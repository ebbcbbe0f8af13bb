using System.Buffers.Binary;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Postgres.Decoding;

/// <summary>Arrays of one dimension; lower bounds are not kept.</summary>
/// <param name="builder">The column's builder.</param>
/// <param name="element">Decodes into the builder's <c>Values</c>.</param>
internal sealed class ListDecoder(ListBuilder builder, ColumnDecoder element) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value)
    {
        var dimensions = BinaryPrimitives.ReadInt32BigEndian(value);
        if (dimensions > 1) throw new UnfitValueException($"an array of {dimensions} dimensions", "Set arrays: json.");
        builder.Append();
        if (dimensions == 0) return;
        var count = BinaryPrimitives.ReadInt32BigEndian(value[12..]);
        var rest = value[20..];
        for (var i = 0; i < count; i++)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest);
            rest = rest[4..];
            if (length < 0)
            {
                builder.Values.AppendNull();
                continue;
            }
            element.Add(rest[..length]);
            rest = rest[length..];
        }
    }
}
