using System.Diagnostics;
using System.Runtime.CompilerServices;
using FlowForge.Temporal.Protocol;
using Google.Protobuf;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>
/// A client of one namespace of a Temporal server, the embedded one or a cluster. Thread-safe; one per process is enough. Calls are repeated while the
/// server is away, for <see cref="TemporalOptions.RetryFor"/>, and end with <see cref="GrpcException"/> if it stays away.
/// </summary>
public sealed partial class TemporalClient : IAsyncDisposable
{
    private readonly GrpcTransport _transport;

    private TemporalClient(TemporalOptions options, GrpcTransport transport)
    {
        Options = options;
        _transport = transport;
        Service = new WorkflowService(transport, options);
        Data = new DataConverter(options.Json is null ? PayloadConverter.Default : new PayloadConverter(options.Json), options.Codec);
        Identity = options.Identity ?? $"{Environment.ProcessId}@{Environment.MachineName}";
    }

    public TemporalOptions Options { get; }

    public string Namespace => Options.Namespace;

    public string Identity { get; }

    /// <summary>What the server said about itself when the connection was made.</summary>
    public GetSystemInfoResponse ServerInfo { get; private set; } = new();

    /// <summary>All calls of the server, for what is not wrapped here.</summary>
    public WorkflowService Service { get; }

    public PayloadConverter Converter => Data.Payloads;

    internal DataConverter Data { get; }

    /// <summary>Connects and waits until the server answers.</summary>
    /// <exception cref="TimeoutException">Nothing answered within <see cref="TemporalOptions.ConnectTimeout"/>.</exception>
    /// <exception cref="InvalidOperationException">The settings are wrong, or the namespace does not exist.</exception>
    /// <exception cref="GrpcException">The server answered but refused, for example UNAUTHENTICATED.</exception>
    public static async Task<TemporalClient> ConnectAsync(TemporalOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var client = new TemporalClient(options, new GrpcTransport(options.ToTransport()));
        try
        {
            var wait = new CallPolicy { RetryFor = options.ConnectTimeout };
            client.ServerInfo = await client.Service.CallAsync<GetSystemInfoResponse>(new GetSystemInfoRequest(), cancellation, wait).ConfigureAwait(false);
            await client.CheckNamespaceAsync(cancellation).ConfigureAwait(false);
            return client;
        }
        catch (GrpcException e) when (e.Code is GrpcCode.Unavailable or GrpcCode.DeadlineExceeded)
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw new TimeoutException($"No Temporal server answered at {options.Address} within {options.ConnectTimeout.TotalSeconds:0.#} s. "
                + $"Start it, or set Temporal:Address. Last error: {e.Message}", e);
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts a workflow and returns at once with its handle.</summary>
    /// <param name="input">One argument, <see cref="Arguments"/> for several, null for none.</param>
    /// <exception cref="WorkflowAlreadyStartedException">The id is taken and the policies do not allow it.</exception>
    public async Task<WorkflowHandle> StartWorkflowAsync(string workflowType, object? input, StartWorkflowOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var span = TemporalTracing.Source.StartActivity($"StartWorkflow:{workflowType}", ActivityKind.Client);
        span?.SetTag("temporalWorkflowID", options.Id);
        var start = StartRequests.Start(this, workflowType, input, options, TemporalTracing.Inject(span));
        try
        {
            if (options.StartSignal is not null)
            {
                var both = await CallAsync<SignalWithStartWorkflowExecutionResponse>(StartRequests.WithSignal(this, start, options), cancellation).ConfigureAwait(false);
                return new WorkflowHandle(this, options.Id, both.RunId);
            }
            var response = await CallAsync<StartWorkflowExecutionResponse>(start, cancellation).ConfigureAwait(false);
            return new WorkflowHandle(this, options.Id, response.RunId);
        }
        catch (GrpcException e) when (e.Code == GrpcCode.AlreadyExists)
        {
            throw new WorkflowAlreadyStartedException(options.Id, e.Detail<WorkflowExecutionAlreadyStartedFailure>()?.RunId ?? "", e);
        }
    }

    /// <summary>A handle without asking the server. Without <paramref name="runId"/> it means the newest run.</summary>
    public WorkflowHandle GetHandle(string workflowId, string? runId = null) => new(this, workflowId, runId);

    /// <summary>An activity that is completed from outside its function, see <see cref="ActivityResult.Later"/>.</summary>
    public ActivityHandle GetActivity(ReadOnlyMemory<byte> taskToken) => new(this, taskToken);

    /// <summary>Runs that match a query such as <c>WorkflowType = 'x' AND ExecutionStatus = 'Running'</c>; empty means all. Newest first, paged as you read.</summary>
    public async IAsyncEnumerable<WorkflowSummary> ListAsync(string query = "", [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var request = new ListWorkflowExecutionsRequest { Namespace = Namespace, Query = query, PageSize = 200 };
        do
        {
            var page = await CallAsync<ListWorkflowExecutionsResponse>(request, cancellation).ConfigureAwait(false);
            foreach (var execution in page.Executions)
            {
                yield return new WorkflowSummary(execution, Converter);
            }
            request.NextPageToken = page.NextPageToken;
        }
        while (!request.NextPageToken.IsEmpty);
    }

    /// <summary>One page of <see cref="ListAsync"/>, for user interfaces. The token is empty at the first and after the last page.</summary>
    public async Task<(IReadOnlyList<WorkflowSummary> Runs, byte[] NextPageToken)> ListPageAsync(
        string query, int pageSize, byte[]? pageToken = null, CancellationToken cancellation = default)
    {
        var page = await CallAsync<ListWorkflowExecutionsResponse>(
            new ListWorkflowExecutionsRequest { Namespace = Namespace, Query = query, PageSize = pageSize, NextPageToken = ByteString.CopyFrom(pageToken ?? []) }, cancellation).ConfigureAwait(false);
        return ([.. page.Executions.Select(e => new WorkflowSummary(e, Converter))], page.NextPageToken.ToByteArray());
    }

    public async Task<long> CountAsync(string query = "", CancellationToken cancellation = default) =>
        (await CallAsync<CountWorkflowExecutionsResponse>(new CountWorkflowExecutionsRequest { Namespace = Namespace, Query = query }, cancellation).ConfigureAwait(false)).Count;

    public ValueTask DisposeAsync()
    {
        _transport.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Encodes, calls, decodes.</summary>
    internal async Task<TResponse> CallAsync<TResponse>(IMessage request, CancellationToken cancellation, CallPolicy? policy = null)
        where TResponse : IMessage<TResponse>, new()
    {
        await Data.EncodeAsync(request, cancellation).ConfigureAwait(false);
        var response = await Service.CallAsync<TResponse>(request, cancellation, policy).ConfigureAwait(false);
        await Data.DecodeAsync(response, cancellation).ConfigureAwait(false);
        return response;
    }

    private async Task CheckNamespaceAsync(CancellationToken cancellation)
    {
        try
        {
            await Service.CallAsync<DescribeNamespaceResponse>(new DescribeNamespaceRequest { Namespace = Namespace }, cancellation).ConfigureAwait(false);
        }
        catch (GrpcException e) when (e.Code == GrpcCode.NotFound)
        {
            throw new InvalidOperationException($"The Temporal server at {Options.Address} has no namespace '{Namespace}'. Register it there, or set Temporal:Namespace.", e);
        }
        catch (GrpcException e) when (e.Code is GrpcCode.PermissionDenied or GrpcCode.Unimplemented)
        {
            // A key that may run workflows need not be allowed to describe namespaces.
        }
    }
}
