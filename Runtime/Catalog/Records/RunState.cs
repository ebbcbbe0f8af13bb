namespace FlowForge.Catalog;

/// <summary>
/// States of runs and of their jobs; written in lower case everywhere (<c>EnumText.ToText</c>). A run is never <see cref="Skipped"/>.
/// </summary>
public enum RunState
{
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,

    /// <summary>A job that did not run because one that it needs did not succeed.</summary>
    Skipped,

    /// <summary>The source has changed, and what was read waits for a person (<see cref="RunHeld"/>): nothing failed, and nothing was published.</summary>
    Held,
}

/// <summary>Questions about states.</summary>
public static class RunStates
{
    /// <summary>True when nothing more happens: the state is final.</summary>
    public static bool IsFinal(this RunState state) => state is not (RunState.Queued or RunState.Running);
}
