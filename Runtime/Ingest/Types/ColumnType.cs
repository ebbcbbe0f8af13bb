using FlowForge.Columnar;

namespace FlowForge.Ingest.Types;

/// <summary>The types that texts are proved to be; a column without values yet is <c>Unknown</c>. Order is no lattice: see <see cref="ColumnFacts"/>.</summary>
internal enum TypeKind { Unknown, Text, Boolean, TinyInt, SmallInt, Integer, BigInt, Float, Double, Decimal, Date, Time, Timestamp, TimestampTz, Uuid, Json }

/// <summary>A column's type with all that is needed to read its texts.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Precision">Digits of a decimal.</param>
/// <param name="Scale">Digits after a decimal's point.</param>
/// <param name="Order">How numeric dates are written.</param>
/// <param name="Format">strptime pattern that overrides <paramref name="Order"/>.</param>
internal sealed record ColumnType(TypeKind Kind, int Precision = 0, int Scale = 0, DateOrders Order = DateOrders.YearMonthDay, string? Format = null)
{
    public static readonly ColumnType Unknown = new(TypeKind.Unknown);
    public static readonly ColumnType Text = new(TypeKind.Text);
    public static readonly ColumnType BigInt = new(TypeKind.BigInt);
    public static readonly ColumnType Double = new(TypeKind.Double);
    public static readonly ColumnType Boolean = new(TypeKind.Boolean);

    /// <summary>As DuckDB writes it.</summary>
    public string Name => Kind switch
    {
        TypeKind.Text or TypeKind.Json or TypeKind.Unknown => "VARCHAR",
        TypeKind.Decimal => $"DECIMAL({Precision},{Scale})",
        TypeKind.TimestampTz => "TIMESTAMP WITH TIME ZONE",
        _ => Kind.ToString().ToUpperInvariant(),
    };

    public IArrowType Arrow => Kind switch
    {
        TypeKind.Boolean => BooleanType.Default,
        TypeKind.TinyInt => Int8Type.Default,
        TypeKind.SmallInt => Int16Type.Default,
        TypeKind.Integer => Int32Type.Default,
        TypeKind.BigInt => Int64Type.Default,
        TypeKind.Float => FloatType.Default,
        TypeKind.Double => DoubleType.Default,
        TypeKind.Decimal => new Decimal128Type(Precision, Scale),
        TypeKind.Date => Date32Type.Default,
        TypeKind.Time => new Time64Type(TimeUnit.Microsecond),
        TypeKind.Timestamp => new TimestampType(TimeUnit.Microsecond, (string?)null),
        TypeKind.TimestampTz => new TimestampType(TimeUnit.Microsecond, "UTC"),
        TypeKind.Uuid => StringType.Default,
        _ => StringType.Default,
    };

    /// <summary>A type as a user schema or a table writes it; null for those that texts cannot be read as.</summary>
    public static ColumnType? Parse(string name, string? format = null)
    {
        var text = name.Trim().ToUpperInvariant();
        if (text.StartsWith("DECIMAL", StringComparison.Ordinal) || text.StartsWith("NUMERIC", StringComparison.Ordinal))
        {
            var open = text.IndexOf('(');
            if (open < 0) return new ColumnType(TypeKind.Decimal, 18, 3);
            var parts = text[(open + 1)..].TrimEnd(')').Split(',', StringSplitOptions.TrimEntries);
            var scale = 0;
            return int.TryParse(parts[0], out var precision) && (parts.Length == 1 || int.TryParse(parts[1], out scale)) && precision is > 0 and <= 38 && scale >= 0 && scale <= precision
                ? new ColumnType(TypeKind.Decimal, precision, scale)
                : null;
        }
        TypeKind? kind = text switch
        {
            "VARCHAR" or "TEXT" or "STRING" or "CHAR" => TypeKind.Text,
            "BOOLEAN" or "BOOL" => TypeKind.Boolean,
            "TINYINT" or "INT1" => TypeKind.TinyInt,
            "SMALLINT" or "INT2" => TypeKind.SmallInt,
            "INTEGER" or "INT" or "INT4" => TypeKind.Integer,
            "BIGINT" or "INT8" or "LONG" => TypeKind.BigInt,
            "FLOAT" or "REAL" or "FLOAT4" => TypeKind.Float,
            "DOUBLE" or "FLOAT8" => TypeKind.Double,
            "DATE" => TypeKind.Date,
            "TIME" => TypeKind.Time,
            "TIMESTAMP" or "DATETIME" => TypeKind.Timestamp,
            "TIMESTAMPTZ" or "TIMESTAMP WITH TIME ZONE" => TypeKind.TimestampTz,
            "UUID" => TypeKind.Uuid,
            "JSON" => TypeKind.Json,
            _ => null,
        };
        return kind is { } known ? new ColumnType(known, Format: format) : null;
    }
}

/// <summary>In which order the parts of a date stand. Several flags: the text can be read in several ways.</summary>
[Flags]
internal enum DateOrders : byte { None = 0, YearMonthDay = 1, DayMonthYear = 2, MonthDayYear = 4, NamedMonth = 8, All = 15 }
