using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Datasets;
using FlowForge.Datasets.Rebuild;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Api.Mapping;

/// <summary>Tells for each dataset of a plan whether a run, started now with default parameters, would build it. Thread-safe.</summary>
internal sealed class PlannedChanges(DatasetRunner datasets, TimeProvider clock)
{
    public PipelinePlan Fill(PipelinePlan plan, PipelineReading reading, string baseDirectory)
    {
        if (reading.Definition is not { } definition) return plan;
        var now = clock.GetUtcNow();
        var filled = new Dictionary<string, PlannedJob>(StringComparer.Ordinal);
        foreach (var job in plan.Jobs)
            filled[job.Id] = job.Kind switch
            {
                JobKind.Ingest => job,
                JobKind.Notebook => job with { Change = PlannedChange.Always, Changes = ["a notebook job runs each time"] },
                _ => Answer(job),
            };
        return plan with { Jobs = [.. plan.Jobs.Select(j => filled[j.Id])] };

        PlannedJob Answer(PlannedJob job)
        {
            var dataset = definition.Datasets.First(d => d.Table == job.Id);
            var before = job.DependsOn.Where(filled.ContainsKey).Select(id => filled[id]).ToList();
            var answer = Ask(dataset, job, before);
            if (answer.Change is not PlannedChange.Unchanged) return answer;
            // Inputs that this very run makes anew.
            if (before.Where(b => b.Change is PlannedChange.New or PlannedChange.Changed or PlannedChange.Always).Select(b => $"{b.Writes} will be built").ToList() is { Count: > 0 } built)
                return answer with { Change = PlannedChange.Changed, Changes = built };
            return before.Where(b => b.Kind == JobKind.Ingest || b.Change == PlannedChange.Depends).Select(b => b.Kind == JobKind.Ingest ? $"{b.Id} may bring new rows" : $"{b.Id} may be built").ToList() is { Count: > 0 } open
                ? answer with { Change = PlannedChange.Depends, Changes = open } : answer;
        }

        PlannedJob Ask(Pipelines.DatasetDefinition dataset, PlannedJob job, List<PlannedJob> before)
        {
            try
            {
                var found = datasets.Ask(dataset, new JobRequest
                {
                    RunId = "plan", Pipeline = definition.Name, PipelineVersion = 0, JobId = job.Id, BaseDirectory = baseDirectory, RunTime = now, TxnVersion = long.MaxValue, Parameters = definition.Parameters,
                });
                return job with { Change = Enum.Parse<PlannedChange>(found.Verdict.ToString()), Changes = found.Reasons };
            }
            catch (JobFailedException e)
            {
                return job with { Change = PlannedChange.New, Changes = before.Count > 0 && e.Code == "FF3203" ? ["an input does not exist yet"] : [e.Message] };
            }
        }
    }
}
