using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using FlowForge.Conformance.Tests.Support;

namespace FlowForge.Conformance.Tests.Wire;

/// <summary>Callers that do wrong get the right status, and the server goes on.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private const string Start = "temporal.api.workflowservice.v1.WorkflowService/StartWorkflowExecution";
    private readonly HttpClient _http = new(new SocketsHttpHandler { EnableMultipleHttp2Connections = true, UseProxy = false });
    private DevServer _server = null!;
    private ServiceClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await DevServer.StartAsync(new DevServerOptions { Port = 0, HttpPort = 0 }, TestContext.Current.CancellationToken);
        _client = new ServiceClient(_server.Address);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private async Task<(HttpStatusCode Http, string? Status, string? Message)> PostAsync(string method, byte[] body, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{_server.Address}/{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        change?.Invoke(request);
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        string? Value(string name) =>
            response.TrailingHeaders.TryGetValues(name, out var trailer) ? trailer.First() : response.Headers.TryGetValues(name, out var header) ? header.First() : null;
        return (response.StatusCode, Value("grpc-status"), Value("grpc-message") is { } m ? GrpcStatus.DecodeMessage(m) : null);
    }

    private static byte[] Frame(byte[] payload, byte flag = 0) => [flag, 0, 0, (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];

    [Fact]
    public async Task Request_MalformedProtobuf_IsInternal()
    {
        var (_, status, message) = await PostAsync(Start, Frame([0xFF, 0xFF, 0xFF]));
        Assert.Equal("13", status);
        Assert.StartsWith("grpc: error unmarshalling request: ", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_UnknownCompression_IsUnimplemented()
    {
        var (_, status, message) = await PostAsync(Start, Frame([1, 2], flag: 1), r => r.Headers.Add("grpc-encoding", "snappy"));
        Assert.Equal(("12", "grpc: Decompressor is not installed for grpc-encoding \"snappy\""), (status, message));
    }

    [Fact]
    public async Task Request_BrokenGzip_IsInternal()
    {
        var (_, status, _) = await PostAsync(Start, Frame([1, 2, 3], flag: 1), r => r.Headers.Add("grpc-encoding", "gzip"));
        Assert.Equal("13", status);
    }

    [Fact]
    public async Task Request_Gzip_IsRead()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(new DescribeNamespaceRequest { Namespace = "default" }.ToByteArray());
        }
        var (_, status, _) = await PostAsync("temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace", Frame(packed.ToArray(), flag: 1), r => r.Headers.Add("grpc-encoding", "gzip"));
        Assert.Equal("0", status);
    }

    [Fact]
    public async Task Request_UnknownMethod_IsUnimplemented()
    {
        Assert.Equal(
            ("12", "method NoSuchThing of temporal.api.workflowservice.v1.WorkflowService is not implemented by this server"),
            (await PostAsync("temporal.api.workflowservice.v1.WorkflowService/NoSuchThing", Frame([]))) is var (_, status, message) ? (status, message) : default);
    }

    [Fact]
    public async Task Request_Empty_IsInternal() => Assert.Equal("grpc: the request ended without a message", (await PostAsync(Start, [])).Message);

    [Fact]
    public async Task Request_CutOff_IsInternal() => Assert.Equal("grpc: the request ended in the middle of a message", (await PostAsync(Start, [0, 0, 0, 0, 9, 1])).Message);

    [Fact]
    public async Task Request_NotGrpc_Is415()
    {
        var (http, _, _) = await PostAsync(Start, [], r => r.Content!.Headers.ContentType = new MediaTypeHeaderValue("application/json"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, http);
    }

    [Theory]
    [InlineData("", "Namespace not set on request.", GrpcCode.InvalidArgument)]
    [InlineData("nowhere", "Namespace nowhere is not found.", GrpcCode.NotFound)]
    public async Task Start_UnknownNamespace_SaysSo(string ns, string message, GrpcCode code)
    {
        var error = await Assert.ThrowsAsync<GrpcException>(() => _client.StartAsync("w", "q", r => r.Namespace = ns));
        Assert.Equal((message, code), (error.Message, error.Code));
    }

    [Fact]
    public async Task Start_AlreadyRunning_CarriesDetails()
    {
        var first = await _client.StartAsync("w", "q");
        var error = await Assert.ThrowsAsync<GrpcException>(() => _client.StartAsync("w", "q"));
        Assert.Equal((GrpcCode.AlreadyExists, $"Workflow execution is already running. WorkflowId: w, RunId: {first.RunId}."), (error.Code, error.Message));
        Assert.Equal(first.RunId, error.Detail<Temporalio.Api.ErrorDetails.V1.WorkflowExecutionAlreadyStartedFailure>()!.RunId);
    }

    [Fact]
    public async Task Commands_ClosingWithABufferedSignal_AreRefusedAndTheTaskComesAgain()
    {
        await _client.StartAsync("w", "q");
        var task = await _client.PollAsync("q");
        await _client.CallAsync<SignalWorkflowExecutionResponse>("SignalWorkflowExecution",
            new SignalWorkflowExecutionRequest { Namespace = "default", WorkflowExecution = new() { WorkflowId = "w" }, SignalName = "s" });
        var complete = new Temporalio.Api.Command.V1.Command
        {
            CommandType = CommandType.CompleteWorkflowExecution,
            CompleteWorkflowExecutionCommandAttributes = new(),
        };
        var error = await Assert.ThrowsAsync<GrpcException>(() => _client.CompleteAsync(task, complete));
        Assert.Equal((GrpcCode.InvalidArgument, "UnhandledCommand"), (error.Code, error.Message));
        var again = await _client.PollAsync("q");
        Assert.Equal(1, again.Attempt);
        Assert.Contains(again.History.Events, e => e.EventType == EventType.WorkflowExecutionSignaled);
        await _client.CompleteAsync(again, complete);
        Assert.Equal([], HistoryCheck.Faults(await _client.HistoryAsync("w")));
    }

    [Fact]
    public async Task Commands_BadAttributes_FailTheTaskAndApplyNothing()
    {
        await _client.StartAsync("w", "q");
        var task = await _client.PollAsync("q");
        var good = new Temporalio.Api.Command.V1.Command
        {
            CommandType = CommandType.StartTimer,
            StartTimerCommandAttributes = new() { TimerId = "t", StartToFireTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(1)) },
        };
        var error = await Assert.ThrowsAsync<GrpcException>(() => _client.CompleteAsync(task, good, good.Clone()));
        Assert.Equal("a timer with id t is already running", error.Message);
        var events = await _client.HistoryAsync("w");
        Assert.Equal(WorkflowTaskFailedCause.StartTimerDuplicateId, events[^1].WorkflowTaskFailedEventAttributes.Cause);
        Assert.DoesNotContain(events, e => e.EventType == EventType.TimerStarted);
    }

    [Fact]
    public async Task Task_AnsweredTwice_SecondIsNotFound()
    {
        await _client.StartAsync("w", "q");
        var task = await _client.PollAsync("q");
        await _client.CompleteAsync(task);
        var error = await Assert.ThrowsAsync<GrpcException>(() => _client.CompleteAsync(task));
        Assert.Equal((GrpcCode.NotFound, "Workflow task not found."), (error.Code, error.Message));
    }

    [Fact]
    public async Task Polls_ThousandIdle_OthersAreStillFastAndNoneIsLeftBehind()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var transport = new GrpcTransport(new GrpcTransportOptions { Address = _server.Address });
        var parser = new MessageParser<PollActivityTaskQueueResponse>(() => new PollActivityTaskQueueResponse());
        var polls = Enumerable.Range(0, 1000).Select(i => transport.CallAsync(
            "temporal.api.workflowservice.v1.WorkflowService/PollActivityTaskQueue",
            new PollActivityTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = $"idle-{i % 7}" }, Identity = $"p{i}" },
            parser, TimeSpan.FromSeconds(60), gone.Token)).ToArray();
        await UntilAsync(() => Pollers() == 1000, "all polls to arrive");
        var watch = Stopwatch.StartNew();
        await _client.StartAsync("w", "q");
        await _client.DescribeAsync("w");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}");
        await gone.CancelAsync();
        await UntilAsync(() => Pollers() == 0, "abandoned polls to be forgotten");
        await Task.WhenAll(polls.Select(p => Record.ExceptionAsync(() => p).AsTask()));
    }

    [Fact]
    public async Task Plain_HealthAndMetrics_Answer()
    {
        await _client.StartAsync("w", "q");
        Assert.Equal("{\"status\":\"serving\"}", await _http.GetStringAsync($"http://{_server.HttpAddress}/health", TestContext.Current.CancellationToken));
        var metrics = await _http.GetStringAsync($"http://{_server.HttpAddress}/metrics", TestContext.Current.CancellationToken);
        Assert.Contains("temporal_workflows_open 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("temporal_requests_total{method=\"StartWorkflowExecution\",code=\"Ok\"} 1\n", metrics, StringComparison.Ordinal);
    }

    private int Pollers() => _server.State.Executor.Run(() => _server.State.TaskQueues.All.Sum(q => q.PollerCount)).GetAwaiter().GetResult();

    private static async Task UntilAsync(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"gave up waiting for {what}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
