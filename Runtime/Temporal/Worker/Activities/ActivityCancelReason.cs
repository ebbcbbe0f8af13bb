namespace FlowForge.Temporal.Worker;

/// <summary>Why an activity's token was cancelled.</summary>
public enum ActivityCancelReason
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>The workflow asked for it, or is being cancelled.</summary>
    Requested,

    /// <summary>The server no longer knows this attempt: it timed out, its workflow closed, or it was completed elsewhere.</summary>
    Gone,

    /// <summary>Its own time limit ran out.</summary>
    TimedOut,

    /// <summary>The worker is stopping; the server will give the activity to another one.</summary>
    WorkerShutdown,

    /// <summary>An operator paused it.</summary>
    Paused,

    /// <summary>An operator reset its attempts.</summary>
    Reset,
}
