using System.Text.Unicode;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Postgres.Decoding;

/// <summary>Text as UTF-8; the server converts it.</summary>
internal sealed class TextDecoder(StringArray.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(value);
}

/// <summary>Text of a database that declares no encoding: nobody but us has checked it.</summary>
internal sealed class UncheckedTextDecoder(StringArray.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value)
    {
        if (!Utf8.IsValid(value))
            throw new UnfitValueException("text that is not UTF-8 (the database's encoding is SQL_ASCII, which checks nothing)", "Convert it in a query, e.g. convert_from(column::bytea, 'LATIN1').");
        builder.Append(value);
    }
}

/// <summary>jsonb: a version number, then its text.</summary>
internal sealed class JsonbDecoder(StringArray.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(value[1..]);
}

internal sealed class BytesDecoder(BinaryArray.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(value);
}
