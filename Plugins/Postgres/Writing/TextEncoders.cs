using System.Text;
using FlowForge.Columnar;
using FlowForge.Plugins.Postgres.Decoding;

namespace FlowForge.Plugins.Postgres.Writing;

/// <summary>What is refused in every kind of text.</summary>
internal static class TextRules
{
    /// <exception cref="UnfitValueException">There is a NUL in it.</exception>
    public static ReadOnlySpan<byte> WithoutNul(ReadOnlySpan<byte> text) => text.Contains((byte)0)
        ? throw new UnfitValueException("a text with a NUL character (U+0000), which PostgreSQL cannot store", "Take it out in the SQL of the table: replace(column, chr(0), '').")
        : text;
}

/// <summary>Text as it is; jsonb has a version before it.</summary>
internal sealed class TextEncoder(bool jsonb) : FieldEncoder
{
    private BinaryArray? _texts;
    private LargeBinaryArray? _large;

    public override void Bind(IArrowArray array)
    {
        base.Bind(array);
        (_texts, _large) = (array as BinaryArray, array as LargeBinaryArray);
    }

    protected override void WriteValue(CopyRows to, int row)
    {
        var text = TextRules.WithoutNul(_texts is { } texts ? texts.GetBytes(row) : _large!.GetBytes(row));
        if (jsonb)
        {
            var field = to.Field(text.Length + 1);
            field[0] = 1;
            text.CopyTo(field[1..]);
        }
        else to.Field(text);
    }
}

/// <summary>Text that stands for a uuid.</summary>
internal sealed class UuidTextEncoder : FieldEncoder<StringArray>
{
    protected override void WriteValue(CopyRows to, int row)
    {
        if (!Guid.TryParse(Encoding.UTF8.GetString(Array.GetBytes(row)), out var value))
            throw new UnfitValueException("a text that is no uuid", "Mend it in the SQL of the table, or make the column text.");
        value.TryWriteBytes(to.Field(16), bigEndian: true, out _);
    }
}

internal sealed class UuidEncoder : FieldEncoder<UuidArray>
{
    protected override void WriteValue(CopyRows to, int row) => to.Field(Array.GetBytes(row));
}

/// <summary>A uuid where text is asked for.</summary>
internal sealed class UuidAsTextEncoder : FieldEncoder<UuidArray>
{
    protected override void WriteValue(CopyRows to, int row) => new Guid(Array.GetBytes(row), bigEndian: true).TryFormat(to.Field(36), out _);
}

internal sealed class BytesEncoder : FieldEncoder
{
    private IArrowArray _bytes = null!;

    public override void Bind(IArrowArray array)
    {
        base.Bind(array);
        _bytes = array;
    }

    protected override void WriteValue(CopyRows to, int row) => to.Field(_bytes switch
    {
        BinaryArray a => a.GetBytes(row),
        LargeBinaryArray a => a.GetBytes(row),
        _ => ((FixedSizeBinaryArray)_bytes).GetBytes(row),
    });
}
