using System.Runtime.CompilerServices;
using FlowForge.Temporal.Protocol;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Update.V1;
using Temporalio.Api.WorkflowService.V1;
using Wire = Temporalio.Api.Query.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>One workflow, by id and perhaps run. Thread-safe; holds no connection of its own.</summary>
public sealed class WorkflowHandle
{
    private readonly TemporalClient _client;

    internal WorkflowHandle(TemporalClient client, string id, string? runId)
    {
        _client = client;
        Id = id;
        RunId = string.IsNullOrEmpty(runId) ? null : runId;
    }

    public string Id { get; }

    /// <summary>Null means whichever run is the newest at the time of a call.</summary>
    public string? RunId { get; }

    private static WaitPolicy UntilCompleted => new() { LifecycleStage = UpdateWorkflowExecutionLifecycleStage.Completed };

    private WorkflowExecution Execution => new() { WorkflowId = Id, RunId = RunId ?? "" };

    /// <summary>Delivers a signal; it is on disk at the server when this returns.</summary>
    /// <exception cref="WorkflowNotFoundException">There is no such run, or it is closed.</exception>
    public Task SignalAsync(string name, object? argument = null, CancellationToken cancellation = default) =>
        CallAsync<SignalWorkflowExecutionResponse>(new SignalWorkflowExecutionRequest
        {
            Namespace = _client.Namespace,
            WorkflowExecution = Execution,
            SignalName = name,
            Input = _client.Converter.ToPayloads(argument),
            Identity = _client.Identity,
            RequestId = Guid.NewGuid().ToString(),
            Header = TemporalTracing.Inject(null),
        }, cancellation);

    /// <summary>Asks a worker about the run's state; closed runs answer too while a worker of their type is up.</summary>
    /// <exception cref="WorkflowQueryFailedException">The decider refused or failed, or no worker answered in time.</exception>
    public async Task<T?> QueryAsync<T>(string name, object? argument = null, CancellationToken cancellation = default)
    {
        try
        {
            var response = await CallAsync<QueryWorkflowResponse>(new QueryWorkflowRequest
            {
                Namespace = _client.Namespace,
                Execution = Execution,
                Query = new Wire.WorkflowQuery { QueryType = name, QueryArgs = _client.Converter.ToPayloads(argument) },
                QueryRejectCondition = QueryRejectCondition.None,
            }, cancellation).ConfigureAwait(false);
            return _client.Converter.FromPayloads<T>(response.QueryResult);
        }
        catch (GrpcException e) when (e.Detail<QueryFailedFailure>() is { } detail)
        {
            var inner = detail.Failure is null ? e : (Exception)_client.Data.Failures.ToException(detail.Failure);
            throw new WorkflowQueryFailedException(Id, name, e.Message, inner);
        }
        catch (GrpcException e) when (e.Code is GrpcCode.InvalidArgument or GrpcCode.DeadlineExceeded or GrpcCode.FailedPrecondition)
        {
            throw new WorkflowQueryFailedException(Id, name, e.Code == GrpcCode.DeadlineExceeded ? $"no worker answered ({e.Message})" : e.Message, e);
        }
    }

    /// <summary>Sends an update and waits for its outcome, however long the workflow takes.</summary>
    /// <exception cref="WorkflowUpdateFailedException">It was rejected, or ended with a failure.</exception>
    public async Task<T?> UpdateAsync<T>(string name, object? argument = null, string? updateId = null, CancellationToken cancellation = default)
    {
        var id = updateId ?? Guid.NewGuid().ToString();
        var request = UpdateRequest(name, argument, id);
        UpdateWorkflowExecutionResponse sent;
        do
        {
            // Until a worker has accepted it, the update lives in the server's memory only: send it again, with the same id.
            sent = await CallAsync<UpdateWorkflowExecutionResponse>(request.Clone(), cancellation, CallPolicy.PatientPoll).ConfigureAwait(false);
        }
        while (sent.Outcome is null && sent.Stage < UpdateWorkflowExecutionLifecycleStage.Accepted);
        return await OutcomeAsync<T>(name, id, sent, cancellation).ConfigureAwait(false);
    }

    /// <summary>Asks the run to cancel; the workflow decides how. Asking twice is the same as once.</summary>
    /// <exception cref="WorkflowNotFoundException">There is no such run, or it is closed.</exception>
    public Task CancelAsync(string reason = "", CancellationToken cancellation = default) =>
        CallAsync<RequestCancelWorkflowExecutionResponse>(new RequestCancelWorkflowExecutionRequest
        {
            Namespace = _client.Namespace,
            WorkflowExecution = Execution,
            Identity = _client.Identity,
            RequestId = Guid.NewGuid().ToString(),
            Reason = reason,
        }, cancellation);

    /// <summary>Ends the run at once, without asking the workflow.</summary>
    /// <exception cref="WorkflowNotFoundException">There is no such run, or it is closed.</exception>
    public Task TerminateAsync(string reason = "", CancellationToken cancellation = default) =>
        CallAsync<TerminateWorkflowExecutionResponse>(new TerminateWorkflowExecutionRequest
        {
            Namespace = _client.Namespace,
            WorkflowExecution = Execution,
            Identity = _client.Identity,
            Reason = reason,
        }, cancellation);

    /// <summary>Removes the run and its history from the server, terminating it first if it is open.</summary>
    public Task DeleteAsync(CancellationToken cancellation = default) =>
        CallAsync<DeleteWorkflowExecutionResponse>(new DeleteWorkflowExecutionRequest { Namespace = _client.Namespace, WorkflowExecution = Execution }, cancellation);

    public async Task<WorkflowDescription> DescribeAsync(CancellationToken cancellation = default) => new(
        await CallAsync<DescribeWorkflowExecutionResponse>(
            new DescribeWorkflowExecutionRequest { Namespace = _client.Namespace, Execution = Execution }, cancellation).ConfigureAwait(false),
        _client.Converter);

    /// <summary>
    /// Waits until the workflow closes, through any outage of the server, and gives its result. Follows retries, cron runs and continuations to the run
    /// that ends the chain.
    /// </summary>
    /// <exception cref="WorkflowFailedException">It failed, timed out, or was cancelled or terminated.</exception>
    public async Task<T?> ResultAsync<T>(CancellationToken cancellation = default) =>
        _client.Converter.FromPayloads<T>(await WorkflowResult.WaitAsync(_client, this, cancellation).ConfigureAwait(false));

    /// <summary><see cref="ResultAsync{T}"/> for workflows without a result, or where it does not matter.</summary>
    public Task WaitAsync(CancellationToken cancellation = default) => WorkflowResult.WaitAsync(_client, this, cancellation);

    /// <summary>The events, page by page.</summary>
    /// <param name="follow">Goes on with new events as they come, until the run is closed.</param>
    public async IAsyncEnumerable<HistoryEvent> HistoryAsync(bool follow = false, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var request = new GetWorkflowExecutionHistoryRequest { Namespace = _client.Namespace, Execution = Execution, WaitNewEvent = follow, SkipArchival = true };
        do
        {
            var page = await CallAsync<GetWorkflowExecutionHistoryResponse>(request, cancellation, follow ? CallPolicy.PatientPoll : null).ConfigureAwait(false);
            foreach (var e in page.History?.Events ?? [])
            {
                yield return e;
            }
            request.NextPageToken = page.NextPageToken;
        }
        while (!request.NextPageToken.IsEmpty);
    }

    /// <summary>One page of the history, for user interfaces. The token is empty at the first and after the last page.</summary>
    /// <param name="newestFirst">Backwards from the last event.</param>
    public async Task<(IReadOnlyList<HistoryEvent> Events, byte[] NextPageToken)> HistoryPageAsync(
        int pageSize, byte[]? pageToken = null, bool newestFirst = false, CancellationToken cancellation = default)
    {
        var token = ByteString.CopyFrom(pageToken ?? []);
        if (newestFirst)
        {
            var back = await CallAsync<GetWorkflowExecutionHistoryReverseResponse>(new GetWorkflowExecutionHistoryReverseRequest
            {
                Namespace = _client.Namespace,
                Execution = Execution,
                MaximumPageSize = pageSize,
                NextPageToken = token,
            }, cancellation).ConfigureAwait(false);
            return (back.History?.Events ?? [], back.NextPageToken.ToByteArray());
        }
        var page = await CallAsync<GetWorkflowExecutionHistoryResponse>(new GetWorkflowExecutionHistoryRequest
        {
            Namespace = _client.Namespace,
            Execution = Execution,
            MaximumPageSize = pageSize,
            NextPageToken = token,
            SkipArchival = true,
        }, cancellation).ConfigureAwait(false);
        return (page.History?.Events ?? [], page.NextPageToken.ToByteArray());
    }

    /// <summary>The history folded into states.</summary>
    public async Task<WorkflowHistory> FoldAsync(CancellationToken cancellation = default)
    {
        var history = new WorkflowHistory(_client.Converter);
        await foreach (var e in HistoryAsync(follow: false, cancellation).ConfigureAwait(false))
        {
            history.Apply(e);
        }
        return history;
    }

    /// <summary>
    /// Ends the run (if open) and starts a new one that shares its history up to just before <paramref name="workflowTaskFinishEventId"/>, the id of a
    /// completed workflow task (<see cref="WorkflowHistory.CompletedTasks"/>), which is then decided again. Signals after it are delivered again.
    /// </summary>
    /// <returns>The new run's id.</returns>
    public Task<string> ResetAsync(long workflowTaskFinishEventId, string reason, CancellationToken cancellation = default) =>
        ResetAsync(workflowTaskFinishEventId, reason, [], null, cancellation);

    /// <inheritdoc cref="ResetAsync(long, string, CancellationToken)"/>
    /// <param name="leaveOut">What came after the point and is not to be delivered again.</param>
    /// <param name="requestId">The server resets once for one id and answers a repeated call with the same run; null for a new one.</param>
    public async Task<string> ResetAsync(
        long workflowTaskFinishEventId, string reason, IReadOnlyCollection<ResetReapplyExcludeType> leaveOut, string? requestId = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(leaveOut);
        var request = new ResetWorkflowExecutionRequest
        {
            Namespace = _client.Namespace,
            WorkflowExecution = Execution,
            Reason = reason,
            WorkflowTaskFinishEventId = workflowTaskFinishEventId,
            RequestId = requestId ?? Guid.NewGuid().ToString(),
            Identity = _client.Identity,
        };
        request.ResetReapplyExcludeTypes.AddRange(leaveOut);
        return (await CallAsync<ResetWorkflowExecutionResponse>(request, cancellation).ConfigureAwait(false)).RunId;
    }

    internal UpdateWorkflowExecutionRequest UpdateRequest(string name, object? argument, string updateId) => new()
    {
        Namespace = _client.Namespace,
        WorkflowExecution = Execution,
        WaitPolicy = UntilCompleted,
        Request = new Request
        {
            Meta = new Meta { UpdateId = updateId, Identity = _client.Identity },
            Input = new Input { Name = name, Args = _client.Converter.ToPayloads(argument), Header = TemporalTracing.Inject(null) },
        },
    };

    /// <summary>Waits for the outcome of an update that was accepted at least.</summary>
    internal async Task<T?> OutcomeAsync<T>(string name, string updateId, UpdateWorkflowExecutionResponse sent, CancellationToken cancellation)
    {
        var outcome = sent.Outcome;
        while (outcome is null)
        {
            outcome = (await CallAsync<PollWorkflowExecutionUpdateResponse>(new PollWorkflowExecutionUpdateRequest
            {
                Namespace = _client.Namespace,
                UpdateRef = new UpdateRef { UpdateId = updateId, WorkflowExecution = sent.UpdateRef?.WorkflowExecution ?? Execution },
                Identity = _client.Identity,
                WaitPolicy = UntilCompleted,
            }, cancellation, CallPolicy.PatientPoll).ConfigureAwait(false)).Outcome;
        }
        return outcome.ValueCase == Outcome.ValueOneofCase.Failure
            ? throw new WorkflowUpdateFailedException(Id, name, _client.Data.Failures.ToException(outcome.Failure))
            : _client.Converter.FromPayloads<T>(outcome.Success);
    }

    internal async Task<TResponse> CallAsync<TResponse>(IMessage request, CancellationToken cancellation, CallPolicy? policy = null)
        where TResponse : IMessage<TResponse>, new()
    {
        try
        {
            return await _client.CallAsync<TResponse>(request, cancellation, policy).ConfigureAwait(false);
        }
        catch (GrpcException e) when (e.Code == GrpcCode.NotFound)
        {
            throw new WorkflowNotFoundException(Id, RunId, e.Message, e);
        }
    }
}
