using System.Net;
using System.Text;
using System.Text.Json;

namespace FlowForge.Notebooks.Protocol;

/// <summary>A small table as media that notebooks keep: FlowForge's own JSON, and HTML and text for readers that do not know it.</summary>
public static class TableMedia
{
    /// <summary>Media type of <c>{"columns":[{"name","type"}],"rows":[[…]],"total":n}</c>; total is absent while unknown.</summary>
    public const string Type = "application/vnd.flowforge.table+json";

    /// <summary>The three forms by media type.</summary>
    /// <param name="rows">One array a row, as in <see cref="RowsNotification.Rows"/>.</param>
    public static Dictionary<string, string> Of(IReadOnlyList<TableColumn> columns, IReadOnlyList<JsonElement> rows, long? total) => new()
    {
        [Type] = JsonSerializer.Serialize(new { columns, rows, total }, MessageJson.Options),
        ["text/html"] = Html(columns, rows, total),
        ["text/plain"] = Plain(columns, rows, total),
    };

    private static string Html(IReadOnlyList<TableColumn> columns, IReadOnlyList<JsonElement> rows, long? total)
    {
        var html = new StringBuilder("<table><thead><tr>");
        foreach (var column in columns) html.Append("<th>").Append(WebUtility.HtmlEncode(column.Name)).Append("</th>");
        html.Append("</tr></thead><tbody>");
        foreach (var row in rows)
        {
            html.Append("<tr>");
            foreach (var value in row.EnumerateArray()) html.Append("<td>").Append(WebUtility.HtmlEncode(Text(value))).Append("</td>");
            html.Append("</tr>");
        }
        return html.Append("</tbody></table>").Append(More(rows.Count, total) is { Length: > 0 } more ? $"<p>{more}</p>" : "").ToString();
    }

    private static string Plain(IReadOnlyList<TableColumn> columns, IReadOnlyList<JsonElement> rows, long? total)
    {
        var text = new StringBuilder().AppendJoin(" | ", columns.Select(c => c.Name));
        foreach (var row in rows) text.Append('\n').AppendJoin(" | ", row.EnumerateArray().Select(Text));
        return text.Append(More(rows.Count, total) is { Length: > 0 } more ? "\n" + more : "").ToString();
    }

    private static string More(int shown, long? total) => total == shown ? "" : total is { } all ? $"{shown:N0} of {all:N0} rows" : $"first {shown:N0} rows";

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.String => value.GetString() ?? "",
        _ => value.GetRawText(),
    };
}
