namespace FlowForge.Contracts;

/// <summary>One finding about a pipeline definition; the same everywhere it is shown.</summary>
/// <param name="Code">Stable code such as <c>FF1203</c>.</param>
/// <param name="Path">Where in the definition: <c>ingest.flights.config.path</c>; empty for the whole file.</param>
/// <param name="Line">1-based line of the text, when known.</param>
/// <param name="Column">1-based column of the text, when known.</param>
/// <param name="Suggestion">What to do about it, when something can be said.</param>
public sealed record DiagnosticEntry(DiagnosticLevel Level, string Code, string Message, string Path, int? Line, int? Column, string? Suggestion);
