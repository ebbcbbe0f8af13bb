using FlowForge.Conformance.Tests.Support;
using Temporalio.Api.Command.V1;

namespace FlowForge.Conformance.Tests.Wire;

/// <summary>Long and large histories: advised against, warned of, and ended, at the real server's numbers.</summary>
public sealed class HistoryLimitTests
{
    private const string Queue = "limits";

    [Fact]
    public async Task History_PastFiftyThousandEvents_IsSuggestedAgainstWarnedOfAndEnded()
    {
        using var log = new StringWriter();
        await using var server = await DevServer.StartAsync(new DevServerOptions { Port = 0, Log = TextWriter.Synchronized(log) }, TestContext.Current.CancellationToken);
        using var client = new ServiceClient(server.Address);
        await client.StartAsync("long", Queue);
        var markers = Enumerable.Range(0, 2500).Select(i => Marker("m", 1)).ToArray();
        var suggested = new List<(long Events, bool Suggest)>();
        var task = await client.PollAsync(Queue);
        while ((await client.DescribeAsync("long")).WorkflowExecutionInfo.Status == WorkflowExecutionStatus.Running)
        {
            suggested.Add((task.StartedEventId, await SuggestsAsync(client, task)));
            await client.CompleteAsync(task, markers);
            if ((await client.DescribeAsync("long")).WorkflowExecutionInfo.Status == WorkflowExecutionStatus.Running)
            {
                await client.CallAsync<SignalWorkflowExecutionResponse>("SignalWorkflowExecution", new SignalWorkflowExecutionRequest { Namespace = "default", WorkflowExecution = new() { WorkflowId = "long" }, SignalName = "go" });
                task = await client.PollAsync(Queue);
            }
        }
        Assert.All(suggested, s => Assert.Equal(s.Events > 4096, s.Suggest));
        var history = await client.HistoryAsync("long");
        Assert.Equal([], HistoryCheck.Faults(history));
        Assert.Equal((EventType.WorkflowExecutionTerminated, "Workflow history count exceeds limit."), (history[^1].EventType, history[^1].WorkflowExecutionTerminatedEventAttributes.Reason));
        Assert.InRange(history.Count, 51_200, 51_200 + 2_600);
        var warnings = log.ToString().Split('\n').Where(l => l.Contains("long", StringComparison.Ordinal) && l.Contains("warn", StringComparison.OrdinalIgnoreCase)).ToArray();
        Assert.Single(warnings);
    }

    [Fact]
    public async Task History_PastFiftyMegabytes_IsEnded()
    {
        using var log = new StringWriter();
        await using var server = await DevServer.StartAsync(new DevServerOptions { Port = 0, Log = TextWriter.Synchronized(log) }, TestContext.Current.CancellationToken);
        using var client = new ServiceClient(server.Address);
        await client.StartAsync("large", Queue);
        var task = await client.PollAsync(Queue);
        for (var tasks = 0; (await client.DescribeAsync("large")).WorkflowExecutionInfo.Status == WorkflowExecutionStatus.Running; tasks++)
        {
            Assert.True(tasks < 30, "the history grew past 75 MB");
            Assert.Equal(tasks >= 2, await SuggestsAsync(client, task));
            await client.CompleteAsync(task, Marker("a", 1_250_000), Marker("b", 1_250_000));
            if ((await client.DescribeAsync("large")).WorkflowExecutionInfo.Status == WorkflowExecutionStatus.Running)
            {
                await client.CallAsync<SignalWorkflowExecutionResponse>("SignalWorkflowExecution", new SignalWorkflowExecutionRequest { Namespace = "default", WorkflowExecution = new() { WorkflowId = "large" }, SignalName = "go" });
                task = await client.PollAsync(Queue);
            }
        }
        var info = (await client.DescribeAsync("large")).WorkflowExecutionInfo;
        Assert.Equal(WorkflowExecutionStatus.Terminated, info.Status);
        Assert.InRange(info.HistorySizeBytes, 50 * 1024 * 1024, 54 * 1024 * 1024);
        Assert.Equal("Workflow history size exceeds limit.", (await client.HistoryAsync("large"))[^1].WorkflowExecutionTerminatedEventAttributes.Reason);
        Assert.Single(log.ToString().Split('\n'), l => l.Contains("large", StringComparison.Ordinal) && l.Contains("warn", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>What the started event of a task says; it may be on a later page of the task's history.</summary>
    private static async Task<bool> SuggestsAsync(ServiceClient client, PollWorkflowTaskQueueResponse task)
    {
        var page = await client.CallAsync<GetWorkflowExecutionHistoryReverseResponse>("GetWorkflowExecutionHistoryReverse",
            new GetWorkflowExecutionHistoryReverseRequest { Namespace = "default", Execution = task.WorkflowExecution, MaximumPageSize = 1 });
        return page.History.Events.Single().WorkflowTaskStartedEventAttributes.SuggestContinueAsNew;
    }

    private static Command Marker(string name, int bytes) => new()
    {
        CommandType = CommandType.RecordMarker,
        RecordMarkerCommandAttributes = new()
        {
            MarkerName = name,
            Details = { ["data"] = new Payloads { Payloads_ = { new Payload { Data = ByteString.CopyFrom(new byte[bytes]), Metadata = { ["encoding"] = ByteString.CopyFromUtf8("binary/plain") } } } } },
        },
    };
}
