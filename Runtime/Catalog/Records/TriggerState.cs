namespace FlowForge.Catalog;

/// <summary>What a trigger of a pipeline remembers.</summary>
/// <param name="Position">For triggers after a pipeline: the last run end that was seen to (<see cref="RunEnd.EndId"/>).</param>
/// <param name="PendingRun">The id of a run that was decided on and is not yet known to have started.</param>
/// <param name="PendingNote">Why that run, for people.</param>
/// <param name="LastRun">The run that it started last.</param>
/// <param name="Problem">Why it does not work at the moment, or left out the last start; null when all is well.</param>
/// <param name="PendingPosition">For triggers after a pipeline: the last end that the pending run is about.</param>
public sealed record TriggerState(
    string Pipeline, string Key, long Position, string? PendingRun, string? PendingNote, string? LastRun, DateTimeOffset? FiredAt, DateTimeOffset? CheckedAt, string? Problem,
    long? PendingPosition = null);

/// <summary>The end of a run. One that was retried ends more than once.</summary>
/// <param name="EndId">Grows with every end.</param>
public sealed record RunEnd(long EndId, string RunId, string Pipeline, RunState State, DateTimeOffset EndedAt);
