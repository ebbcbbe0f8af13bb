namespace FlowForge.Pipelines;

/// <summary>Collects diagnostics. Not thread-safe.</summary>
internal sealed class DiagnosticList
{
    private readonly List<Diagnostic> _items = [];

    /// <summary>True when further ones would be dropped: no need to work for them.</summary>
    public bool IsFull => _items.Count >= TextLimits.Diagnostics;

    public void Add(DiagnosticCode code, TextPlace? place, string path, string message, string? suggestion = null)
    {
        if (!IsFull)
        {
            _items.Add(new Diagnostic(code.Severity, code.Code, message, path, place?.Line, place?.Column, suggestion));
        }
    }

    /// <summary>By line and column, otherwise as they came; those without a line last.</summary>
    public IReadOnlyList<Diagnostic> Ordered() => [.. _items.OrderBy(d => d.Line ?? int.MaxValue).ThenBy(d => d.Column ?? int.MaxValue)];
}
