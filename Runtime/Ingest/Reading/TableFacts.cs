using System.Text;
using FlowForge.Duck;
using FlowForge.Ingest.Types;
using FlowForge.Lake;

namespace FlowForge.Ingest.Reading;

/// <summary>What is known of the values that a table column holds: a wider type has to hold them too.</summary>
internal static class TableFacts
{
    public static ColumnFacts Of(DuckSession session, TableSnapshot table, string column, ColumnType type)
    {
        var facts = new ColumnFacts();
        var name = SqlText.Identifier(column);
        switch (type.Kind)
        {
            case TypeKind.TinyInt or TypeKind.SmallInt or TypeKind.Integer or TypeKind.BigInt:
                foreach (var value in session.Rows($"SELECT CAST(min({name}) AS VARCHAR), CAST(max({name}) AS VARCHAR) FROM {table.ScanSql()}")[0].OfType<string>()) facts.ObserveNumber(Encoding.ASCII.GetBytes(value));
                break;
            case TypeKind.Decimal:
                facts.HasNumber = facts.HasBigInteger = true;
                facts.HasFraction = type.Scale > 0;
                facts.BeyondInt64 = type.Scale == 0;
                (facts.IntegerDigits, facts.Scale) = (type.Precision - type.Scale, type.Scale);
                break;
            case TypeKind.Float or TypeKind.Double:
                // A double's digits are not known, so it never becomes a decimal.
                facts.HasNumber = facts.HasFraction = facts.HasExponent = true;
                break;
            case TypeKind.Boolean:
                facts.HasBoolean = true;
                break;
            case TypeKind.Date or TypeKind.Timestamp or TypeKind.TimestampTz:
                facts.HasTemporal = true;
                facts.HasTime = type.Kind != TypeKind.Date;
                facts.HasZone = type.Kind == TypeKind.TimestampTz;
                facts.LacksZone = !facts.HasZone;
                break;
            default:
                facts.HasText = true;
                break;
        }
        return facts;
    }
}
