using System.Text;

namespace FlowForge.Pipelines;

/// <summary>The table of codes as Markdown: <c>Runtime/docs/diagnostics.md</c>, which a test compares with this.</summary>
public static class DiagnosticDocument
{
    private static readonly (string Prefix, string Title)[] Groups =
    [
        ("FF10", "The text"), ("FF11", "Fields and their values"), ("FF12", "Ingest jobs"), ("FF13", "Datasets and checks"), ("FF14", "Schedules"), ("FF15", "The plan"),
    ];

    public static string Markdown()
    {
        var text = new StringBuilder();
        text.Append("# Diagnostics of pipelines\n\n");
        text.Append("Said by `validate`, by the API and by the editor, each with its line, a path such as `ingest.flights.config.path`, and what to do.\n");
        text.Append("Codes keep their meaning for ever. Errors keep a pipeline from being saved and run, warnings do not.\n");
        text.Append("What can happen when it runs is in [errors.md](errors.md).\n\n");
        text.Append("This file is made from `Runtime/Pipelines/Diagnostics/DiagnosticCodes.cs`; a test fails when they differ\n");
        text.Append("(`UPDATE_DOCS=1` writes it anew).\n");
        foreach (var (prefix, title) in Groups)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n## {title}\n\n| code | | what it means and what to do |\n| --- | --- | --- |\n");
            foreach (var code in DiagnosticCodes.All.Where(c => c.Code.StartsWith(prefix, StringComparison.Ordinal)))
            {
                text.Append(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"| `{code.Code}` | {(code.Severity == DiagnosticSeverity.Error ? "" : code.Severity.ToText())} | **{code.Title}.** {code.Explanation.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
            }
        }
        return text.ToString();
    }
}
