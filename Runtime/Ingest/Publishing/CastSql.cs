using FlowForge.Duck;
using FlowForge.Ingest.Types;
using FlowForge.Lake.Schema;

namespace FlowForge.Ingest.Publishing;

/// <summary>SQL that turns a typed value into another type, and tells whether it can without loss.</summary>
internal static class CastSql
{
    /// <summary>A type that the lake lacks: its times end at microseconds.</summary>
    public const string Nanoseconds = "TIMESTAMP_NS";

    /// <summary>The value as the type; nested values become JSON text.</summary>
    public static string Cast(string value, string from, string to) =>
        from == to ? value : to == "VARCHAR" && IsNested(from) ? $"CAST(to_json({value}) AS VARCHAR)" : $"CAST({value} AS {to})";

    /// <summary>As <see cref="Cast"/>, NULL where it cannot be done.</summary>
    /// <param name="format">strptime pattern for texts.</param>
    public static string TryCast(string value, string from, string to, string? format)
    {
        if (from == to || to == "VARCHAR") return Cast(value, from, to);
        if (from == "VARCHAR" && format is not null) return $"CAST(try_strptime({value}, {SqlText.Literal(format)}) AS {to})";
        return to == "JSON" ? $"CASE WHEN json_valid({value}) THEN {value} END" : $"TRY_CAST({value} AS {to})";
    }

    /// <summary>Whether every value of one type is one of the other, so that nothing needs proof.</summary>
    public static bool AlwaysFits(string from, string to) =>
        from == to || from == "NULL" || to == "VARCHAR" || from is not ("VARCHAR" or Nanoseconds) && to != "JSON" && TypeFit.Fits(DuckTypes.ToDelta(from), DuckTypes.ToDelta(to)) && !IsTextInTheLake(to) && !IsTextInTheLake(from);

    /// <summary>A condition that is true for values that the cast loses or changes. NULL never is.</summary>
    public static string Misfits(string value, string from, string to, string? format)
    {
        var cast = TryCast(value, from, to, format);
        var changed = (from, to) switch
        {
            ("VARCHAR", _) when format is not null => "false",
            ("VARCHAR", "DATE") => $"TRY_CAST({value} AS TIMESTAMP) IS DISTINCT FROM CAST({cast} AS TIMESTAMP)",
            // 2.5 is no integer and 1.999 no DECIMAL(4,2), although the engine rounds them.
            ("VARCHAR", _) when IsExactNumber(to) => $"CASE WHEN TRY_CAST({value} AS DECIMAL(38,12)) IS NULL THEN TRY_CAST({value} AS DOUBLE) IS DISTINCT FROM CAST({cast} AS DOUBLE) ELSE TRY_CAST({value} AS DECIMAL(38,12)) IS DISTINCT FROM TRY_CAST({cast} AS DECIMAL(38,12)) END",
            ("VARCHAR", _) => "false",
            _ => $"TRY_CAST({cast} AS {from}) IS DISTINCT FROM {value}",
        };
        return $"({value} IS NOT NULL AND ({cast} IS NULL OR {changed}))";
    }

    private static bool IsExactNumber(string type) => type.StartsWith("DECIMAL", StringComparison.Ordinal) || ColumnType.Parse(type)?.Kind is TypeKind.TinyInt or TypeKind.SmallInt or TypeKind.Integer or TypeKind.BigInt;

    // Delta keeps these as text, but that does not make them the same.
    private static bool IsTextInTheLake(string type) => DuckTypes.ToDelta(type) == PrimitiveType.String;

    private static bool IsNested(string type) => type.EndsWith(']') || type.StartsWith("STRUCT", StringComparison.Ordinal) || type.StartsWith("MAP", StringComparison.Ordinal);
}
