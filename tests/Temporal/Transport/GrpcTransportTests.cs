using System.Buffers.Binary;
using System.IO.Compression;
using FlowForge.Temporal.Protocol;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Tests;

public sealed class GrpcTransportTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task CallAsync_Ok_SendsHeadersAndReadsMessage()
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        await using var server = await GrpcTestServer.StartAsync(async http =>
        {
            foreach (var (name, value) in http.Request.Headers)
            {
                headers[name] = value.ToString();
            }
            await GrpcTestServer.AnswerAsync(http, new GetSystemInfoResponse { ServerVersion = "1.2.3" });
        });
        using var transport = new GrpcTransport(new GrpcTransportOptions { Address = server.Address, Metadata = new Dictionary<string, string> { ["client-name"] = "flowforge" } });

        var answer = await Call(transport);

        Assert.Equal("1.2.3", answer.ServerVersion);
        Assert.Equal("application/grpc", headers["Content-Type"]);
        Assert.Equal("trailers", headers["TE"]);
        Assert.Equal("20000m", headers["grpc-timeout"]);
        Assert.Equal("flowforge", headers["client-name"]);
        Assert.StartsWith("flowforge/", headers["User-Agent"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallAsync_StatusInTrailersAfterNoBody_ThrowsItWithMessageAndDetails()
    {
        await using var server = await GrpcTestServer.StartAsync(async http =>
        {
            http.Response.ContentType = GrpcFrame.ContentType;
            await http.Response.StartAsync();
            var detail = Google.Protobuf.WellKnownTypes.Any.Pack(new WorkflowExecutionAlreadyStartedFailure { RunId = "r1" });
            http.Response.AppendTrailer(GrpcStatus.StatusHeader, "6");
            http.Response.AppendTrailer(GrpcStatus.MessageHeader, GrpcStatus.EncodeMessage("läuft schon: 100 %"));
            http.Response.AppendTrailer(GrpcStatus.DetailsHeader, GrpcStatus.EncodeDetails(GrpcCode.AlreadyExists, "x", [detail]));
        });
        using var transport = Transport(server);

        var error = await Assert.ThrowsAsync<GrpcException>(() => Call(transport));

        Assert.Equal(GrpcCode.AlreadyExists, error.Code);
        Assert.Equal("läuft schon: 100 %", error.Message);
        Assert.Equal("r1", error.Detail<WorkflowExecutionAlreadyStartedFailure>()?.RunId);
    }

    [Fact]
    public async Task CallAsync_StatusInHeaders_ThrowsIt()
    {
        await using var server = await GrpcTestServer.StartAsync(http =>
        {
            http.Response.ContentType = GrpcFrame.ContentType;
            http.Response.Headers[GrpcStatus.StatusHeader] = "16";
            http.Response.Headers[GrpcStatus.MessageHeader] = "Request unauthorized.";
            return Task.CompletedTask;
        });
        using var transport = Transport(server);

        var error = await Assert.ThrowsAsync<GrpcException>(() => Call(transport));

        Assert.Equal((GrpcCode.Unauthenticated, "Request unauthorized."), (error.Code, error.Message));
    }

    [Fact]
    public async Task CallAsync_GzippedAnswer_IsInflated()
    {
        await using var server = await GrpcTestServer.StartAsync(async http =>
        {
            using var zipped = new MemoryStream();
            await using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
            {
                new GetSystemInfoResponse { ServerVersion = new string('9', 5000) }.WriteTo(gzip);
            }
            var frame = new byte[5 + zipped.Length];
            frame[0] = 1;
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)zipped.Length);
            zipped.ToArray().CopyTo(frame, 5);
            http.Response.ContentType = GrpcFrame.ContentType;
            await http.Response.Body.WriteAsync(frame);
            http.Response.AppendTrailer(GrpcStatus.StatusHeader, "0");
        });
        using var transport = Transport(server);

        Assert.Equal(5000, (await Call(transport)).ServerVersion.Length);
    }

    [Theory]
    [InlineData("no status", GrpcCode.Internal, "grpc: the answer carries no grpc-status, neither in trailers nor in headers")]
    [InlineData("cut", GrpcCode.Internal, "grpc: the answer ends inside a message")]
    [InlineData("two", GrpcCode.Internal, "grpc: a unary call was answered with more than one message")]
    [InlineData("empty", GrpcCode.Internal, "grpc: the answer has status OK but no message")]
    public async Task CallAsync_BrokenAnswer_IsInternalAndSaysHow(string how, GrpcCode code, string message)
    {
        await using var server = await GrpcTestServer.StartAsync(async http =>
        {
            http.Response.ContentType = GrpcFrame.ContentType;
            var frame = GrpcFrame.ToArray(new GetSystemInfoResponse { ServerVersion = "1.2.3" });
            await http.Response.Body.WriteAsync(how switch { "cut" => frame[..^2], "two" => [.. frame, .. frame], "empty" => [], _ => frame });
            if (how != "no status")
            {
                http.Response.AppendTrailer(GrpcStatus.StatusHeader, "0");
            }
        });
        using var transport = Transport(server);

        var error = await Assert.ThrowsAsync<GrpcException>(() => Call(transport));

        Assert.Equal((code, message), (error.Code, error.Message));
    }

    [Fact]
    public async Task CallAsync_AnswerLargerThanAllowed_IsResourceExhausted()
    {
        await using var server = await GrpcTestServer.StartAsync(http => GrpcTestServer.AnswerAsync(http, new GetSystemInfoResponse { ServerVersion = new string('9', 5000) }));
        using var transport = new GrpcTransport(new GrpcTransportOptions { Address = server.Address, MaxReceiveBytes = 1000 });

        var error = await Assert.ThrowsAsync<GrpcException>(() => Call(transport));

        Assert.Equal((GrpcCode.ResourceExhausted, "grpc: the answer is larger than 1000 bytes"), (error.Code, error.Message));
    }

    [Fact]
    public async Task CallAsync_NoGrpcThere_SaysSo()
    {
        await using var server = await GrpcTestServer.StartAsync(http =>
        {
            http.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        using var transport = Transport(server);

        var error = await Assert.ThrowsAsync<GrpcException>(() => Call(transport));

        Assert.Equal(GrpcCode.Unimplemented, error.Code);
        Assert.Equal($"http://{server.Address}/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo answered HTTP 404, not gRPC: is a Temporal server there?", error.Message);
    }

    [Fact]
    public async Task CallAsync_NothingListens_IsUnavailableWithAddressAndReason()
    {
        var server = await GrpcTestServer.StartAsync(_ => Task.CompletedTask);
        var address = server.Address;
        await server.DisposeAsync();
        using var transport = new GrpcTransport(new GrpcTransportOptions { Address = address });

        var error = await Assert.ThrowsAsync<GrpcException>(() => Call(transport));

        Assert.Equal(GrpcCode.Unavailable, error.Code);
        Assert.StartsWith($"temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo at {address}: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallAsync_ConnectionBreaksDuringCall_IsUnavailable()
    {
        await using var server = await GrpcTestServer.StartAsync(http =>
        {
            http.Abort();
            return Task.CompletedTask;
        });
        using var transport = Transport(server);

        var error = await Assert.ThrowsAsync<GrpcException>(() => Call(transport));

        Assert.Equal(GrpcCode.Unavailable, error.Code);
    }

    [Fact]
    public async Task CallAsync_NoAnswerInTime_IsDeadlineExceeded()
    {
        await using var server = await GrpcTestServer.StartAsync(http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        using var transport = Transport(server);

        var error = await Assert.ThrowsAsync<GrpcException>(() => Call(transport, TimeSpan.FromMilliseconds(200)));

        Assert.Equal(GrpcCode.DeadlineExceeded, error.Code);
        Assert.Equal($"temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo at {server.Address} did not answer within 0.2 s", error.Message);
    }

    [Fact]
    public async Task CallAsync_CallerCancels_ThrowsCancelledAndTheServerSeesIt()
    {
        var arrived = new TaskCompletionSource();
        var aborted = new TaskCompletionSource();
        await using var server = await GrpcTestServer.StartAsync(async http =>
        {
            http.RequestAborted.Register(() => aborted.TrySetResult());
            arrived.TrySetResult();
            await aborted.Task;
        });
        using var transport = Transport(server);
        using var cancel = new CancellationTokenSource();
        var call = transport.CallAsync(Method, new GetSystemInfoRequest(), GetSystemInfoResponse.Parser, Long, cancel.Token);
        await arrived.Task.WaitAsync(Long);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await aborted.Task.WaitAsync(Long);
    }

    [Fact]
    public async Task CallAsync_ManyLongPollsOpen_DoesNotHoldUpAShortCall()
    {
        var release = new TaskCompletionSource();
        await using var server = await GrpcTestServer.StartAsync(async http =>
        {
            if (http.Request.Path.Value!.EndsWith("/PollWorkflowTaskQueue", StringComparison.Ordinal))
            {
                await release.Task;
            }
            await GrpcTestServer.AnswerAsync(http, new GetSystemInfoResponse());
        });
        using var transport = Transport(server);
        var polls = Enumerable.Range(0, 250).Select(_ => transport.CallAsync(
            "temporal.api.workflowservice.v1.WorkflowService/PollWorkflowTaskQueue", new PollWorkflowTaskQueueRequest(), PollWorkflowTaskQueueResponse.Parser, Long, default)).ToList();

        await Call(transport, TimeSpan.FromSeconds(10));

        release.SetResult();
        await Task.WhenAll(polls);
    }

    [Theory]
    [InlineData("http://127.0.0.1:7233")]
    [InlineData("127.0.0.1")]
    [InlineData("")]
    [InlineData("host:7233/path")]
    [InlineData("host:0")]
    public void Constructor_NoHostAndPort_SaysHowToWriteIt(string address)
    {
        var error = Assert.Throws<ArgumentException>(() => new GrpcTransport(new GrpcTransportOptions { Address = address }));

        Assert.Equal($"'{address}' is not a Temporal address. Write host:port without a scheme, for example 127.0.0.1:7233 or name.account.tmprl.cloud:7233. (Parameter 'address')", error.Message);
    }

    private const string Method = "temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo";

    private static GrpcTransport Transport(GrpcTestServer server) => new(new GrpcTransportOptions { Address = server.Address });

    private static Task<GetSystemInfoResponse> Call(GrpcTransport transport, TimeSpan? timeout = null) =>
        transport.CallAsync(Method, new GetSystemInfoRequest(), GetSystemInfoResponse.Parser, timeout ?? Long, CancellationToken.None);
}
