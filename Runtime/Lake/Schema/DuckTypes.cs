using System.Globalization;
using System.Text;

namespace FlowForge.Lake.Schema;

/// <summary>
/// Maps DuckDB's types (as <c>DESCRIBE</c> writes them) to Delta's. What Delta lacks becomes the nearest type that loses nothing:
/// unsigned integers widen, 128-bit integers become <c>decimal(38,0)</c> (DuckDB itself would silently write them as doubles),
/// times, intervals, UUIDs, enums, bits and JSON become text.
/// </summary>
public static class DuckTypes
{
    /// <summary>The Delta type for a DuckDB type.</summary>
    /// <exception cref="LakeException">The type cannot be stored.</exception>
    public static DeltaType ToDelta(string duckType)
    {
        var reader = new TypeReader(duckType);
        var type = reader.Read();
        reader.End();
        return type;
    }

    private ref struct TypeReader(string text)
    {
        private int at = 0;

        public DeltaType Read()
        {
            var type = ReadBase();
            while (Take('['))
            {
                while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
                Expect(']');
                type = new ArrayType(type);
            }
            return type;
        }

        public void End()
        {
            if (at != text.Length) throw Unknown();
        }

        private DeltaType ReadBase()
        {
            var word = ReadWord();
            switch (word.ToUpperInvariant())
            {
                case "STRUCT": return new StructType(ReadFields());
                case "MAP":
                    Expect('(');
                    var key = Read();
                    Expect(',');
                    var value = Read();
                    Expect(')');
                    return new MapType(key, value);
                case "DECIMAL" or "NUMERIC":
                    if (!Take('(')) return new DecimalType(18, 3);
                    var precision = ReadNumber();
                    var scale = Take(',') ? ReadNumber() : 0;
                    Expect(')');
                    return new DecimalType(precision, scale);
                case "ENUM":
                    SkipParentheses();
                    return PrimitiveType.String;
                case "VARCHAR" or "TEXT" or "STRING" or "CHAR" or "BPCHAR":
                    if (at < text.Length && text[at] == '(') SkipParentheses();
                    return PrimitiveType.String;
                default: return Simple(word);
            }
        }

        private readonly DeltaType Simple(string word) => word.ToUpperInvariant() switch
        {
            "BOOLEAN" or "BOOL" => PrimitiveType.Boolean,
            "TINYINT" => PrimitiveType.Byte,
            "SMALLINT" or "UTINYINT" => PrimitiveType.Short,
            "INTEGER" or "INT" or "USMALLINT" => PrimitiveType.Integer,
            "BIGINT" or "UINTEGER" => PrimitiveType.Long,
            "UBIGINT" => new DecimalType(20, 0),
            "HUGEINT" or "UHUGEINT" or "BIGNUM" => new DecimalType(38, 0),
            "FLOAT" or "REAL" => PrimitiveType.Float,
            "DOUBLE" => PrimitiveType.Double,
            "BLOB" or "BYTEA" => PrimitiveType.Binary,
            "DATE" => PrimitiveType.Date,
            "TIMESTAMP" or "TIMESTAMP_S" or "TIMESTAMP_MS" or "TIMESTAMP_NS" => PrimitiveType.TimestampNtz,
            "TIMESTAMP WITH TIME ZONE" or "TIMESTAMPTZ" => PrimitiveType.Timestamp,
            "TIME" or "TIME WITH TIME ZONE" or "TIMETZ" or "TIME_NS" or "INTERVAL" or "UUID" or "JSON" or "BIT" or "NULL" or "\"NULL\"" or "SQLNULL" => PrimitiveType.String,
            _ => throw Unknown(),
        };

        private List<TableColumn> ReadFields()
        {
            Expect('(');
            var fields = new List<TableColumn>();
            do
            {
                Blank();
                var name = ReadName();
                if (name.Length == 0) throw Unknown();
                fields.Add(new TableColumn(name, Read()));
            }
            while (Take(','));
            Expect(')');
            return fields;
        }

        // A type's name may be several words: TIMESTAMP WITH TIME ZONE.
        private string ReadWord()
        {
            Blank();
            if (at < text.Length && text[at] == '"') return '"' + ReadName() + '"';
            var start = at;
            while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '_' or ' ')) at++;
            return text[start..at].Trim();
        }

        private string ReadName()
        {
            var name = new StringBuilder();
            if (!Take('"'))
            {
                while (at < text.Length && text[at] != ' ') name.Append(text[at++]);
                return name.ToString();
            }
            for (; ; at++)
            {
                if (at >= text.Length) throw Unknown();
                if (text[at] != '"') name.Append(text[at]);
                else if (at + 1 < text.Length && text[at + 1] == '"') name.Append(text[at++]);
                else break;
            }
            at++;
            return name.ToString();
        }

        private int ReadNumber()
        {
            Blank();
            var start = at;
            while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
            return int.TryParse(text.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw Unknown();
        }

        // Enum values are quoted and may hold parentheses.
        private void SkipParentheses()
        {
            Expect('(');
            for (var quoted = false; at < text.Length; at++)
            {
                if (text[at] == '\'') quoted = !quoted;
                else if (text[at] == ')' && !quoted) break;
            }
            Expect(')');
        }

        private void Blank()
        {
            while (at < text.Length && text[at] == ' ') at++;
        }

        private bool Take(char c)
        {
            Blank();
            if (at >= text.Length || text[at] != c) return false;
            at++;
            return true;
        }

        private void Expect(char c)
        {
            if (!Take(c)) throw Unknown();
        }

        private readonly LakeException Unknown() => new($"DuckDB type {text} cannot be stored in a Delta table; cast the column, for example to VARCHAR.");
    }
}
