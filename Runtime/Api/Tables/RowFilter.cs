using System.Globalization;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;

namespace FlowForge.Api.Tables;

/// <summary>
/// A filter over the rows of a table: conditions with and, or, not and brackets. It is read by this small grammar and written anew as SQL with
/// parameters, so no text of a caller ever reaches the engine as SQL, and every column is one of the table's.
/// </summary>
internal sealed class RowFilter
{
    private const int LongestText = 4000;
    private const int DeepestNesting = 30;

    private readonly TableSchema schema;
    private readonly List<FilterToken> tokens;
    private readonly List<object?> values = [];
    private int at;
    private int depth;

    private RowFilter(string text, TableSchema schema)
    {
        (this.schema, tokens) = (schema, FilterLexer.Read(text));
    }

    /// <summary>The condition in SQL and its parameters. Throws <see cref="FilterException"/>.</summary>
    public static (string Sql, object?[] Values) Parse(string text, TableSchema schema)
    {
        if (text.Length > LongestText)
            throw new FilterException($"The filter has {text.Length} characters; at most {LongestText} are allowed.");
        var filter = new RowFilter(text, schema);
        var sql = filter.Or();
        if (filter.Peek.Kind != FilterTokenKind.End)
            throw new FilterException($"Expected and, or, or the end at {filter.Peek.At}, found {filter.Peek}.");
        return (sql, [.. filter.values]);
    }

    private FilterToken Peek => tokens[at];

    private FilterToken Next() => tokens[at].Kind == FilterTokenKind.End ? tokens[at] : tokens[at++];

    private bool Accept(string word)
    {
        if (!Peek.Is(word) && !Peek.IsSign(word))
            return false;
        at++;
        return true;
    }

    private void Expect(string word)
    {
        if (!Accept(word))
            throw new FilterException($"Expected {word} at {Peek.At}, found {Peek}.");
    }

    private string Or()
    {
        var sql = And();
        while (Accept("or"))
            sql = $"({sql} OR {And()})";
        return sql;
    }

    private string And()
    {
        var sql = Not();
        while (Accept("and"))
            sql = $"({sql} AND {Not()})";
        return sql;
    }

    private string Not()
    {
        if (++depth > DeepestNesting)
            throw new FilterException($"The filter is nested deeper than {DeepestNesting} levels.");
        string sql;
        if (Accept("not"))
            sql = $"NOT ({Not()})";
        else if (Accept("("))
        {
            sql = Or();
            Expect(")");
        }
        else
            sql = Condition();
        depth--;
        return sql;
    }

    private string Condition()
    {
        var column = Column();
        var name = SqlText.Identifier(column.Name);
        if (Accept("is"))
        {
            var negated = Accept("not");
            Expect("null");
            return $"{name} IS {(negated ? "NOT " : "")}NULL";
        }
        if (Accept("not"))
        {
            Expect("in");
            return $"NOT ({In(name, column)})";
        }
        if (Accept("in"))
            return In(name, column);
        if (Accept("contains"))
            return $"contains(lower(CAST({name} AS VARCHAR)), lower({Text()}))";
        if (Accept("starts_with"))
            return $"starts_with(lower(CAST({name} AS VARCHAR)), lower({Text()}))";
        var sign = Next();
        if (sign is not { Kind: FilterTokenKind.Sign, Text: "=" or "!=" or "<>" or "<" or "<=" or ">" or ">=" })
            throw new FilterException($"Expected an operator after {column.Name} at {sign.At}, found {sign}. Known: = != < <= > >= in, contains, starts_with, is null, is not null.");
        return $"{name} {sign.Text} {Value(column)}";
    }

    private string In(string name, TableColumn column)
    {
        Expect("(");
        var items = new List<string>();
        do
            items.Add(Value(column));
        while (Accept(","));
        Expect(")");
        return $"{name} IN ({string.Join(", ", items)})";
    }

    private TableColumn Column()
    {
        var token = Next();
        if (token.Kind is not (FilterTokenKind.Word or FilterTokenKind.QuotedName))
            throw new FilterException($"Expected a column at {token.At}, found {token}.");
        return schema.Columns.FirstOrDefault(c => c.Name.Equals(token.Text, StringComparison.OrdinalIgnoreCase))
               ?? throw new FilterException($"The table has no column '{token.Text}'. Its columns: {string.Join(", ", schema.Columns.Where(c => !c.IsReserved).Select(c => c.Name))}.");
    }

    /// <summary>A value, cast to the column's type so that '2024-01-31' is a date for a date column.</summary>
    private string Value(TableColumn column)
    {
        var token = Next();
        object? value = token switch
        {
            { Kind: FilterTokenKind.Text } => token.Text,
            { Kind: FilterTokenKind.Number } => Number(token),
            _ when token.Is("true") => "true",
            _ when token.Is("false") => "false",
            _ => throw new FilterException($"Expected a value at {token.At}, found {token}. Text goes in single quotes: 'abc'.")
        };
        values.Add(value);
        return $"CAST(? AS {column.DuckType})";
    }

    private string Text()
    {
        var token = Next();
        if (token.Kind is not (FilterTokenKind.Text or FilterTokenKind.Number))
            throw new FilterException($"Expected text in single quotes at {token.At}, found {token}.");
        values.Add(token.Text);
        return "CAST(? AS VARCHAR)";
    }

    /// <summary>Checked here, kept as text: the cast to the column's type loses nothing then.</summary>
    private static string Number(FilterToken token) => double.TryParse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? token.Text
        : throw new FilterException($"'{token.Text}' at {token.At} is not a number. Text goes in single quotes.");
}
