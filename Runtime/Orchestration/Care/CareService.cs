using FlowForge.Catalog;
using FlowForge.Orchestration.Hosting;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Orchestration.Care;

/// <summary>Starts and cancels work on tables; after a start of the runtime makes catalog and Temporal agree about it. Thread-safe.</summary>
public sealed class CareService(CatalogDatabase catalog, TemporalConnection temporal, TimeProvider clock, ILogger<CareService> logger)
{
    /// <param name="table">With layer.</param>
    /// <param name="request">What is asked for, as JSON.</param>
    /// <param name="by">Who asks.</param>
    /// <returns>Its id; it is recorded, and begins as soon as Temporal answers.</returns>
    /// <exception cref="RunRefusedException">Other work on the table is open.</exception>
    public async Task<string> StartAsync(string table, TableCareKind kind, string request, string by, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var care = new TableCareRecord { CareId = "care_" + RunIds.New(now)["run_".Length..], Table = table, Kind = kind, Request = request, By = by, CreatedAt = now };
        if (catalog.Care.TryCreate(care) is { } open)
            throw new RunRefusedException(RunRefusal.Conflict, "FF3413", $"{Word(open.Kind)} of {table} is {(open.State == RunState.Queued ? "waiting" : "under way")} ({open.CareId}).", "Wait for its end, or cancel it.");
        await StartWorkflowAsync(care, cancel);
        return care.CareId;
    }

    /// <summary>Stops the work: the table stays as it is, except for files that a vacuum has removed already. No effect on work that has ended.</summary>
    public async Task CancelAsync(string id, CancellationToken cancel)
    {
        var care = catalog.Care.Get(id) ?? throw new RunRefusedException(RunRefusal.NotFound, "FF3410", $"There is no work on a table under '{id}'.");
        if (care.State.IsFinal()) return;
        try
        {
            await (await temporal.GetAsync(cancel)).GetHandle(CareNames.WorkflowId(id)).CancelAsync("cancelled by a person", cancel);
        }
        catch (WorkflowNotFoundException)
        {
            catalog.Care.Finish(id, RunState.Cancelled, null, null, clock.GetUtcNow());
        }
    }

    /// <summary>After a start: starts what was recorded only, closes what Temporal no longer runs, lets go what a killed process had begun.</summary>
    public async Task ReconcileAsync(CancellationToken cancel)
    {
        var client = await temporal.GetAsync(cancel);
        foreach (var care in catalog.Care.Open())
        {
            try
            {
                var status = (await client.GetHandle(CareNames.WorkflowId(care.CareId)).DescribeAsync(cancel)).Summary.Status;
                if (status == WorkflowExecutionStatus.Running) await new DeadWorkers(client, logger).ReleaseWorkflowAsync(CareNames.WorkflowId(care.CareId), cancel);
                else Close(care, status == WorkflowExecutionStatus.Canceled ? RunState.Cancelled : RunState.Failed, $"Its workflow ended from outside ({status}).");
            }
            catch (WorkflowNotFoundException) when (care.State == RunState.Queued)
            {
                await StartWorkflowAsync(care, cancel);
                logger.LogInformation("{CareId} was recorded but not started; it is started now", care.CareId);
            }
            catch (WorkflowNotFoundException)
            {
                Close(care, RunState.Failed, "Temporal no longer knows its workflow.");
            }
        }
    }

    /// <summary>Starts what was asked for while Temporal did not answer. Repeatable.</summary>
    public async Task StartLeftOverAsync(TimeSpan age, CancellationToken cancel)
    {
        foreach (var care in catalog.Care.Open().Where(c => c.State == RunState.Queued && c.CreatedAt < clock.GetUtcNow() - age)) await StartWorkflowAsync(care, cancel);
    }

    private async Task StartWorkflowAsync(TableCareRecord care, CancellationToken cancel)
    {
        try
        {
            await (await temporal.GetAsync(cancel)).StartWorkflowAsync(CareNames.Workflow, new CareInput(care.CareId), new StartWorkflowOptions
            {
                Id = CareNames.WorkflowId(care.CareId), TaskQueue = RunNames.TaskQueue, RequestId = care.CareId, IdReusePolicy = WorkflowIdReusePolicy.RejectDuplicate, Summary = $"{Word(care.Kind)} of {care.Table}",
            }, cancel);
        }
        catch (WorkflowAlreadyStartedException)
        {
            // A crash came after the start: it is the one that was asked for.
        }
    }

    private void Close(TableCareRecord care, RunState state, string reason)
    {
        catalog.Care.Finish(care.CareId, state, null, state == RunState.Failed ? new RunError("FF3411", reason, "Look at the table's versions for whether it was done, then ask again.") : null, clock.GetUtcNow());
        logger.LogWarning("{CareId} closed as {State}: {Reason}", care.CareId, state, reason);
    }

    private static string Word(TableCareKind kind) => kind switch { TableCareKind.Optimize => "An optimize", TableCareKind.Vacuum => "A vacuum", _ => "A change" };
}
