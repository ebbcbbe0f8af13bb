using System.Diagnostics;
using System.Globalization;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Orchestration.Runs;

/// <summary>
/// Jobs whose worker was killed on this machine. The server would find out when their heartbeats stay away; a runtime that starts again knows at once, and
/// says so, which makes the next attempt begin without that wait. Workers on other machines are left to their heartbeats.
/// </summary>
public sealed class DeadWorkers(TemporalClient client, ILogger logger)
{
    /// <summary>To be called before this process's own worker starts. Failing to tell is no error: the heartbeat timeout remains.</summary>
    public Task ReleaseAsync(string runId, CancellationToken cancel) => ReleaseWorkflowAsync(RunNames.WorkflowId(runId), cancel);

    /// <summary>The same for any workflow of this runtime.</summary>
    public async Task ReleaseWorkflowAsync(string workflow, CancellationToken cancel)
    {
        var description = await client.GetHandle(workflow).DescribeAsync(cancel);
        foreach (var job in description.PendingActivities.Where(a => a.State == PendingActivityState.Started && IsDead(a.LastWorkerIdentity)))
        {
            try
            {
                await client.Service.CallAsync<RespondActivityTaskFailedByIdResponse>(new RespondActivityTaskFailedByIdRequest
                {
                    Namespace = client.Namespace, WorkflowId = workflow, ActivityId = job.ActivityId, Identity = client.Identity,
                    Failure = new Failure { Message = $"Worker {job.LastWorkerIdentity} died.", ApplicationFailureInfo = new ApplicationFailureInfo { Type = "WorkerDied" } },
                }, cancel);
                logger.LogInformation("{JobId} of {Workflow} was left by a worker that died; it is tried again now", job.ActivityId, workflow);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                logger.LogInformation("{JobId} of {Workflow} waits for its heartbeat timeout ({Reason})", job.ActivityId, workflow, error.Message);
            }
        }
    }

    /// <param name="identity"><c>pid@machine</c>, as the client writes it.</param>
    public static bool IsDead(string identity)
    {
        var at = identity.IndexOf('@', StringComparison.Ordinal);
        if (at < 1 || identity[(at + 1)..] != Environment.MachineName) return false;
        if (!int.TryParse(identity.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return false;
        if (id == Environment.ProcessId) return true; // an earlier process had our number: our own worker has not started
        try
        {
            using var process = Process.GetProcessById(id);
            return process.HasExited;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }
}
