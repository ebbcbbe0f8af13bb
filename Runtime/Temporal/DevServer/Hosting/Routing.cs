using System.Security.Cryptography;
using System.Text;
using FlowForge.Temporal.DevServer.Frontend;
using FlowForge.Temporal.DevServer.Matching;
using FlowForge.Temporal.Protocol.Server;
using Grpc.Health.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace FlowForge.Temporal.DevServer.Hosting;

/// <summary>Which handler answers which call.</summary>
internal static class Routing
{
    public static void Use(WebApplication app, DevServerOptions options, ServerState state, ServerMetrics metrics, CancellationToken stopping)
    {
        var workflow = Temporalio.Api.WorkflowService.V1.ServiceReflection.Descriptor.Services[0];
        var routes = new GrpcServiceRoutes()
            .Add(HealthReflection.Descriptor.Services[0], new HealthHandlers())
            .Add(Temporalio.Api.OperatorService.V1.ServiceReflection.Descriptor.Services[0], new OperatorHandlers(state));
        foreach (var handlers in Handlers(state))
        {
            routes.Add(workflow, handlers);
        }
        var endpoint = new GrpcEndpoint(routes, new GrpcEndpointOptions
        {
            Stopping = stopping,
            Authorize = options.ApiKey is { } key ? call => Authorize(call, key) : null,
            Completed = (call, code, duration) =>
            {
                metrics.Called(call.Method, code, duration);
                if (options.AccessLog)
                {
                    options.Log?.WriteLine(FormattableString.Invariant(
                        $"{DateTime.UtcNow:HH:mm:ss.fff} {call.Peer} {call.Method} {code} {duration.TotalMilliseconds:0.0} ms"));
                }
            },
            Failed = (call, error) => options.Log?.WriteLine($"error: {call.Method}: {error}"),
        });
        app.Run(http => http.Request.Protocol == HttpProtocol.Http2 ? endpoint.HandleAsync(http) : PlainAsync(http, state, metrics));
    }

    private static object[] Handlers(ServerState state) =>
    [
        new SystemHandlers(),
        new NamespaceHandlers(state),
        new StartHandlers(state),
        new ControlHandlers(state),
        new UpdateHandlers(state),
        new HistoryHandlers(state),
        new DescribeHandlers(state),
        new WorkflowTaskHandlers(state),
        new ActivityTaskHandlers(state),
        new VisibilityHandlers(state),
        new ScheduleHandlers(state),
        new BatchHandlers(state),
        new TaskQueueHandlers(state),
    ];

    private static void Authorize(GrpcCall call, string key)
    {
        if (call.Method.StartsWith("grpc.health.v1.", StringComparison.Ordinal))
        {
            return;
        }
        var given = call.Header("authorization") ?? "";
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes($"Bearer {key}")))
        {
            throw new GrpcException(GrpcCode.Unauthenticated, "the API key is missing or wrong: send it as \"authorization: Bearer …\"");
        }
    }

    private static async Task PlainAsync(HttpContext http, ServerState state, ServerMetrics metrics)
    {
        switch (http.Request.Path.Value)
        {
            case "/health":
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync("{\"status\":\"serving\"}");
                break;
            case "/metrics":
                var (open, timers, queues) = await state.Executor.Run(() => (
                    state.Executions.OpenCount,
                    state.Executor.Timers.Count,
                    state.TaskQueues.All.Select(Row).ToArray()));
                http.Response.ContentType = "text/plain; version=0.0.4";
                await http.Response.WriteAsync(metrics.Write(open, timers, queues));
                break;
            default:
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                await http.Response.WriteAsync("This port has /health and /metrics; Temporal clients use the gRPC port.\n");
                break;
        }
    }

    private static (string, string, int, int) Row(TaskQueue queue) => (queue.Name, queue.Type.ToString(), queue.Backlog.Count(), queue.PollerCount);
}
