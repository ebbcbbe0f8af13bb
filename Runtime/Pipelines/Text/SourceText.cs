namespace FlowForge.Pipelines;

/// <summary>Finds out what a text is and reads it.</summary>
internal static class SourceText
{
    /// <returns>The root, or null with a diagnostic in <paramref name="diagnostics"/>.</returns>
    public static MappingNode? Read(string text, PipelineFormat? format, DiagnosticList diagnostics)
    {
        try
        {
            if (text.Length > TextLimits.Length)
            {
                throw new TextException(
                    DiagnosticCodes.TooLarge, $"The text has {text.Length} characters; {TextLimits.Length} are allowed.", null, "Split the pipeline, or move its SQL to files of their own (sql_file).");
            }
            var body = text.AsSpan().TrimStart('\uFEFF');
            if (body.IsWhiteSpace())
            {
                throw new TextException(DiagnosticCodes.Empty, "The file is empty.", new TextPlace(1, 1), "Begin with 'pipeline: name'.");
            }
            return ReadRoot(body.ToString(), format, diagnostics) switch
            {
                MappingNode mapping => mapping,
                null or ScalarNode { IsNull: true } => throw new TextException(DiagnosticCodes.Empty, "The file holds no pipeline, only comments.", new TextPlace(1, 1), "Begin with 'pipeline: name'."),
                { } other => throw new TextException(DiagnosticCodes.WrongType, $"A pipeline is a mapping of fields, not {other.Kind}.", other.Place, "Begin with 'pipeline: name'."),
            };
        }
        catch (TextException e)
        {
            diagnostics.Add(e.Code, e.Place, "", e.Message, e.Suggestion);
            return null;
        }
    }

    private static SourceNode? ReadRoot(string text, PipelineFormat? format, DiagnosticList diagnostics)
    {
        if (format == PipelineFormat.Yaml || (format is null && !text.AsSpan().TrimStart().StartsWith("{", StringComparison.Ordinal)))
        {
            return YamlText.Read(text, diagnostics);
        }
        try
        {
            return JsonText.Read(text, diagnostics);
        }
        catch (TextException json) when (format is null && json.Code == DiagnosticCodes.JsonSyntax)
        {
            try
            {
                // '{ pipeline: x }' is YAML in flow style.
                return YamlText.Read(text, diagnostics);
            }
            catch (TextException)
            {
                throw json;
            }
        }
    }
}
