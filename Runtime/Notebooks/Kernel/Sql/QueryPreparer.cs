using System.Text;
using System.Text.Json;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Notebooks.Kernel.Hosting;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>Replaces the names in a cell's SQL by those of pinned views. Not thread-safe.</summary>
/// <param name="variable">A variable of the C# cells by name, or null.</param>
/// <param name="values">What <c>getvariable</c> stands for.</param>
internal sealed class QueryPreparer(NamedViews views, DuckSession session, Func<string, object?> variable, SqlVariables values)
{
    /// <param name="onlyLook">The text will not be run: names of other statements than one SELECT are left alone.</param>
    public PreparedQuery Prepare(string sql, bool onlyLook = false)
    {
        var known = values.In(sql);
        var plain = new EditedText(sql, known);
        using var tree = Parse(sql, plain);
        if (tree is null) return new PreparedQuery(plain, onlyLook ? [] : views.MakePlain(sql), IsSelect: false);

        var reads = new List<string>();
        var edits = new List<(Range, string)>();
        var bytes = Encoding.UTF8.GetBytes(sql);
        foreach (var mention in TableMention.In(tree.RootElement.GetProperty("statements")))
        {
            var start = Encoding.UTF8.GetCharCount(bytes, 0, Math.Min(mention.Start, bytes.Length));
            var end = SqlScanner.EndOfName(sql, start, mention.Schema is null ? 1 : 2);
            if (View(mention, sql, end, edits, reads) is { } view)
                edits.Add((start..end, mention.HasAlias ? view : $"{view} AS {SqlText.Identifier(mention.Table)}"));
        }
        edits.AddRange(known.Where(k => !edits.Exists(e => Holds(e.Item1, k.Place))));
        // A final semicolon would end a view's query too early.
        var trailing = sql.AsSpan().TrimEnd(" \t\r\n;").Length;
        return new PreparedQuery(new EditedText(sql, edits.Append((trailing..sql.Length, "\n"))), reads.Distinct().ToList(), IsSelect: true);
    }

    private static bool Holds(Range outer, Range inner) => outer.Start.Value <= inner.Start.Value && inner.End.Value <= outer.End.Value;

    private string? View(TableMention mention, string sql, int end, List<(Range, string)> edits, List<string> reads)
    {
        if (mention.Schema is null)
        {
            if (views.Result(mention.Table) is { } result) return result;
            var value = variable(mention.Table);
            if (value is CSharp.ResultRows selected) return views.AddResult(null, Prepare(selected.Query).Text.Text);
            return CollectionRows.TryMake(value) is { } rows ? views.Collection(mention.Table, rows) : null;
        }
        if (!TableName.TryParse($"{mention.Schema}.{mention.Table}", out var name)) return null;
        (string View, string Label)? found;
        if (mention.AtUnit is { } unit)
        {
            var (clause, expression) = SqlScanner.AtClause(sql, end);
            edits.Add((clause, ""));
            found = views.TableAt(name, unit, new EditedText(sql[expression], values.In(sql[expression])).Text);
        }
        else
        {
            found = views.Table(name);
        }
        if (found is null) return null;
        reads.Add(found.Value.Label);
        return found.Value.View;
    }

    /// <summary>The parse tree of one SELECT, or null for anything else that is well-formed as far as is known.</summary>
    private JsonDocument? Parse(string sql, EditedText plain)
    {
        if (string.IsNullOrWhiteSpace(sql)) throw new CellFailure("Parser Error", "The cell holds no SQL.");
        var text = session.Scalar<string>("SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true)", default, sql) ?? "{}";
        var tree = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 4096 });
        var root = tree.RootElement;
        if (!root.GetProperty("error").GetBoolean() && root.GetProperty("statements").GetArrayLength() == 1) return tree;
        using (tree)
        {
            if (!root.GetProperty("error").GetBoolean() || root.GetProperty("error_type").GetString() != "parser") return null;
            var message = root.GetProperty("error_message").GetString() ?? "The SQL is wrong.";
            if (!root.TryGetProperty("position", out var p) || !int.TryParse(p.GetString(), out var points)) throw new CellFailure("Parser Error", message);
            var (line, column) = plain.Place(sql.EnumerateRunes().Take(points).Sum(r => r.Utf16SequenceLength));
            throw new CellFailure("Parser Error", message, line, column);
        }
    }
}
