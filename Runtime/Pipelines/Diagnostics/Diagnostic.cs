namespace FlowForge.Pipelines;

public enum DiagnosticSeverity { Error, Warning, Info }

/// <summary>Something to say about a pipeline's text.</summary>
/// <param name="Severity">An error keeps the pipeline from being saved or run.</param>
/// <param name="Code">Stable, <c>FF1203</c>; listed in <c>Runtime/docs/diagnostics.md</c>.</param>
/// <param name="Message">What is wrong, in a sentence.</param>
/// <param name="Path">Where in the definition: <c>ingest.flights.config.path</c>; empty for the whole file.</param>
/// <param name="Line">1-based; null when no place in the text fits.</param>
/// <param name="Column">1-based.</param>
/// <param name="Suggestion">What to do about it.</param>
public sealed record Diagnostic(DiagnosticSeverity Severity, string Code, string Message, string Path, int? Line, int? Column, string? Suggestion)
{
    /// <summary>As a compiler would print it.</summary>
    public override string ToString() =>
        $"{(Line is { } line ? $"({line},{Column ?? 1}): " : "")}{Severity.ToText()} {Code}: {Message}{(Path.Length > 0 ? $" [{Path}]" : "")}{(Suggestion is { } s ? $" {s}" : "")}";
}
