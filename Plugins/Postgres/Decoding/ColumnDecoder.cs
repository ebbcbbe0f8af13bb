using FlowForge.Columnar;

namespace FlowForge.Plugins.Postgres.Decoding;

/// <summary>Takes one column's values from their binary form in a COPY stream into a builder.</summary>
internal abstract class ColumnDecoder(ArrayBuilder builder)
{
    public ArrayBuilder Builder { get; } = builder;

    /// <summary>Adds a value; the span is valid only during the call.</summary>
    public abstract void Add(ReadOnlySpan<byte> value);
}

/// <summary>A value that its column cannot hold. The reader adds the column's name.</summary>
internal sealed class UnfitValueException(string message, string suggestion) : Exception(message)
{
    public string Suggestion { get; } = suggestion;
}
