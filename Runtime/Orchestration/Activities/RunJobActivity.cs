using FlowForge.Catalog;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Activities;

/// <summary>
/// One attempt of one job: claims the table, runs the job, and keeps the catalog's record of it. Idempotent by (run, job): a repeated attempt
/// finds its claim, and the runner finds its commit.
/// </summary>
public sealed class RunJobActivity(JobRunner runner, RunRecorder recorder, ClaimStore claims, RunningJobs running, TimeProvider clock)
{
    /// <summary>How often progress is written down, at most.</summary>
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(400);

    public async Task<object?> RunAsync(ActivityContext context)
    {
        var input = context.Input<JobInput>() ?? throw new ApplicationFailure("The job's input is missing.", "FF3001", nonRetryable: true);
        using var lease = await running.EnterAsync(input.RunId, input.JobId, context.CancellationToken);
        var job = runner.Find(input);
        if (recorder.Succeeded(input) is { } done)
        {
            // The attempt before may have ended between its record and this.
            claims.Release(input.RunId, input.JobId);
            return done;
        }

        var claim = claims.TryClaim(job.ClaimedTable, input.RunId, input.JobId, () => runner.LastTransaction(job));
        if (claim.TxnVersion is not { } txn) throw recorder.Waiting(job, claim.HolderRunId!);

        var attempt = Begin(job);
        try
        {
            var progress = new ProgressReport(p => { recorder.Progress(job, attempt, p); context.Heartbeat(p); }, ProgressInterval, clock);
            var outcome = await runner.RunAsync(job, attempt, txn, progress, lease.Token);
            recorder.Succeed(job, attempt, outcome);
            claims.Release(input.RunId, input.JobId);
            return RunRecorder.Result(outcome.Counts, outcome.Table, outcome.TableVersion, outcome.Tables);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested || lease.Token.IsCancellationRequested)
        {
            recorder.Stopped(job, attempt, cancelled: context.CancelReason == ActivityCancelReason.Requested);
            throw;
        }
        catch (Exception error)
        {
            throw Told(input, recorder.Fail(job, attempt, error));
        }
    }

    private int Begin(JobToRun job)
    {
        try
        {
            return recorder.Start(job);
        }
        catch (ApplicationFailure given)
        {
            throw Told(job.Input, given);
        }
    }

    /// <summary>A job that failed for good gives its table back at once: another run may need it before this one can end.</summary>
    private ApplicationFailure Told(JobInput input, ApplicationFailure failure)
    {
        if (failure.NonRetryable) claims.Release(input.RunId, input.JobId);
        return failure;
    }
}
