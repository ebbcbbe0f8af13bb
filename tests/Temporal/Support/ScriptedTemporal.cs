using System.Collections.Concurrent;
using FlowForge.Temporal.Protocol;
using FlowForge.Temporal.Worker;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Tests;

/// <summary>A frontend that answers each method as a test says: for what a healthy server never does.</summary>
public sealed class ScriptedTemporal : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Func<byte[], CancellationToken, Task<IMessage>>> _methods = new();
    private readonly ConcurrentDictionary<string, int> _calls = new();
    private GrpcTestServer _server = null!;

    public TemporalClient Client { get; private set; } = null!;

    public static async Task<ScriptedTemporal> StartAsync(Func<TemporalOptions, TemporalOptions>? options = null)
    {
        var scripted = new ScriptedTemporal();
        scripted.On<GetSystemInfoRequest>((_, _) => Task.FromResult<IMessage>(new GetSystemInfoResponse()));
        scripted.On<DescribeNamespaceRequest>((_, _) => Task.FromResult<IMessage>(new DescribeNamespaceResponse()));
        scripted._server = await GrpcTestServer.StartAsync(scripted.AnswerAsync);
        var all = new TemporalOptions { Address = scripted._server.Address, RetryFor = TimeSpan.FromSeconds(20) };
        scripted.Client = await TemporalClient.ConnectAsync(options?.Invoke(all) ?? all);
        return scripted;
    }

    public int Calls(string method) => _calls.GetValueOrDefault(method);

    public ScriptedTemporal On<TRequest>(Func<TRequest, CancellationToken, Task<IMessage>> answer) where TRequest : IMessage<TRequest>, new()
    {
        _methods[typeof(TRequest).Name[..^"Request".Length]] = (bytes, aborted) => answer(new MessageParser<TRequest>(() => new TRequest()).ParseFrom(bytes), aborted);
        return this;
    }

    /// <summary>Polls that find nothing, as long as the caller stays.</summary>
    public static async Task<IMessage> Nothing(CancellationToken aborted)
    {
        await Task.Delay(Timeout.Infinite, aborted);
        return new PollWorkflowTaskQueueResponse();
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await _server.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var method = http.Request.Path.Value!.Split('/')[^1];
        _calls.AddOrUpdate(method, 1, (_, n) => n + 1);
        try
        {
            var answer = _methods.TryGetValue(method, out var script) ? script : throw new GrpcException(GrpcCode.Unimplemented, method);
            await GrpcTestServer.AnswerAsync(http, await answer(body.ToArray()[GrpcFrame.PrefixLength..], http.RequestAborted));
        }
        catch (GrpcException e)
        {
            http.Response.ContentType = GrpcFrame.ContentType;
            http.Response.Headers[GrpcStatus.StatusHeader] = ((int)e.Code).ToString(System.Globalization.CultureInfo.InvariantCulture);
            http.Response.Headers[GrpcStatus.MessageHeader] = GrpcStatus.EncodeMessage(e.Message);
        }
        catch (OperationCanceledException)
        {
        }
    }
}
