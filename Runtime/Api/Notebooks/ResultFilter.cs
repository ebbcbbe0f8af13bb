using System.Text;
using FlowForge.Api.Problems;
using FlowForge.Api.Tables;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Notebooks.Sessions.Live;

namespace FlowForge.Api.Notebooks;

/// <summary>The filters of tables for results of cells: the same small grammar, its values written into the SQL as literals.</summary>
internal static class ResultFilter
{
    /// <summary>The condition in SQL; null for no filter.</summary>
    public static string? Sql(string? filter, LiveNotebook live, string result)
    {
        if (string.IsNullOrWhiteSpace(filter)) return null;
        var table = live.Cells.Values.SelectMany(c => c.Outputs ?? []).Select(o => o.Table).FirstOrDefault(t => t?.Result == result)
            ?? throw ProblemException.NotFound("FF6021", $"No kernel holds the result {result} any more.", "Run its cell again.");
        try
        {
            var schema = TableSchema.FromDuck([.. table.Columns.Select(c => (c.Name, c.Type))]);
            var (sql, values) = RowFilter.Parse(filter, schema);
            return Fill(sql, values);
        }
        catch (FilterException e)
        {
            throw Bad(e.Message);
        }
        catch (LakeException e)
        {
            throw Bad(e.Message + " Give the column a name with AS.");
        }
    }

    /// <summary>Puts values in place of the question marks that stand outside quotes.</summary>
    internal static string Fill(string sql, object?[] values)
    {
        var text = new StringBuilder();
        var (next, quote) = (0, '\0');
        foreach (var c in sql)
        {
            if (quote == '\0' && c == '?')
            {
                text.Append(SqlText.Literal(values[next++]));
                continue;
            }
            if (c is '"' or '\'') quote = quote == '\0' ? c : quote == c ? '\0' : quote;
            text.Append(c);
        }
        return text.ToString();
    }

    private static ProblemException Bad(string detail) => ProblemException.Bad("FF4071", "The filter is not understood: " + detail, "Write conditions such as: delay > 60 and origin = 'ATL'.");
}
