using FlowForge.Catalog;
using FlowForge.PluginHost;

namespace FlowForge.Orchestration.Activities;

/// <summary>A job's log in the catalog. A full disk must not stop a job that could still publish, so a line that cannot be kept is dropped.</summary>
internal sealed class JobLog(LogStore logs, string runId, string jobId) : IJobLog
{
    public void Write(JobLogLevel level, string message)
    {
        try
        {
            logs.Append(runId, jobId, level, DateTimeOffset.UtcNow, SecretMask.Hide(message));
        }
        catch (Exception error)
        {
            Console.Error.WriteLine($"warn: a log line of {runId} {jobId} could not be kept ({error.Message}): {SecretMask.Hide(message)}");
        }
    }
}
