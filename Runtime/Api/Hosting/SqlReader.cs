using FlowForge.Duck;
using FlowForge.Pipelines;

namespace FlowForge.Api.Hosting;

/// <summary>DuckDB's parser as the planner wants it: tables of a query, and syntax errors with their place.</summary>
internal static class SqlReader
{
    public static IReadOnlyList<SqlReference> Tables(string sql)
    {
        try
        {
            return [.. SqlReferences.Tables(sql).Select(t => new SqlReference(t.Schema, t.Table))];
        }
        catch (DuckException e)
        {
            var (line, column) = Place(sql, e.Position);
            throw new SqlSyntaxException(FirstLine(e.Message), line, column);
        }
    }

    private static (int? Line, int? Column) Place(string sql, int? position)
    {
        if (position is not { } at || at < 0 || at > sql.Length)
            return (null, null);
        var before = sql.AsSpan(0, at);
        var start = before.LastIndexOf('\n') + 1;
        return (before.Count('\n') + 1, at - start + 1);
    }

    private static string FirstLine(string message)
    {
        var end = message.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? message : message[..end].TrimEnd();
    }
}
