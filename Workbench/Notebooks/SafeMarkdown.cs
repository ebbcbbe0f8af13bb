using System.Text.RegularExpressions;
using Markdig;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Microsoft.AspNetCore.Components;

namespace FlowForge.Workbench.Notebooks;

/// <summary>Markdown as HTML that can do nothing: no HTML of the author's own, links to http, https, mail and this workbench, images only from the text itself.</summary>
internal static partial class SafeMarkdown
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().UseTaskLists().UseEmphasisExtras().UseAutoLinks().UseFootnotes().Build();

    public static MarkupString Html(string text)
    {
        var document = Markdown.Parse(text, Pipeline);
        foreach (var link in document.Descendants<LinkInline>())
        {
            if (link.IsImage ? !Image().IsMatch(link.Url ?? "") : !Link().IsMatch(link.Url ?? "")) link.Url = "";
            if (!link.IsImage) link.GetAttributes().AddProperty("rel", "noopener noreferrer nofollow");
            if (!link.IsImage && link.Url?.StartsWith('/') == false) link.GetAttributes().AddProperty("target", "_blank");
        }
        foreach (var link in document.Descendants<AutolinkInline>())
            if (!Link().IsMatch(link.IsEmail ? "mailto:" + link.Url : link.Url)) link.Url = "";
        return new MarkupString(document.ToHtml(Pipeline));
    }

    [GeneratedRegex(@"^(https?://|mailto:|/(?![/\\])|#)", RegexOptions.IgnoreCase)]
    private static partial Regex Link();

    [GeneratedRegex(@"^data:image/(png|jpeg|gif|webp);base64,", RegexOptions.IgnoreCase)]
    private static partial Regex Image();
}
