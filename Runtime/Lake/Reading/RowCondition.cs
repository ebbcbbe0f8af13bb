namespace FlowForge.Lake;

/// <summary>
/// What is known of the rows that a reader wants, as far as files can be told apart by it. It may say less than the reader's own condition, never more: a file is left out
/// only when no row of it can fulfil this. Immutable.
/// </summary>
public abstract record RowCondition
{
    /// <summary>Nothing is known: every file may have such rows.</summary>
    public static readonly RowCondition Unknown = new UnknownCondition();

    /// <summary>Column against a value; NULL in the column never fulfils it.</summary>
    /// <param name="column">Name in the table's schema, any case.</param>
    /// <param name="comparison"><c>= &lt; &lt;= &gt; &gt;=</c>; with anything else nothing is known.</param>
    /// <param name="value">As DuckDB or the Delta log writes a value of the column's type.</param>
    public static RowCondition Compare(string column, string comparison, string value) =>
        comparison is "=" or "<" or "<=" or ">" or ">=" ? new ComparisonCondition(column, comparison, value) : Unknown;

    /// <summary>The column is NULL.</summary>
    public static RowCondition IsNull(string column) => new NullCondition(column, true);

    /// <summary>The column is not NULL.</summary>
    public static RowCondition IsNotNull(string column) => new NullCondition(column, false);

    /// <summary>All of them hold.</summary>
    public static RowCondition All(IEnumerable<RowCondition> conditions) => new AllCondition([.. conditions]);

    /// <summary>At least one of them holds.</summary>
    public static RowCondition Any(IEnumerable<RowCondition> conditions) => new AnyCondition([.. conditions]);
}

internal sealed record UnknownCondition : RowCondition;

internal sealed record ComparisonCondition(string Column, string Comparison, string Value) : RowCondition;

internal sealed record NullCondition(string Column, bool IsNullWanted) : RowCondition;

internal sealed record AllCondition(IReadOnlyList<RowCondition> Conditions) : RowCondition;

internal sealed record AnyCondition(IReadOnlyList<RowCondition> Conditions) : RowCondition;
