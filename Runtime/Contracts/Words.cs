namespace FlowForge.Contracts;

/// <summary>State of a run and of a job in it; only jobs are ever <see cref="Skipped"/>. <see cref="Held"/>: the source has changed, and what was read waits for a person.</summary>
public enum RunState { Queued, Running, Succeeded, Failed, Cancelled, Skipped, Held }

/// <summary>What a job makes.</summary>
public enum JobKind { Ingest, Silver, Gold, Notebook, Delivery }

/// <summary>Layer of a table in the lake.</summary>
public enum TableLayer { Bronze, Silver, Gold }

/// <summary>Weight of a diagnostic: an error refuses the definition, a warning does not.</summary>
public enum DiagnosticLevel { Info, Warning, Error }

/// <summary>Weight of a log line.</summary>
public enum RunLogLevel { Debug, Info, Warning, Error }

/// <summary>What happens when a check fails: it is noted, its rows are left out, its rows are set aside, or nothing is published.</summary>
public enum CheckAction { Warn, Drop, Quarantine, Fail }

/// <summary>How a pipeline file is written.</summary>
public enum PipelineTextFormat { Yaml, Json }

/// <summary>Questions that every screen asks about a state.</summary>
public static class RunStates
{
    /// <summary>True when the run or job will not change any more.</summary>
    public static bool IsFinal(this RunState state) => state is not (RunState.Queued or RunState.Running);
}
