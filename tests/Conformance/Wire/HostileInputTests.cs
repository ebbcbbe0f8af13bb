using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using FlowForge.Conformance.Tests.Support;
using Temporalio.Api.Failure.V1;

namespace FlowForge.Conformance.Tests.Wire;

/// <summary>Callers that mean harm or die in the middle: the right status where there is someone to tell, nothing left behind, and the server goes on.</summary>
public sealed class HostileInputTests : IAsyncLifetime
{
    private const string Service = "temporal.api.workflowservice.v1.WorkflowService/";
    private readonly List<Socket> _sockets = [];
    private HttpClient _http = null!;
    private DevServer _server = null!;
    private ServiceClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await DevServer.StartAsync(new DevServerOptions { Port = 0 }, TestContext.Current.CancellationToken);
        _client = new ServiceClient(_server.Address);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = ConnectAsync });
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Frame_OfFourGigabytes_IsRefusedBeforeItIsRead()
    {
        var (status, message) = await PostAsync("StartWorkflowExecution", [0, 0xFF, 0xFF, 0xFF, 0xFF]);
        Assert.Equal(GrpcCode.ResourceExhausted, status);
        Assert.Contains("larger than", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gzip_ThatUnpacksToALot_IsRefused()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var i = 0; i < 600; i++)
            {
                gzip.Write(new byte[1024 * 1024]);
            }
        }
        var before = GC.GetTotalAllocatedBytes();
        var (status, _) = await PostAsync("StartWorkflowExecution", Frame(packed.ToArray(), flag: 1), "gzip");
        Assert.Equal(GrpcCode.ResourceExhausted, status);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 450L * 1024 * 1024);
    }

    [Fact]
    public async Task Protobuf_NestedTooDeep_IsInternal()
    {
        var failure = new Failure { Message = "the end" };
        for (var i = 0; i < 300; i++)
        {
            failure = new Failure { Cause = failure };
        }
        var (status, message) = await PostAsync("RespondActivityTaskFailed", Frame(new RespondActivityTaskFailedRequest { Namespace = "default", Failure = failure }.ToByteArray()));
        Assert.Equal(GrpcCode.Internal, status);
        Assert.StartsWith("grpc: error unmarshalling request: ", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_OfTwoMessages_IsInternal()
    {
        var one = Frame(new DescribeNamespaceRequest { Namespace = "default" }.ToByteArray());
        Assert.Equal((GrpcCode.Internal, "grpc: a unary request carries more than one message"), await PostAsync("DescribeNamespace", [.. one, .. one]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")]
    public async Task Tokens_ThatNobodyGaveOut_AreRefused(string text)
    {
        var token = ByteString.CopyFromUtf8(text);
        await RefusedAsync<RespondWorkflowTaskCompletedResponse>("RespondWorkflowTaskCompleted", new RespondWorkflowTaskCompletedRequest { Namespace = "default", TaskToken = token });
        await RefusedAsync<RespondWorkflowTaskFailedResponse>("RespondWorkflowTaskFailed", new RespondWorkflowTaskFailedRequest { Namespace = "default", TaskToken = token });
        await RefusedAsync<RespondActivityTaskCompletedResponse>("RespondActivityTaskCompleted", new RespondActivityTaskCompletedRequest { Namespace = "default", TaskToken = token });
        await RefusedAsync<RespondActivityTaskFailedResponse>("RespondActivityTaskFailed", new RespondActivityTaskFailedRequest { Namespace = "default", TaskToken = token });
        await RefusedAsync<RespondActivityTaskCanceledResponse>("RespondActivityTaskCanceled", new RespondActivityTaskCanceledRequest { Namespace = "default", TaskToken = token });
        await RefusedAsync<RecordActivityTaskHeartbeatResponse>("RecordActivityTaskHeartbeat", new RecordActivityTaskHeartbeatRequest { Namespace = "default", TaskToken = token });
        await RefusedAsync<RespondQueryTaskCompletedResponse>("RespondQueryTaskCompleted", new RespondQueryTaskCompletedRequest { Namespace = "default", TaskToken = token });
        if (text.Length == 0)
        {
            return; // an empty page token is the first page
        }
        await _client.StartAsync("w", "q", r => r.WorkflowIdConflictPolicy = WorkflowIdConflictPolicy.UseExisting);
        await RefusedAsync<ListWorkflowExecutionsResponse>("ListWorkflowExecutions", new ListWorkflowExecutionsRequest { Namespace = "default", NextPageToken = token });
        var history = new GetWorkflowExecutionHistoryRequest { Namespace = "default", Execution = new() { WorkflowId = "w" }, NextPageToken = token };
        await RefusedAsync<GetWorkflowExecutionHistoryResponse>("GetWorkflowExecutionHistory", history);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connection_EndsUnderItsPolls_TheyAreForgottenAndNoTaskIsLost(bool reset)
    {
        var polls = Enumerable.Range(0, 50).Select(_ => PostAsync("PollWorkflowTaskQueue",
            Frame(new PollWorkflowTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = "q" } }.ToByteArray()))).ToArray();
        await UntilAsync(() => Pollers() == 50, "the polls to arrive");
        foreach (var socket in _sockets)
        {
            if (reset)
            {
                socket.LingerState = new LingerOption(true, 0);
                socket.Close();
            }
            else
            {
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        await UntilAsync(() => Pollers() == 0, "the polls to be forgotten");
        await Task.WhenAll(polls.Select(p => Record.ExceptionAsync(() => p).AsTask()));
        await _client.StartAsync("w", "q");
        Assert.Equal("w", (await _client.PollAsync("q")).WorkflowExecution.WorkflowId);
    }

    [Fact]
    public async Task Connections_ThatSayNothingOrNonsense_DisturbNobody()
    {
        var port = int.Parse(_server.Address.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
        for (var i = 0; i < 200; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            _sockets.Add(socket);
            var words = (i % 4) switch { 0 => "", 1 => "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 2 => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", _ => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense nonsense" };
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(words), TestContext.Current.CancellationToken);
            if (i % 2 == 0)
            {
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        await _client.StartAsync("w", "q");
        Assert.Equal("w", (await _client.PollAsync("q")).WorkflowExecution.WorkflowId);
        _sockets.ForEach(s => s.Dispose());
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(context.DnsEndPoint, cancellation);
        lock (_sockets)
        {
            _sockets.Add(socket);
        }
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async Task RefusedAsync<T>(string method, IMessage request) where T : IMessage<T>, new()
    {
        var error = await Assert.ThrowsAsync<GrpcException>(() => _client.CallAsync<T>(method, request));
        Assert.True(error.Code is GrpcCode.InvalidArgument or GrpcCode.NotFound, $"{method}: {error.Code} {error.Message}");
    }

    private async Task<(GrpcCode Status, string? Message)> PostAsync(string method, byte[] body, string? encoding = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{_server.Address}/{Service}{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        if (encoding is not null)
        {
            request.Headers.Add("grpc-encoding", encoding);
        }
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        string? Value(string name) => response.TrailingHeaders.TryGetValues(name, out var trailer) ? trailer.First() : response.Headers.TryGetValues(name, out var header) ? header.First() : null;
        return ((GrpcCode)int.Parse(Value("grpc-status")!, System.Globalization.CultureInfo.InvariantCulture), Value("grpc-message") is { } m ? GrpcStatus.DecodeMessage(m) : null);
    }

    private static byte[] Frame(byte[] payload, byte flag = 0)
    {
        var frame = new byte[payload.Length + 5];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)payload.Length);
        payload.CopyTo(frame, 5);
        return frame;
    }

    private int Pollers() => _server.State.Executor.Run(() => _server.State.TaskQueues.All.Sum(q => q.PollerCount)).GetAwaiter().GetResult();

    private static async Task UntilAsync(Func<bool> condition, string what)
    {
        var until = DateTime.UtcNow.AddSeconds(30);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < until, $"gave up waiting for {what}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
