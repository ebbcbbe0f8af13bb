using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Namespaces;
using Temporalio.Api.ErrorDetails.V1;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>What a new run needs beside its started event.</summary>
internal sealed record StartOptions
{
    public string RequestId { get; init; } = "";

    /// <summary>How long the first task waits. Zero for none.</summary>
    public TimeSpan Backoff { get; init; }

    /// <summary>A signal ends a start delay at once; a cron or retry back-off goes on.</summary>
    public bool SignalEndsBackoff { get; init; }

    public DateTime? OriginalStartTime { get; init; }

    public Temporalio.Api.Sdk.V1.UserMetadata? UserMetadata { get; init; }

    public IReadOnlyList<Link> Links { get; init; } = [];
}

/// <summary>Begins runs, and decides whether a workflow id may be used again.</summary>
internal static class Starter
{
    public static string NewRunId() => Guid.CreateVersion7().ToString();

    public static Execution Begin(
        ServerState server, NamespaceEntry ns, string workflowId, string runId, WorkflowExecutionStartedEventAttributes start, StartOptions options)
    {
        var now = server.Executor.Now;
        var e = new Execution(server, ns, server.Executions.NextKey(), workflowId, runId);
        start.WorkflowId = workflowId;
        start.OriginalExecutionRunId = runId;
        if (start.FirstExecutionRunId.Length == 0)
        {
            start.FirstExecutionRunId = runId;
        }
        start.Attempt = Math.Max(1, start.Attempt);
        start.WorkflowExecutionTimeout = Times.Unless0(start.WorkflowExecutionTimeout);
        start.WorkflowRunTimeout = Times.Unless0(start.WorkflowRunTimeout);
        start.WorkflowTaskTimeout = Times.Unless0(start.WorkflowTaskTimeout) ?? Duration.FromTimeSpan(WorkflowTasks.DefaultTimeout);
        if (Times.Span(start.WorkflowTaskTimeout) > TimeSpan.FromMinutes(2))
        {
            start.WorkflowTaskTimeout = Duration.FromTimeSpan(TimeSpan.FromMinutes(2));
        }
        if (start.WorkflowExecutionExpirationTime is null && Times.Span(start.WorkflowExecutionTimeout) is { } whole)
        {
            start.WorkflowExecutionExpirationTime = Times.Stamp(now + whole + options.Backoff);
        }
        e.State.StartRequestId = options.RequestId;
        e.State.OriginalStartTime = Times.Stamp(options.OriginalStartTime ?? now);
        e.Add(start, added =>
        {
            added.UserMetadata = options.UserMetadata;
            added.Links.AddRange(options.Links);
        });
        server.Executions.Add(e);
        server.Metrics.WorkflowStarted.Add(1);
        if (options.Backoff > TimeSpan.Zero)
        {
            e.State.FirstTaskPending = true;
            e.State.FirstTaskDue = Times.Stamp(now + options.Backoff);
            e.State.SignalEndsBackoff = options.SignalEndsBackoff;
            e.WaitForFirstTask();
        }
        else
        {
            e.EnsureTask();
        }
        e.ArmRunTimeouts();
        return e;
    }

    /// <summary>Arms the timeouts of the run and of the whole chain.</summary>
    public static void ArmRunTimeouts(this Execution e)
    {
        if (e.Start.WorkflowExecutionExpirationTime is { } end)
        {
            e.RunTimers.Add(e.Server.Executor.Timers.At(end.ToDateTime(), () => e.IfOpen(() => e.TimeOut(wholeExecution: true))));
        }
        if (Times.Span(e.Start.WorkflowRunTimeout) is { } run)
        {
            e.RunTimers.Add(e.Server.Executor.Timers.At(e.ExecutionTime + run, () => e.IfOpen(() => e.TimeOut(wholeExecution: false))));
        }
    }

    /// <summary>A signal or update ends a start delay, but not the back-off of a cron or a retry.</summary>
    public static void EndStartDelayForSignal(this Execution e)
    {
        if (e.State is { FirstTaskPending: true, SignalEndsBackoff: true })
        {
            e.EndFirstTaskDelay();
        }
    }

    /// <summary>
    /// The open run to use instead of a new one, or null when a new one may start (after ending the open one where the policy says so).
    /// </summary>
    /// <exception cref="GrpcException">ALREADY_EXISTS when the policies forbid a new run.</exception>
    public static Execution? Resolve(Execution? existing, WorkflowIdReusePolicy reuse, WorkflowIdConflictPolicy conflict, string identity)
    {
        if (existing is null)
        {
            return null;
        }
        if (existing.IsOpen)
        {
            if (reuse == WorkflowIdReusePolicy.TerminateIfRunning || conflict == WorkflowIdConflictPolicy.TerminateExisting)
            {
                existing.Terminate("TerminateIfRunning WorkflowIdReusePolicy", null, identity);
                return null;
            }
            if (conflict == WorkflowIdConflictPolicy.UseExisting)
            {
                return existing;
            }
            throw AlreadyStarted(existing, $"Workflow execution is already running. WorkflowId: {existing.WorkflowId}, RunId: {existing.RunId}.");
        }
        switch (reuse)
        {
            case WorkflowIdReusePolicy.RejectDuplicate:
                throw AlreadyStarted(existing,
                    $"Workflow execution already finished. WorkflowId: {existing.WorkflowId}, RunId: {existing.RunId}. Workflow Id reuse policy: reject duplicate workflow Id.");
            case WorkflowIdReusePolicy.AllowDuplicateFailedOnly when existing.Status == WorkflowExecutionStatus.Completed:
                throw AlreadyStarted(existing,
                    $"Workflow execution already finished successfully. WorkflowId: {existing.WorkflowId}, RunId: {existing.RunId}. Workflow Id reuse policy: allow duplicate workflow Id if last run failed.");
            default:
                return null;
        }
    }

    private static GrpcException AlreadyStarted(Execution existing, string message) =>
        new(GrpcCode.AlreadyExists, message, new WorkflowExecutionAlreadyStartedFailure
        {
            StartRequestId = existing.State.StartRequestId,
            RunId = existing.RunId,
            FirstExecutionRunId = existing.Start.FirstExecutionRunId,
        });

    private static void IfOpen(this Execution e, Action action)
    {
        if (e.IsOpen)
        {
            action();
        }
    }
}
