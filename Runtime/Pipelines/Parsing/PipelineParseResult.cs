namespace FlowForge.Pipelines;

/// <summary>What came of reading a pipeline's text.</summary>
/// <param name="Definition">
/// Null only when none can be built (broken YAML, no name). With errors it may hold defaults in place of what was wrong: good for
/// an editor's preview, not for a run.
/// </param>
/// <param name="Diagnostics">Ordered by line.</param>
public sealed record PipelineParseResult(PipelineDefinition? Definition, IReadOnlyList<Diagnostic> Diagnostics)
{
    /// <summary>True when the pipeline may be saved and run.</summary>
    public bool IsValid => Definition is not null && Diagnostics.All(d => d.Severity != DiagnosticSeverity.Error);
}
