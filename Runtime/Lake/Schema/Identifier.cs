namespace FlowForge.Lake.Schema;

/// <summary>SQL quoting for names and texts that end up inside generated statements.</summary>
internal static class Identifier
{
    public static string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    public static string Text(string value) => "'" + value.Replace("'", "''", StringComparison.Ordinal) + "'";
}
