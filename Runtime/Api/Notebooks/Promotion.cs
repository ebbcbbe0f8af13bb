using System.Text.RegularExpressions;
using FlowForge.Api.Hosting;
using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions.Live;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Api.Notebooks;

/// <summary>Makes a dataset of a SQL cell: its query with the queries of the cells that it reads, put into a pipeline's text. Stores nothing.</summary>
internal sealed partial class Promotion(PipelineStore pipelines, PipelineReader reader, FileRoots roots)
{
    public PromotionPreview Preview(PromoteCell wish, IReadOnlyList<CellText> cells, CellGraph graph)
    {
        if (wish.Layer == TableLayer.Bronze || !TableName.TryParse($"{wish.Layer.ToString().ToLowerInvariant()}.{wish.Name}", out var table))
            throw Refused("FF6043", $"'{wish.Name}' cannot be a table of {wish.Layer.ToString().ToLowerInvariant()}.", "Choose silver or gold and a name of small letters, digits and '_'.");
        var cell = cells.FirstOrDefault(c => c.Id == wish.Cell && c.Language == CellLanguage.Sql) ?? throw Refused("FF6040", $"There is no SQL cell {wish.Cell}.", "Choose a SQL cell.");
        var sql = Sql(cell, cells, graph);
        var known = pipelines.Get(wish.Pipeline);
        if (known is { Format: Pipelines.PipelineFormat.Json })
            throw Refused("FF6044", $"The pipeline {wish.Pipeline} is written as JSON, into which nothing is put from here.", "Copy the SQL into its text yourself.");
        var before = known?.Text ?? "";
        var after = PipelineText.WithDataset(known is null ? $"pipeline: {wish.Pipeline}\n" : before, table.LayerName, table.Name, sql)
            ?? throw Refused("FF6042", $"The pipeline {wish.Pipeline} makes {table} already.", "Choose another name, or change its SQL in the YAML.");
        var reading = reader.Read(after, Pipelines.PipelineFormat.Yaml, known?.BaseDirectory ?? roots.Workspace);
        return new PromotionPreview(wish.Pipeline, before, after, known?.Version, sql, PipelineMapping.ToValidation(reading));
    }

    private static string Sql(CellText cell, IReadOnlyList<CellText> cells, CellGraph graph)
    {
        var needed = new HashSet<string>(StringComparer.Ordinal);
        Need(cell.Id);
        needed.Remove(cell.Id);
        var parts = graph.Ordered(needed).Select(id => cells.First(c => c.Id == id)).Select(c => $"{SqlText.Identifier(c.ResultName!)} AS (\n{Query(c)}\n)").ToList();
        var query = Query(cell);
        if (parts.Count == 0) return query;
        // A query with CTEs of its own keeps them in brackets. Nothing is indented: a line may begin within a text of the query.
        return $"WITH {string.Join(",\n", parts)}\n{(Starts().IsMatch(query) ? $"SELECT * FROM (\n{query}\n)" : query)}";

        void Need(string id)
        {
            if (!needed.Add(id) || graph.Find(id) is not { } node) return;
            if (node.Problem is { } problem) throw Refused("FF6041", problem, "Mend it first.");
            foreach (var from in node.DependsOn)
            {
                var other = cells.First(c => c.Id == from);
                if (other.Language != CellLanguage.Sql || other.ResultName is null)
                    throw Refused("FF6041", $"The cell reads '{string.Join("', '", graph.Find(from)!.Writes.Intersect(node.Reads, StringComparer.OrdinalIgnoreCase))}' of a cell that is no named SELECT; a table's SQL can read tables and SQL cells alone.",
                        "Write what the C# cell does in SQL, or ingest its data.");
                Need(from);
            }
        }
    }

    private static string Query(CellText cell)
    {
        var sql = cell.Code.Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd().TrimEnd(';').TrimEnd();
        try
        {
            SqlReferences.Check(sql);
        }
        catch (DuckException e)
        {
            throw Refused("FF6040", $"The cell cannot be a table's SQL: {e.Message.Split('\n')[0]}", "It must be one SELECT.");
        }
        return sql;
    }

    private static ProblemException Refused(string code, string detail, string suggestion) => new(StatusCodes.Status422UnprocessableEntity, code, "Cannot be promoted", detail, suggestion);

    [GeneratedRegex(@"^(\s|--[^\n]*\n|/\*.*?\*/)*WITH\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Starts();
}
