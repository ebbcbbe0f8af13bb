namespace FlowForge.Pipelines;

/// <summary>How much a pipeline's text may ask of its reader. Far above any real pipeline, far below what hurts.</summary>
internal static class TextLimits
{
    /// <summary>Characters of the text.</summary>
    public const int Length = 2_000_000;

    /// <summary>Levels of nesting.</summary>
    public const int Depth = 40;

    /// <summary>Values, aliases counted each time they are used.</summary>
    public const int Nodes = 200_000;

    /// <summary>Diagnostics that are kept; more would only hide the first ones.</summary>
    public const int Diagnostics = 200;
}

/// <summary>The text cannot be read on: ends in one diagnostic.</summary>
internal sealed class TextException(DiagnosticCode code, string message, TextPlace? place, string? suggestion = null) : Exception(message)
{
    public DiagnosticCode Code => code;

    public TextPlace? Place => place;

    public string? Suggestion => suggestion;
}
