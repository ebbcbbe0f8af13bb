namespace FlowForge.Catalog;

/// <summary>What a reopened run needs from Temporal, and how it was before, in case nothing comes of it.</summary>
/// <param name="WorkflowRunId">The workflow run that is reset.</param>
/// <param name="Point">The event at which its history is cut.</param>
/// <param name="RequestId">Makes the reset repeatable: the server does it once for one id.</param>
/// <param name="Begun">The run's beginning lies before the cut, so nothing else will say that it is under way.</param>
/// <param name="Held">A pause lies before the cut, and a retry lets the run go on.</param>
/// <param name="Run">The run before.</param>
/// <param name="Jobs">Its jobs before.</param>
public sealed record Reopening(string WorkflowRunId, long Point, string RequestId, bool Begun, bool Held, RunRecord Run, IReadOnlyList<JobRunRecord> Jobs);
