namespace FlowForge.Columnar;

/// <summary>A logical type. Types are immutable values: two of the same shape are equal.</summary>
public interface IArrowType
{
    ArrowTypeId TypeId { get; }

    /// <summary>Arrow's short name with parameters, as <c>timestamp[us, tz=UTC]</c>: for messages, not for parsing.</summary>
    string Name { get; }
}

/// <summary>Base of all types.</summary>
public abstract record ArrowType : IArrowType
{
    public abstract ArrowTypeId TypeId { get; }
    public abstract string Name { get; }
    public sealed override string ToString() => Name;

    internal static string Text(TimeUnit unit) => unit switch
    {
        TimeUnit.Second => "s",
        TimeUnit.Millisecond => "ms",
        TimeUnit.Microsecond => "us",
        _ => "ns",
    };
}

/// <summary>A type whose values all take <see cref="BitWidth"/> bits.</summary>
public abstract record FixedWidthType : ArrowType
{
    public abstract int BitWidth { get; }

    /// <summary>Bytes of one value; 0 for booleans, which are bits.</summary>
    public int ByteWidth => BitWidth / 8;
}

public sealed record NullType : ArrowType
{
    public static readonly NullType Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.Null;
    public override string Name => "null";
}

public sealed record BooleanType : FixedWidthType
{
    public static readonly BooleanType Default = new();
    public override ArrowTypeId TypeId => ArrowTypeId.Boolean;
    public override string Name => "bool";
    public override int BitWidth => 1;
}
