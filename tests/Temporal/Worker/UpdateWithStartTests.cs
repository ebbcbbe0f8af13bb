using FlowForge.Temporal.Protocol;
using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Temporal.Tests.Worker;

/// <summary>Start and update in one call.</summary>
public sealed class UpdateWithStartTests(DevServerFixture server)
{
    private TestWorker Adder() => new TestWorker(server.Client).Decider("adder", (h, t, d) =>
    {
        foreach (var update in t.Updates)
        {
            if (update.Input<int>() < 0)
            {
                d.RejectUpdate(update, new ApplicationFailure("must not be negative", "BadInput"));
            }
            else
            {
                d.AcceptUpdate(update);
                d.CompleteUpdate(update.Id, h.Started.Input<int>() + update.Input<int>());
            }
        }
    }).Run();

    private static StartWorkflowOptions Options(TestWorker worker, WorkflowIdConflictPolicy policy) =>
        new() { Id = "uws-" + Guid.NewGuid().ToString("N"), TaskQueue = worker.Queue, IdConflictPolicy = policy };

    [Fact]
    public async Task UpdateWithStart_Twice_StartsOnceAndUpdatesBoth()
    {
        await using var worker = Adder();
        var options = Options(worker, WorkflowIdConflictPolicy.UseExisting);
        var first = await server.Client.UpdateWithStartAsync<int>("adder", 40, options, "add", 2);
        var second = await server.Client.UpdateWithStartAsync<int>("adder", 0, options, "add", 3);
        Assert.Equal((42, 43), (first.Result, second.Result));
        Assert.Equal(first.Handle.RunId, second.Handle.RunId);
        Assert.Equal(2, (await first.Handle.FoldAsync()).Updates.Count);
    }

    [Fact]
    public async Task UpdateWithStart_SameUpdateId_IsDoneOnce()
    {
        await using var worker = Adder();
        var options = Options(worker, WorkflowIdConflictPolicy.UseExisting);
        var first = await server.Client.UpdateWithStartAsync<int>("adder", 1, options, "add", 1, "one");
        Assert.Equal(first.Result, (await server.Client.UpdateWithStartAsync<int>("adder", 1, options, "add", 1, "one")).Result);
        Assert.Single((await first.Handle.FoldAsync()).Updates);
    }

    [Fact]
    public async Task UpdateWithStart_OpenRunAndPolicyFail_RefusesBoth()
    {
        await using var worker = Adder();
        var options = Options(worker, WorkflowIdConflictPolicy.Fail);
        var open = (await server.Client.UpdateWithStartAsync<int>("adder", 1, options, "add", 1)).Handle;
        var refused = await Assert.ThrowsAsync<WorkflowAlreadyStartedException>(() => server.Client.UpdateWithStartAsync<int>("adder", 1, options, "add", 2));
        Assert.Equal((options.Id, open.RunId), (refused.WorkflowId, refused.RunId));
        Assert.Single((await open.FoldAsync()).Updates);
    }

    [Fact]
    public async Task UpdateWithStart_Rejected_SaysWhyAndTheWorkflowRuns()
    {
        await using var worker = Adder();
        var options = Options(worker, WorkflowIdConflictPolicy.UseExisting);
        var refused = await Assert.ThrowsAsync<WorkflowUpdateFailedException>(() => server.Client.UpdateWithStartAsync<int>("adder", 1, options, "add", -1));
        Assert.Equal($"Update 'add' of workflow '{options.Id}': must not be negative", refused.Message);
        Assert.True((await server.Client.GetHandle(options.Id).DescribeAsync()).Summary.IsOpen);
    }

    [Fact]
    public async Task UpdateWithStart_BadRequest_TellsTheCauseNotTheWhole()
    {
        await using var worker = Adder();
        var refused = await Assert.ThrowsAsync<GrpcException>(() => server.Client.UpdateWithStartAsync<int>("", 1, Options(worker, WorkflowIdConflictPolicy.Fail), "add", 1));
        Assert.Equal(GrpcCode.InvalidArgument, refused.Code);
        Assert.DoesNotContain("MultiOperation", refused.Message, StringComparison.Ordinal);
    }
}
