using System.Globalization;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Sqlite;

/// <summary>
/// What columns become. SQLite lets any column hold any kind of value, so the declared type proves nothing: the kinds that are
/// really there are asked for first, in the transaction that reads the rows.
/// </summary>
/// <param name="isMixture">Whether the values are of kinds that SQLite keeps apart when it compares them, and became text.</param>
internal sealed class SqliteColumn(string name, IArrowType type, bool isMixture = false)
{
    public Field Field { get; } = new(name, type);

    public bool IsMixture => isMixture;

    /// <summary>The columns of anything that may stand behind FROM.</summary>
    public static IReadOnlyList<SqliteColumn> Prove(Database database, string from)
    {
        var declared = new List<(string Name, string Type)>();
        using (var look = database.Prepare($"SELECT * FROM {from} LIMIT 0"))
            for (var i = 0; i < look.Columns; i++) declared.Add((look.Name(i), look.Declared(i).ToUpperInvariant()));
        if (declared.GroupBy(d => d.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new TerminalException($"The query gives column {twice.Key} {twice.Count()} times.", "Name each column once, with AS.");
        var kinds = new (bool Integer, bool Real, bool Text, bool Blob, bool Bits)[declared.Count];
        // In blocks: a statement gives at most 2,000 columns.
        for (var start = 0; start < declared.Count; start += 300) Ask(database, from, declared, kinds, start, Math.Min(300, declared.Count - start));
        // A double holds each integer up to 2^53 alone: among reals, larger ones would change in silence.
        var inexact = declared.Where((_, i) => kinds[i] is { Integer: true, Real: true, Text: false, Blob: false }).Select(d => d.Name).Where(n => HasLarge(database, from, n)).ToHashSet(StringComparer.Ordinal);
        return [.. declared.Select((d, i) => inexact.Contains(d.Name)
            ? new SqliteColumn(d.Name, StringType.Default, isMixture: true)
            : new SqliteColumn(d.Name, TypeOf(d.Type, kinds[i]), kinds[i] is { Text: true } and not { Integer: false, Real: false, Blob: false } or { Blob: true } and not { Integer: false, Real: false }))];
    }

    private static bool HasLarge(Database database, string from, string column)
    {
        var name = SqliteSql.Name(column);
        using var answer = database.Prepare($"SELECT EXISTS (SELECT 1 FROM {from} WHERE typeof({name}) = 'integer' AND {name} NOT BETWEEN -9007199254740992 AND 9007199254740992)");
        answer.Step();
        return Native.Int64(answer.Handle, 0) != 0;
    }

    private static void Ask(Database database, string from, List<(string Name, string Type)> columns, (bool, bool, bool, bool, bool)[] kinds, int start, int count)
    {
        var asked = columns.Skip(start).Take(count).Select(c => SqliteSql.Name(c.Name)).Select(c =>
            $"max(typeof({c}) = 'integer'), max(typeof({c}) = 'real'), max(typeof({c}) = 'text'), max(typeof({c}) = 'blob'), min({c} IS NULL OR (typeof({c}) = 'integer' AND {c} IN (0, 1)))");
        using var answer = database.Prepare($"SELECT {string.Join(", ", asked)} FROM {from}");
        answer.Step();
        for (var i = 0; i < count; i++) kinds[start + i] = (Is(i, 0), Is(i, 1), Is(i, 2), Is(i, 3), Is(i, 4));
        bool Is(int column, int kind) => Native.Int64(answer.Handle, column * 5 + kind) != 0;
    }

    private static IArrowType TypeOf(string declared, (bool Integer, bool Real, bool Text, bool Blob, bool Bits) kinds) => kinds switch
    {
        (false, false, false, false, _) => Declared(declared),
        (true, false, false, false, true) when declared.StartsWith("BOOL", StringComparison.Ordinal) => BooleanType.Default,
        (true, false, false, false, _) => Int64Type.Default,
        (_, _, false, false, _) => DoubleType.Default,
        (false, false, false, true, _) => BinaryType.Default,
        _ => StringType.Default,
    };

    /// <summary>A column without values is what SQLite's own rules of affinity say.</summary>
    private static IArrowType Declared(string declared) =>
        declared.StartsWith("BOOL", StringComparison.Ordinal) ? BooleanType.Default
        : declared.Contains("INT", StringComparison.Ordinal) ? Int64Type.Default
        : declared.Contains("CHAR", StringComparison.Ordinal) || declared.Contains("CLOB", StringComparison.Ordinal) || declared.Contains("TEXT", StringComparison.Ordinal) ? StringType.Default
        : declared.Contains("BLOB", StringComparison.Ordinal) ? BinaryType.Default
        : declared.Contains("REAL", StringComparison.Ordinal) || declared.Contains("FLOA", StringComparison.Ordinal) || declared.Contains("DOUB", StringComparison.Ordinal) ? DoubleType.Default
        : StringType.Default;

    /// <summary>Adds the current row's value.</summary>
    public static unsafe void Append(ArrayBuilder builder, nint row, int column)
    {
        var kind = Native.ColumnType(row, column);
        switch (builder)
        {
            case var _ when kind is < Native.Integer or > Native.Blob: builder.AppendNull(); break;
            case BooleanArray.Builder b: b.Append(Native.Int64(row, column) != 0); break;
            case Int64Array.Builder b: b.Append(Native.Int64(row, column)); break;
            case DoubleArray.Builder b: b.Append(Native.Double(row, column)); break;
            case BinaryArray.Builder b:
                var blob = Native.BlobOf(row, column);
                b.Append(new ReadOnlySpan<byte>(blob, Native.Bytes(row, column)));
                break;
            case StringArray.Builder b when kind == Native.Blob:
                var bytes = Native.BlobOf(row, column);
                // A blob among texts: as SQLite writes one, so that it is not taken for text.
                b.Append("X'" + Convert.ToHexString(new ReadOnlySpan<byte>(bytes, Native.Bytes(row, column))) + "'");
                break;
            case StringArray.Builder b when kind == Native.Real:
                AppendReal(b, row, column);
                break;
            case StringArray.Builder b:
                var text = Native.TextOf(row, column);
                AppendText(b, new ReadOnlySpan<byte>(text, Native.Bytes(row, column)));
                break;
        }
    }

    // SQLite writes 15 digits, which many reals are not.
    private static unsafe void AppendReal(StringArray.Builder builder, nint row, int column)
    {
        var value = Native.Double(row, column);
        var text = Native.TextOf(row, column);
        var written = new ReadOnlySpan<byte>(text, Native.Bytes(row, column));
        if (!double.IsFinite(value) || (double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var read) && read.Equals(value))) builder.Append(written);
        else builder.Append(value.ToString("R", CultureInfo.InvariantCulture));
    }

    // SQLite does not check that text is UTF-8.
    private static void AppendText(StringArray.Builder builder, ReadOnlySpan<byte> text)
    {
        if (System.Text.Unicode.Utf8.IsValid(text)) builder.Append(text);
        else builder.Append(System.Text.Encoding.UTF8.GetString(text));
    }
}

/// <summary>Names in SQL text.</summary>
internal static class SqliteSql
{
    public static string Name(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}
