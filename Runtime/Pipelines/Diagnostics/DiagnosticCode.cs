namespace FlowForge.Pipelines;

/// <summary>A kind of diagnostic. Codes are stable: they are searched for, ignored and documented by number.</summary>
/// <param name="Code"><c>FF1203</c>.</param>
/// <param name="Title">A few words.</param>
/// <param name="Explanation">Why it is said, and what to do; for the documentation.</param>
public sealed record DiagnosticCode(string Code, DiagnosticSeverity Severity, string Title, string Explanation);
