using System.Diagnostics;
using FlowForge.Temporal.Protocol;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Takes one workflow task from the poll to the answer.</summary>
internal sealed class WorkflowTaskRunner(WorkerScope worker, IReadOnlyDictionary<string, IDecider> deciders)
{
    public async Task RunAsync(PollWorkflowTaskQueueResponse poll)
    {
        var type = poll.WorkflowType?.Name ?? "";
        Activity? span = null;
        try
        {
            var history = await WorkflowTaskReader.HistoryAsync(worker.Client, poll, CancellationToken.None).ConfigureAwait(false);
            span = TemporalTracing.Source.StartActivity($"RunWorkflowTask:{type}", ActivityKind.Server, TemporalTracing.Extract(history.Started.Header));
            span?.SetTag("temporalWorkflowID", poll.WorkflowExecution.WorkflowId).SetTag("temporalRunID", poll.WorkflowExecution.RunId);
            var task = WorkflowTaskReader.Read(worker, poll, history);
            var decision = DecisionCheck.Complete(task, Decider(type).Decide(history, task));
            await AnswerAsync(poll, decision).ConfigureAwait(false);
        }
        catch (GrpcException e) when (WorkflowService.IsTooLarge(e))
        {
            worker.Logger.LogError("The decision for workflow {WorkflowId} ({WorkflowType}) is too large to send: {Message}", poll.WorkflowExecution?.WorkflowId, type, e.Message);
            await FailAsync(poll, e, WorkflowTaskFailedCause.GrpcMessageTooLarge).ConfigureAwait(false);
        }
        catch (GrpcException e)
        {
            // The server is away or has given the task to someone else: it will come again if it is still wanted.
            worker.Logger.Log(e.Code == GrpcCode.NotFound ? LogLevel.Debug : LogLevel.Warning,
                "A task of workflow {WorkflowId} ({WorkflowType}) was dropped: {Code}: {Message}", poll.WorkflowExecution?.WorkflowId, type, e.Code, e.Message);
        }
        catch (Exception e)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            worker.Logger.LogError(e, "Deciding workflow {WorkflowId} ({WorkflowType}), attempt {Attempt}, failed", poll.WorkflowExecution?.WorkflowId, type, poll.Attempt);
            await FailAsync(poll, e, WorkflowTaskFailedCause.WorkflowWorkerUnhandledFailure).ConfigureAwait(false);
        }
        finally
        {
            span?.Dispose();
        }
    }

    private IDecider Decider(string type) => deciders.TryGetValue(type, out var decider)
        ? decider
        : throw new InvalidOperationException($"Workflow type '{type}' is not registered on task queue '{worker.Options.TaskQueue}'. "
            + $"Registered there: {string.Join(", ", deciders.Keys.Order(StringComparer.Ordinal))}.");

    private async Task AnswerAsync(PollWorkflowTaskQueueResponse poll, Decision decision)
    {
        if (poll.Query is not null)
        {
            await RespondQueryAsync(poll, decision.Answers[WorkflowTaskReader.LegacyQueryId]).ConfigureAwait(false);
            return;
        }
        var request = new RespondWorkflowTaskCompletedRequest { Namespace = worker.Client.Namespace, TaskToken = poll.TaskToken, Identity = worker.Identity };
        // Cloned, as encoding changes them in place and a decider may share payloads with the history.
        request.Commands.AddRange(decision.Commands.Select(c => c.Clone()));
        request.Messages.AddRange(decision.Messages.Select(m => m.Clone()));
        foreach (var (id, answer) in decision.Answers)
        {
            request.QueryResults[id] = answer.Clone();
        }
        try
        {
            await worker.Client.CallAsync<RespondWorkflowTaskCompletedResponse>(request, CancellationToken.None).ConfigureAwait(false);
        }
        catch (GrpcException e) when (e.Code == GrpcCode.InvalidArgument)
        {
            // UNHANDLED_COMMAND is normal: something came in while the decider closed the run, and the next task will show it.
            // Anything else here is a command that the server does not accept; it has failed the task itself and says why.
            var normal = e.Message.Contains("UnhandledCommand", StringComparison.OrdinalIgnoreCase) || e.Message.Contains("UNHANDLED_COMMAND", StringComparison.Ordinal);
            worker.Logger.Log(normal ? LogLevel.Debug : LogLevel.Error, "The server refused the decision for workflow {WorkflowId}: {Message}", poll.WorkflowExecution.WorkflowId, e.Message);
        }
    }

    private async Task FailAsync(PollWorkflowTaskQueueResponse poll, Exception error, WorkflowTaskFailedCause cause)
    {
        try
        {
            if (poll.Query is not null)
            {
                await RespondQueryAsync(poll, QueryAnswers.Failed(error.Message)).ConfigureAwait(false);
            }
            else if (poll.Attempt <= 1)
            {
                // Later attempts are left to time out: failing them at once would have the server repeat them without a pause.
                await worker.Client.CallAsync<RespondWorkflowTaskFailedResponse>(new RespondWorkflowTaskFailedRequest
                {
                    Namespace = worker.Client.Namespace,
                    TaskToken = poll.TaskToken,
                    Cause = cause,
                    Failure = worker.Client.Data.Failures.ToFailure(error),
                    Identity = worker.Identity,
                }, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (GrpcException e)
        {
            worker.Logger.LogDebug(e, "The failure of a task of workflow {WorkflowId} did not reach the server", poll.WorkflowExecution?.WorkflowId);
        }
    }

    private async Task RespondQueryAsync(PollWorkflowTaskQueueResponse poll, Temporalio.Api.Query.V1.WorkflowQueryResult answer) =>
        await worker.Client.CallAsync<RespondQueryTaskCompletedResponse>(new RespondQueryTaskCompletedRequest
        {
            Namespace = worker.Client.Namespace,
            TaskToken = poll.TaskToken,
            CompletedType = answer.ResultType,
            QueryResult = answer.Answer?.Clone(),
            ErrorMessage = answer.ErrorMessage,
            Failure = answer.Failure?.Clone(),
        }, CancellationToken.None).ConfigureAwait(false);
}
