namespace FlowForge.Plugins.Postgres;

/// <summary>The one place where names and values become SQL text. COPY takes no parameters.</summary>
internal static class Sql
{
    public static string Name(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    /// <summary>A text literal; the session has standard_conforming_strings on.</summary>
    public static string Text(string value) =>
        value.Contains('\0', StringComparison.Ordinal)
            ? throw new TerminalException("A value with a NUL character cannot be sent to PostgreSQL.")
            : "'" + value.Replace("'", "''", StringComparison.Ordinal) + "'";
}
