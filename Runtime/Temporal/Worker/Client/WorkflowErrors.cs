using Temporalio.Api.Enums.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>An open (or, by the reuse policy, a closed) run has this workflow id already.</summary>
public sealed class WorkflowAlreadyStartedException(string workflowId, string runId, Exception inner)
    : Exception($"Workflow '{workflowId}' is already started, as run {runId}.", inner)
{
    public string WorkflowId { get; } = workflowId;

    public string RunId { get; } = runId;
}

/// <summary>No run has this id, or it is closed where an open one is needed.</summary>
public sealed class WorkflowNotFoundException(string workflowId, string? runId, string detail, Exception inner)
    : Exception($"Workflow '{workflowId}'{(runId is null ? "" : $" (run {runId})")}: {detail}", inner)
{
    public string WorkflowId { get; } = workflowId;
}

/// <summary>A run that was waited for did not complete. The inner exception says why.</summary>
public sealed class WorkflowFailedException(string workflowId, string runId, WorkflowExecutionStatus status, Exception? inner)
    : Exception($"Workflow '{workflowId}' (run {runId}) ended as {status}{(inner is null ? "" : ": " + inner.Message)}", inner)
{
    public string WorkflowId { get; } = workflowId;

    public string RunId { get; } = runId;

    public WorkflowExecutionStatus Status { get; } = status;
}

/// <summary>The workflow refused or could not answer a query.</summary>
public sealed class WorkflowQueryFailedException(string workflowId, string query, string detail, Exception? inner = null)
    : Exception($"Query '{query}' to workflow '{workflowId}': {detail}", inner)
{
    public string WorkflowId { get; } = workflowId;
}

/// <summary>The workflow rejected an update, or ended it with a failure, which is the inner exception.</summary>
public sealed class WorkflowUpdateFailedException(string workflowId, string update, Exception inner)
    : Exception($"Update '{update}' of workflow '{workflowId}': {inner.Message}", inner)
{
    public string WorkflowId { get; } = workflowId;
}
