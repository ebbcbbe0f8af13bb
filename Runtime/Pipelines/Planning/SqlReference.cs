namespace FlowForge.Pipelines;

/// <summary>A table that a SQL text reads.</summary>
/// <param name="Schema">The layer, or null when the text gives none.</param>
/// <param name="Table">Name without quotes.</param>
public readonly record struct SqlReference(string? Schema, string Table)
{
    public override string ToString() => Schema is null ? Table : $"{Schema}.{Table}";
}

/// <summary>
/// Reads the tables of a SELECT, without the names of its CTEs. Throws <see cref="SqlSyntaxException"/> for text that does not parse.
/// </summary>
public delegate IReadOnlyList<SqlReference> SqlReferenceReader(string sql);

/// <summary>SQL that does not parse; the planner turns it into a diagnostic.</summary>
/// <param name="message">The parser's message, in one line if possible.</param>
/// <param name="line">1-based line in the SQL text, if known.</param>
/// <param name="column">1-based column in that line, if known.</param>
public sealed class SqlSyntaxException(string message, int? line = null, int? column = null) : Exception(message)
{
    public int? Line => line;

    public int? Column => column;
}
