using System.Diagnostics;
using FlowForge.Temporal.Protocol;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Start and update as one: either both are taken or neither.</summary>
public sealed partial class TemporalClient
{
    /// <summary>
    /// Starts a workflow unless it is open already (<see cref="StartWorkflowOptions.IdConflictPolicy"/>: with <c>UseExisting</c> the open run gets the update, with
    /// <c>Fail</c> an open run refuses both), sends it an update and waits for the update's outcome, however long the workflow takes.
    /// </summary>
    /// <exception cref="WorkflowAlreadyStartedException">The id is taken and the policies do not allow it; nothing was sent.</exception>
    /// <exception cref="WorkflowUpdateFailedException">The update was rejected, or ended with a failure. The workflow is started all the same.</exception>
    public async Task<UpdateWithStart<T>> UpdateWithStartAsync<T>(string workflowType, object? input, StartWorkflowOptions options, string update, object? argument = null,
        string? updateId = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.StartSignal is not null)
        {
            throw new ArgumentException("A start takes a signal or an update, not both.", nameof(options));
        }
        using var span = TemporalTracing.Source.StartActivity($"UpdateWithStartWorkflow:{workflowType}", ActivityKind.Client);
        span?.SetTag("temporalWorkflowID", options.Id);
        var id = updateId ?? Guid.NewGuid().ToString();
        var request = new ExecuteMultiOperationRequest
        {
            Namespace = Namespace,
            Operations =
            {
                new ExecuteMultiOperationRequest.Types.Operation { StartWorkflow = StartRequests.Start(this, workflowType, input, options, TemporalTracing.Inject(span)) },
                new ExecuteMultiOperationRequest.Types.Operation { UpdateWorkflow = GetHandle(options.Id).UpdateRequest(update, argument, id) },
            },
        };
        ExecuteMultiOperationResponse response;
        UpdateWorkflowExecutionResponse sent;
        do
        {
            // The start's request id and the update's id stay the same, so a repetition does nothing twice.
            response = await MultiAsync(request.Clone(), options.Id, cancellation).ConfigureAwait(false);
            sent = response.Responses[1].UpdateWorkflow;
        }
        while (sent.Outcome is null && sent.Stage < UpdateWorkflowExecutionLifecycleStage.Accepted);
        var handle = GetHandle(options.Id, response.Responses[0].StartWorkflow.RunId);
        return new UpdateWithStart<T>(handle, await handle.OutcomeAsync<T>(update, id, sent, cancellation).ConfigureAwait(false));
    }

    /// <summary>The status of the whole says only that one of the two failed; the details say which and why.</summary>
    private async Task<ExecuteMultiOperationResponse> MultiAsync(ExecuteMultiOperationRequest request, string workflowId, CancellationToken cancellation)
    {
        try
        {
            return await CallAsync<ExecuteMultiOperationResponse>(request, cancellation, CallPolicy.PatientPoll).ConfigureAwait(false);
        }
        catch (GrpcException e) when (e.Detail<MultiOperationExecutionFailure>()?.Statuses.FirstOrDefault(s => !IsAborted(s)) is { } cause)
        {
            var inner = new GrpcException((GrpcCode)cause.Code, cause.Message, [.. cause.Details.Select(d => new Any { TypeUrl = d.TypeUrl, Value = d.Value })], e);
            throw inner.Code == GrpcCode.AlreadyExists ? new WorkflowAlreadyStartedException(workflowId, inner.Detail<WorkflowExecutionAlreadyStartedFailure>()?.RunId ?? "", inner) : inner;
        }
    }

    private static bool IsAborted(MultiOperationExecutionFailure.Types.OperationStatus status) =>
        status.Code == (int)GrpcCode.Ok || status.Details.Any(d => d.Is(Temporalio.Api.Failure.V1.MultiOperationExecutionAborted.Descriptor));
}

/// <summary>What <see cref="TemporalClient.UpdateWithStartAsync{T}"/> did.</summary>
/// <param name="Handle">The run that was started, or that was open already.</param>
/// <param name="Result">The update's result.</param>
public sealed record UpdateWithStart<T>(WorkflowHandle Handle, T? Result);
