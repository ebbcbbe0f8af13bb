using System.Security.Cryptography;
using System.Text;
using FlowForge.Catalog;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;
using Microsoft.Extensions.Logging;

namespace FlowForge.Orchestration.Triggers;

/// <summary>How the start of a triggered run went.</summary>
public enum StartOutcome
{
    Started,

    /// <summary>Refused: for good when the pipeline has errors, for now (<see cref="RunRefusal.Conflict"/>) when its overlap policy forbids the run.</summary>
    Refused,

    /// <summary>Not now: Temporal is away. The same call again does it.</summary>
    Later,
}

/// <summary>Starts the runs that triggers decide on. The run's id comes from what led to it, so a repeated start finds the run. Thread-safe.</summary>
public sealed class TriggerStarter(RunService runs, LogStore logs, TimeProvider clock, ILogger<TriggerStarter> logger)
{
    /// <summary>The same id for the same moment and reason.</summary>
    public static string RunId(DateTimeOffset time, string reason) => RunIds.From(time, SHA256.HashData(Encoding.UTF8.GetBytes(reason)));

    /// <param name="trigger"><c>after</c> or <c>arrival</c>.</param>
    /// <param name="note">What led to it, for the run's log.</param>
    public async Task<(StartOutcome Outcome, RunRefusedException? Refusal)> StartAsync(string pipeline, string runId, string trigger, string note, DataInterval? interval, CancellationToken cancel)
    {
        try
        {
            await runs.StartAsync(StartRun.All(pipeline, trigger) with { RunId = runId, Interval = interval }, cancel);
            logs.Append(runId, null, JobLogLevel.Info, clock.GetUtcNow(), $"started {note}");
            return (StartOutcome.Started, null);
        }
        catch (RunRefusedException refused)
        {
            return (StartOutcome.Refused, refused);
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            logger.LogWarning("run {RunId} of {Pipeline} could not be started yet: {Reason}", runId, pipeline, error.Message);
            return (StartOutcome.Later, null);
        }
    }
}
