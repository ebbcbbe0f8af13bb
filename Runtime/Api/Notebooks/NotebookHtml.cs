using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using FlowForge.Contracts;
using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace FlowForge.Api.Notebooks;

/// <summary>A notebook as one HTML file that needs nothing else and runs nothing: a policy in its head forbids scripts and requests, whatever its outputs hold.</summary>
internal static class NotebookHtml
{
    private const int MostRows = 200;
    private static readonly MarkdownPipeline Markdown = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().UseEmphasisExtras().UseTaskLists().Build();

    private const string Style = """
        :root{color-scheme:light dark;--text:#15181e;--quiet:#646b7a;--line:#e6e8ec;--ground:#f7f8fa;--panel:#fff;--bad:#b3261e;--soft:#fdecea}
        @media(prefers-color-scheme:dark){:root{--text:#e7e9ee;--quiet:#8b93a3;--line:#242936;--ground:#0d0f14;--panel:#151820;--bad:#ff8a7a;--soft:#341a18}}
        body{margin:0 auto;max-width:1000px;padding:28px;font:14px/1.55 system-ui,sans-serif;color:var(--text);background:var(--ground)}
        .cell{background:var(--panel);border:1px solid var(--line);border-radius:10px;margin:12px 0;overflow:hidden}.head{font-size:11.5px;color:var(--quiet);padding:5px 12px;border-bottom:1px solid var(--line);display:flex;justify-content:space-between}
        pre{margin:0;padding:9px 14px;font:12.5px/1.6 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}.out{border-top:1px solid var(--line);overflow-x:auto}.bad{color:var(--bad);background:var(--soft)}
        table{border-collapse:collapse;font-size:12.5px}td,th{padding:3px 11px;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}.note{color:var(--quiet);font-size:12px;padding:4px 12px}iframe{width:100%;border:0;height:320px}img{max-width:100%}
        """;

    public static string Write(NotebookDetail notebook)
    {
        var html = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">")
            .Append("<title>").Append(Text(notebook.Title)).Append("</title><style>").Append(Style).Append("</style></head><body>\n<h1>").Append(Text(notebook.Title)).Append("</h1>\n");
        foreach (var cell in notebook.Cells) Cell(html, cell);
        return html.Append("<p class=\"note\">").Append(Text(notebook.Path)).Append(", exported ").Append(DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)).Append(" UTC by FlowForge</p>\n</body></html>\n").ToString();
    }

    private static void Cell(StringBuilder html, NotebookCell cell)
    {
        if (cell.Kind == NotebookCellKind.Markdown)
        {
            html.Append(MarkdownHtml(cell.Source)).Append('\n');
            return;
        }
        html.Append("<section class=\"cell\"><div class=\"head\"><span>").Append(cell.Kind.ToString().ToLowerInvariant()).Append(cell.ResultName is { } name ? " → " + Text(name) : "").Append("</span><span>")
            .Append(cell.ExecutionCount is { } n ? string.Create(CultureInfo.InvariantCulture, $"[{n}]") : "").Append("</span></div>");
        if (!cell.Folded) html.Append("<pre>").Append(Text(cell.Source)).Append("</pre>");
        foreach (var output in cell.Outputs)
        {
            html.Append("<div class=\"out\">");
            Output(html, output);
            html.Append("</div>");
        }
        html.Append("</section>\n");
    }

    private static void Output(StringBuilder html, NotebookOutput output)
    {
        if (output.Table is { } table) Table(html, table);
        else if (output.Failure is { } f) html.Append("<pre class=\"bad\">").Append(Text($"{f.Kind}: {f.Message}{(f.Line is { } line ? $" (line {line})" : "")}\n{string.Join('\n', f.Trace.Select(t => "  at " + t))}".TrimEnd())).Append("</pre>");
        else if (output.Text is { } text) html.Append("<pre>").Append(Text(text)).Append("</pre>");
        else if (output.Content is { } content)
        {
            if (((string[])["image/png", "image/jpeg", "image/gif", "image/webp"]).FirstOrDefault(content.ContainsKey) is { } image) html.Append("<img alt=\"\" src=\"data:").Append(image).Append(";base64,").Append(Text(content[image].Replace("\n", "", StringComparison.Ordinal))).Append("\">");
            else if (content.TryGetValue("image/svg+xml", out var svg)) html.Append("<img alt=\"\" src=\"data:image/svg+xml;base64,").Append(Convert.ToBase64String(Encoding.UTF8.GetBytes(svg))).Append("\">");
            else if (content.TryGetValue("text/html", out var foreign)) html.Append("<iframe sandbox title=\"HTML shown by the cell\" srcdoc=\"").Append(Text(foreign)).Append("\"></iframe>");
            else if (content.TryGetValue("text/markdown", out var markdown)) html.Append(MarkdownHtml(markdown));
            else if (content.TryGetValue("text/plain", out var plain)) html.Append("<pre>").Append(Text(plain)).Append("</pre>");
        }
    }

    private static void Table(StringBuilder html, NotebookTable table)
    {
        html.Append("<table><thead><tr>");
        foreach (var column in table.Columns) html.Append("<th>").Append(Text(column.Name)).Append("</th>");
        html.Append("</tr></thead><tbody>");
        foreach (var row in table.Rows.Take(MostRows))
        {
            html.Append("<tr>");
            foreach (var value in row) html.Append("<td>").Append(Text(value.ValueKind switch { JsonValueKind.Null => "", JsonValueKind.String => value.GetString(), _ => value.GetRawText() })).Append("</td>");
            html.Append("</tr>");
        }
        var shown = Math.Min(MostRows, table.Rows.Count);
        html.Append("</tbody></table><p class=\"note\">").Append(string.Create(CultureInfo.InvariantCulture, $"{shown:N0} of {(table.Total is { } t ? t.ToString("N0", CultureInfo.InvariantCulture) : "many")} rows"))
            .Append(table.Reads.Count > 0 ? " from " + Text(string.Join(", ", table.Reads)) : "").Append("</p>");
    }

    private static string MarkdownHtml(string text)
    {
        var document = Markdig.Markdown.Parse(text, Markdown);
        foreach (var link in document.Descendants<LinkInline>())
            if (!Uri.TryCreate(link.Url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https" or "mailto" or "data") || (uri.Scheme == "data" && !link.IsImage)) link.Url = "";
        foreach (var link in document.Descendants<AutolinkInline>())
            if (!link.IsEmail && !link.Url.StartsWith("http", StringComparison.OrdinalIgnoreCase)) link.Url = "";
        return document.ToHtml(Markdown);
    }

    private static string Text(string? text) => WebUtility.HtmlEncode(text ?? "");
}
