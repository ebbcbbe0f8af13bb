namespace FlowForge.Conformance.Tests.Support;

/// <summary>Calls of the workflow service, without an SDK.</summary>
internal sealed class ServiceClient(string address) : IDisposable
{
    private readonly GrpcTransport _transport = new(new GrpcTransportOptions { Address = address });

    public Task<T> CallAsync<T>(string method, IMessage request, TimeSpan? timeout = null) where T : IMessage<T>, new() =>
        _transport.CallAsync<T>($"temporal.api.workflowservice.v1.WorkflowService/{method}", request, new MessageParser<T>(() => new T()), timeout ?? TimeSpan.FromSeconds(30), CancellationToken.None);

    public Task<StartWorkflowExecutionResponse> StartAsync(string id, string queue, Action<StartWorkflowExecutionRequest>? change = null)
    {
        var request = new StartWorkflowExecutionRequest
        {
            Namespace = "default",
            WorkflowId = id,
            WorkflowType = new() { Name = "test" },
            TaskQueue = new() { Name = queue },
            RequestId = Guid.NewGuid().ToString(),
        };
        change?.Invoke(request);
        return CallAsync<StartWorkflowExecutionResponse>("StartWorkflowExecution", request);
    }

    public Task<PollWorkflowTaskQueueResponse> PollAsync(string queue) => CallAsync<PollWorkflowTaskQueueResponse>("PollWorkflowTaskQueue",
        new PollWorkflowTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = queue }, Identity = "test" }, TimeSpan.FromSeconds(15));

    public Task<PollActivityTaskQueueResponse> PollActivityAsync(string queue) => CallAsync<PollActivityTaskQueueResponse>("PollActivityTaskQueue",
        new PollActivityTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = queue }, Identity = "test" }, TimeSpan.FromSeconds(15));

    public Task<RespondWorkflowTaskCompletedResponse> CompleteAsync(PollWorkflowTaskQueueResponse task, params Temporalio.Api.Command.V1.Command[] commands) =>
        CallAsync<RespondWorkflowTaskCompletedResponse>("RespondWorkflowTaskCompleted",
            new RespondWorkflowTaskCompletedRequest { Namespace = "default", TaskToken = task.TaskToken, Commands = { commands }, Identity = "test" });

    public async Task<IReadOnlyList<HistoryEvent>> HistoryAsync(string workflowId, string runId = "")
    {
        var events = new List<HistoryEvent>();
        var request = new GetWorkflowExecutionHistoryRequest { Namespace = "default", Execution = new() { WorkflowId = workflowId, RunId = runId } };
        do
        {
            var page = await CallAsync<GetWorkflowExecutionHistoryResponse>("GetWorkflowExecutionHistory", request);
            events.AddRange(page.History.Events);
            request.NextPageToken = page.NextPageToken;
        }
        while (!request.NextPageToken.IsEmpty);
        return events;
    }

    public Task<DescribeWorkflowExecutionResponse> DescribeAsync(string workflowId, string runId = "") => CallAsync<DescribeWorkflowExecutionResponse>(
        "DescribeWorkflowExecution", new DescribeWorkflowExecutionRequest { Namespace = "default", Execution = new() { WorkflowId = workflowId, RunId = runId } });

    public async Task<IReadOnlyList<Temporalio.Api.Workflow.V1.WorkflowExecutionInfo>> ListAsync(string query)
    {
        var all = new List<Temporalio.Api.Workflow.V1.WorkflowExecutionInfo>();
        var request = new ListWorkflowExecutionsRequest { Namespace = "default", Query = query, PageSize = 500 };
        do
        {
            var page = await CallAsync<ListWorkflowExecutionsResponse>("ListWorkflowExecutions", request);
            all.AddRange(page.Executions);
            request.NextPageToken = page.NextPageToken;
        }
        while (!request.NextPageToken.IsEmpty);
        return all;
    }

    public void Dispose() => _transport.Dispose();
}
