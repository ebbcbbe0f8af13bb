using FlowForge.Duck;
using System.Globalization;

namespace FlowForge.Lake.Schema;

/// <summary>A column type as the Delta log names it. Compared by value.</summary>
public abstract record DeltaType
{
    /// <summary>The DuckDB type that holds its values, as SQL.</summary>
    public abstract string DuckType { get; }

    /// <summary>True when a value of this type can be a partition value and carry minimum and maximum statistics.</summary>
    public virtual bool IsPrimitive => false;

    /// <summary>True when this type or a part of it satisfies the condition.</summary>
    public virtual bool Any(Func<DeltaType, bool> condition) => condition(this);
}

/// <summary>A type without parameters: <c>string long integer short byte float double boolean binary date timestamp timestamp_ntz</c>.</summary>
public sealed record PrimitiveType(string Name) : DeltaType
{
    public static readonly PrimitiveType String = new("string"), Long = new("long"), Integer = new("integer"), Short = new("short"), Byte = new("byte"),
        Float = new("float"), Double = new("double"), Boolean = new("boolean"), Binary = new("binary"), Date = new("date"),
        Timestamp = new("timestamp"), TimestampNtz = new("timestamp_ntz");

    /// <inheritdoc/>
    public override string DuckType => Name switch
    {
        "string" => "VARCHAR",
        "long" => "BIGINT",
        "integer" => "INTEGER",
        "short" => "SMALLINT",
        "byte" => "TINYINT",
        "float" => "FLOAT",
        "double" => "DOUBLE",
        "boolean" => "BOOLEAN",
        "binary" => "BLOB",
        "date" => "DATE",
        "timestamp" => "TIMESTAMPTZ",
        "timestamp_ntz" => "TIMESTAMP",
        _ => throw new LakeException($"Delta type '{Name}' is not known here."),
    };

    /// <inheritdoc/>
    public override bool IsPrimitive => true;

    public override string ToString() => Name;
}

/// <summary>A decimal of at most 38 digits.</summary>
public sealed record DecimalType(int Precision, int Scale) : DeltaType
{
    /// <inheritdoc/>
    public override string DuckType => string.Create(CultureInfo.InvariantCulture, $"DECIMAL({Precision},{Scale})");

    /// <inheritdoc/>
    public override bool IsPrimitive => true;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"decimal({Precision},{Scale})");
}

/// <summary>A list.</summary>
public sealed record ArrayType(DeltaType Element, bool ContainsNull = true) : DeltaType
{
    /// <inheritdoc/>
    public override string DuckType => Element.DuckType + "[]";

    /// <inheritdoc/>
    public override bool Any(Func<DeltaType, bool> condition) => condition(this) || Element.Any(condition);

    public override string ToString() => $"array<{Element}>";
}

/// <summary>A map.</summary>
public sealed record MapType(DeltaType Key, DeltaType Value, bool ValueContainsNull = true) : DeltaType
{
    /// <inheritdoc/>
    public override string DuckType => $"MAP({Key.DuckType}, {Value.DuckType})";

    /// <inheritdoc/>
    public override bool Any(Func<DeltaType, bool> condition) => condition(this) || Key.Any(condition) || Value.Any(condition);

    public override string ToString() => $"map<{Key},{Value}>";
}

/// <summary>A record of named fields.</summary>
public sealed record StructType(IReadOnlyList<TableColumn> Fields) : DeltaType
{
    /// <inheritdoc/>
    public override string DuckType => $"STRUCT({string.Join(", ", Fields.Select(f => SqlText.Identifier(f.Name) + " " + f.Type.DuckType))})";

    /// <inheritdoc/>
    public override bool Any(Func<DeltaType, bool> condition) => condition(this) || Fields.Any(f => f.Type.Any(condition));

    public bool Equals(StructType? other) => other is not null && Fields.SequenceEqual(other.Fields);

    public override int GetHashCode() => Fields.Count == 0 ? 0 : Fields[0].GetHashCode();

    public override string ToString() => $"struct<{string.Join(",", Fields.Select(f => $"{f.Name}:{f.Type}"))}>";
}
