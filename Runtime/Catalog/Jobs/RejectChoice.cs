namespace FlowForge.Catalog;

/// <summary>Which open rejects of a table are read again. An empty list takes all.</summary>
/// <param name="Reasons">Reason codes: <c>WRONG_TYPE</c>.</param>
/// <param name="Runs">Runs that rejected them.</param>
/// <param name="Files">Files as the source names them.</param>
public sealed record RejectChoice(IReadOnlyList<string> Reasons, IReadOnlyList<string> Runs, IReadOnlyList<string> Files)
{
    /// <summary>All open rejects.</summary>
    public static RejectChoice All { get; } = new([], [], []);
}
