using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FlowForge.Temporal.Protocol;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Benchmarks;

/// <summary>
/// The embedded Temporal server as a process of its own, every acknowledged write synced to disk: workflows of three
/// activities each. The driver (starter, workflow workers, activity workers) runs here and shares the machine.
/// </summary>
internal sealed class TemporalLoadBenchmark : IBenchmark
{
    private const string Service = "temporal.api.workflowservice.v1.WorkflowService/";
    private const int Pollers = 16;

    public string Name => "temporal";

    public string About => "embedded Temporal server: workflows/s with 3 activities each, schedule-to-start latency, open workflows, memory";

    public IEnumerable<Ratio> Run(bool isShort) => RunAsync(isShort).GetAwaiter().GetResult();

    private static async Task<IReadOnlyList<Ratio>> RunAsync(bool isShort)
    {
        var lines = new List<Ratio>();
        var folder = Directory.CreateTempSubdirectory("flowforge-temporal-load-");
        using var server = Start(folder.FullName, out var address, out var metrics);
        try
        {
            using var transport = new GrpcTransport(new GrpcTransportOptions { Address = address });
            await ReadyAsync(transport);
            using var stop = new CancellationTokenSource();
            var load = new Load(transport);
            var workers = load.Work(stop.Token);

            await load.RunAsync(isShort ? 20 : 100, perSecond: null);
            var count = isShort ? 50 : 1500;
            var (before, commits) = (Spent(server), await CommitsAsync(metrics));
            var watch = Stopwatch.StartNew();
            await load.RunAsync(count, perSecond: null);
            lines.Add(Goal("workflows × 3 activities, synced", count / watch.Elapsed.TotalSeconds, 150, "/s"));
            // What a busy machine does not distort: two cores give 150/s at 13.3 ms.
            var after = Spent(server);
            lines.Add(new Ratio("processor time a workflow, server and driver", (after.Server + after.Driver - before.Server - before.Driver).TotalMilliseconds / count, 8, "ms", 1, LessIsBetter: true));
            lines.Add(Figure("of that the server", (after.Server - before.Server).TotalMilliseconds / count, "ms"));
            lines.Add(Figure("synced commits a workflow", (await CommitsAsync(metrics) - commits) / count, ""));

            load.Latencies.Clear();
            await load.RunAsync(isShort ? 50 : 1000, perSecond: 100);
            var latencies = load.Latencies.Order().ToArray();
            lines.Add(Figure("schedule-to-start p50 at 100 workflows/s", latencies[latencies.Length / 2], "ms"));
            lines.Add(new Ratio("schedule-to-start p99 at 100 workflows/s", latencies[(int)(latencies.Length * 0.99)], 100, "ms", 1, LessIsBetter: true));

            var open = isShort ? 100 : 5000;
            watch.Restart();
            await load.OpenAsync(open);
            lines.Add(Figure($"{open} more workflows opened", open / watch.Elapsed.TotalSeconds, "/s"));
            watch.Restart();
            await load.RunAsync(isShort ? 20 : 300, perSecond: null);
            lines.Add(Figure($"workflows beside {open} open ones", (isShort ? 20 : 300) / watch.Elapsed.TotalSeconds, "/s"));
            server.Refresh();
            lines.Add(Figure($"server memory with {open} open", server.WorkingSet64 / 1048576.0, "MB"));
            await stop.CancelAsync();
            await workers;
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
            folder.Delete(recursive: true);
        }
        return lines;
    }

    /// <summary>A figure beside its goal (issue B), which stands in for the peer.</summary>
    private static Ratio Goal(string what, double figure, double goal, string unit) => new(what, figure, goal, unit, 1);

    /// <summary>A figure without a goal.</summary>
    private static Ratio Figure(string what, double figure, string unit) => new(what, figure, figure, unit);

    private static (TimeSpan Server, TimeSpan Driver) Spent(Process server)
    {
        server.Refresh();
        using var self = Process.GetCurrentProcess();
        return (server.TotalProcessorTime, self.TotalProcessorTime);
    }

    private static async Task<double> CommitsAsync(Uri metrics)
    {
        using var http = new HttpClient();
        var line = (await http.GetStringAsync(metrics)).Split('\n').First(l => l.StartsWith("temporal_commits_total", StringComparison.Ordinal));
        return double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    private static Process Start(string folder, out string address, out Uri metrics)
    {
        var (port, http) = (FreePort.Take(), FreePort.Take());
        address = $"127.0.0.1:{port}";
        metrics = new Uri($"http://127.0.0.1:{http}/metrics");
        var configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Name;
        var assembly = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Temporal.DevServer", configuration, "FlowForge.Temporal.DevServer.dll"));
        return Process.Start(new ProcessStartInfo("dotnet",
        [
            assembly, "--port", port.ToString(CultureInfo.InvariantCulture), "--http-port", http.ToString(CultureInfo.InvariantCulture), "--db-filename", Path.Combine(folder, "t.db"),
            "--parent-pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        ]) { RedirectStandardOutput = true })!;
    }

    private static async Task ReadyAsync(GrpcTransport transport)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                await transport.CallAsync(Service + "GetSystemInfo", new GetSystemInfoRequest(), GetSystemInfoResponse.Parser, TimeSpan.FromSeconds(5), CancellationToken.None);
                return;
            }
            catch (GrpcException e) when (e.Code == GrpcCode.Unavailable && tries < 300)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>Starter and workers. A workflow does its three activities one after the other.</summary>
    private sealed class Load(GrpcTransport transport)
    {
        private readonly ConcurrentDictionary<string, TaskCompletionSource> _ends = new();
        private int _next;

        public ConcurrentBag<double> Latencies { get; } = [];

        public Task Work(CancellationToken stop) => Task.WhenAll(
            Enumerable.Range(0, Pollers).Select(_ => DecideAsync(stop)).Concat(Enumerable.Range(0, Pollers).Select(_ => ActAsync(stop))));

        public async Task RunAsync(int count, double? perSecond)
        {
            var watch = Stopwatch.StartNew();
            var ends = new List<Task>();
            using var slots = new SemaphoreSlim(64);
            for (var i = 0; i < count; i++)
            {
                if (perSecond is { } rate && TimeSpan.FromSeconds(i / rate) - watch.Elapsed is { Ticks: > 0 } early)
                {
                    await Task.Delay(early);
                }
                await slots.WaitAsync();
                ends.Add(OneAsync(slots));
            }
            await Task.WhenAll(ends);
        }

        public Task OpenAsync(int count) => Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (_, _) => await StartAsync($"open-{Interlocked.Increment(ref _next)}", "nobody"));

        private async Task OneAsync(SemaphoreSlim slots)
        {
            var id = $"load-{Interlocked.Increment(ref _next)}";
            var end = _ends[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await StartAsync(id, "load");
            slots.Release();
            await end.Task;
        }

        private Task<StartWorkflowExecutionResponse> StartAsync(string id, string queue) => CallAsync("StartWorkflowExecution", new StartWorkflowExecutionRequest
        {
            Namespace = "default",
            WorkflowId = id,
            WorkflowType = new() { Name = "load" },
            TaskQueue = new() { Name = queue },
            RequestId = id,
        }, StartWorkflowExecutionResponse.Parser, CancellationToken.None);

        private async Task DecideAsync(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                var task = await PollAsync("PollWorkflowTaskQueue", new PollWorkflowTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = "load" } }, PollWorkflowTaskQueueResponse.Parser, stop);
                if (task is not { TaskToken.IsEmpty: false })
                {
                    continue;
                }
                var done = task.History.Events.Count(e => e.EventType == EventType.ActivityTaskCompleted);
                var command = done < 3
                    ? new Command
                    {
                        CommandType = CommandType.ScheduleActivityTask,
                        ScheduleActivityTaskCommandAttributes = new()
                        {
                            ActivityId = done.ToString(CultureInfo.InvariantCulture),
                            ActivityType = new() { Name = "a" },
                            TaskQueue = new() { Name = "load" },
                            StartToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(30)),
                        },
                    }
                    : new Command { CommandType = CommandType.CompleteWorkflowExecution, CompleteWorkflowExecutionCommandAttributes = new() };
                await CallAsync("RespondWorkflowTaskCompleted", new RespondWorkflowTaskCompletedRequest { Namespace = "default", TaskToken = task.TaskToken, Commands = { command } },
                    RespondWorkflowTaskCompletedResponse.Parser, CancellationToken.None);
                if (done == 3 && _ends.TryRemove(task.WorkflowExecution.WorkflowId, out var end))
                {
                    end.SetResult();
                }
            }
        }

        private async Task ActAsync(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                var task = await PollAsync("PollActivityTaskQueue", new PollActivityTaskQueueRequest { Namespace = "default", TaskQueue = new() { Name = "load" } }, PollActivityTaskQueueResponse.Parser, stop);
                if (task is not { TaskToken.IsEmpty: false })
                {
                    continue;
                }
                Latencies.Add((DateTime.UtcNow - task.ScheduledTime.ToDateTime()).TotalMilliseconds);
                await CallAsync("RespondActivityTaskCompleted", new RespondActivityTaskCompletedRequest { Namespace = "default", TaskToken = task.TaskToken },
                    RespondActivityTaskCompletedResponse.Parser, CancellationToken.None);
            }
        }

        private async Task<T?> PollAsync<T>(string method, IMessage request, MessageParser<T> parser, CancellationToken stop) where T : class, IMessage<T>
        {
            try
            {
                return await transport.CallAsync(Service + method, request, parser, TimeSpan.FromSeconds(60), stop);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }

        private Task<T> CallAsync<T>(string method, IMessage request, MessageParser<T> parser, CancellationToken stop) where T : IMessage<T> =>
            transport.CallAsync(Service + method, request, parser, TimeSpan.FromSeconds(30), stop);
    }
}
