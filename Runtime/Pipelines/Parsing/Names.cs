using System.Text;
using System.Text.RegularExpressions;

namespace FlowForge.Pipelines;

/// <summary>The rule of names: they become tables, folders and SQL, so one plain form fits all.</summary>
internal static partial class Names
{
    /// <summary>Pattern of jobs, datasets and tables, as the JSON Schema has it too.</summary>
    public const string Pattern = "^[a-z][a-z0-9_]{0,99}$";

    /// <summary>Pattern of pipelines.</summary>
    public const string PipelinePattern = "^[a-z][a-z0-9_-]{0,99}$";

    public const string RejectsEnding = "__rejects";

    /// <summary>Says it when <paramref name="name"/> is none.</summary>
    public static bool Check(string name, bool isPipeline, TextPlace place, string path, DiagnosticList diagnostics)
    {
        if (!(isPipeline ? PipelineForm() : Form()).IsMatch(name))
        {
            var shown = name.Length > 60 ? name[..60] + "…" : name;
            diagnostics.Add(
                DiagnosticCodes.InvalidName, place, path,
                $"'{shown}' is no name: lower-case letters, digits{(isPipeline ? ", _ and -" : " and _")}, beginning with a letter, up to 100 characters.",
                Mend(name, isPipeline) is { } mended ? $"Call it '{mended}'." : null);
            return false;
        }
        if (name.EndsWith(RejectsEnding, StringComparison.Ordinal))
        {
            diagnostics.Add(DiagnosticCodes.ReservedName, place, path, $"'{name}' ends in {RejectsEnding}, as the tables of rejected rows do.", "Choose another name.");
            return false;
        }
        return true;
    }

    /// <summary>The field <c>pool</c> of a section; null when it is not given.</summary>
    public static string? Pool(SectionReader section)
    {
        var pool = section.Text("pool");
        if (pool is not null)
        {
            Check(pool, isPipeline: true, section.Node["pool"]!.Place, section.PathOf("pool"), section.Diagnostics);
        }
        return pool;
    }

    /// <summary>The nearest name that is allowed, null when nothing is left of it.</summary>
    private static string? Mend(string name, bool isPipeline)
    {
        var mended = new StringBuilder();
        foreach (var c in name.Normalize(NormalizationForm.FormKD).Take(100))
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                mended.Append(char.ToLowerInvariant(c));
            }
            else if (c is '-' && isPipeline)
            {
                mended.Append(c);
            }
            else if ((char.IsWhiteSpace(c) || char.IsPunctuation(c)) && mended.Length > 0 && mended[^1] != '_')
            {
                mended.Append('_');
            }
        }
        var text = mended.ToString().Trim('_', '-').TrimStart('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '_', '-');
        return text.Length > 0 ? text : null;
    }

    [GeneratedRegex(@"^[a-z][a-z0-9_]{0,99}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    [GeneratedRegex(@"^[a-z][a-z0-9_-]{0,99}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PipelineForm();
}
