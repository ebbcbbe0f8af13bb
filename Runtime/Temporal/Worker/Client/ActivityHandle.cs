using Google.Protobuf;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Reports on an activity from outside its function. Thread-safe.</summary>
public sealed class ActivityHandle
{
    private readonly TemporalClient _client;
    private readonly ByteString _token;

    internal ActivityHandle(TemporalClient client, ReadOnlyMemory<byte> token)
    {
        _client = client;
        _token = ByteString.CopyFrom(token.Span);
    }

    public Task CompleteAsync(object? result = null, CancellationToken cancellation = default) =>
        _client.CallAsync<RespondActivityTaskCompletedResponse>(new RespondActivityTaskCompletedRequest
        {
            Namespace = _client.Namespace,
            TaskToken = _token,
            Result = _client.Converter.ToPayloads(result),
            Identity = _client.Identity,
        }, cancellation);

    public Task FailAsync(Exception failure, CancellationToken cancellation = default) =>
        _client.CallAsync<RespondActivityTaskFailedResponse>(new RespondActivityTaskFailedRequest
        {
            Namespace = _client.Namespace,
            TaskToken = _token,
            Failure = _client.Data.Failures.ToFailure(failure),
            Identity = _client.Identity,
        }, cancellation);

    public Task CancelledAsync(object? details = null, CancellationToken cancellation = default) =>
        _client.CallAsync<RespondActivityTaskCanceledResponse>(new RespondActivityTaskCanceledRequest
        {
            Namespace = _client.Namespace,
            TaskToken = _token,
            Details = _client.Converter.ToPayloads(details),
            Identity = _client.Identity,
        }, cancellation);

    /// <returns>True when the activity is to stop.</returns>
    public async Task<bool> HeartbeatAsync(object? details = null, CancellationToken cancellation = default) =>
        (await _client.CallAsync<RecordActivityTaskHeartbeatResponse>(new RecordActivityTaskHeartbeatRequest
        {
            Namespace = _client.Namespace,
            TaskToken = _token,
            Details = _client.Converter.ToPayloads(details),
            Identity = _client.Identity,
        }, cancellation).ConfigureAwait(false)).CancelRequested;
}
