using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Datasets;
using FlowForge.Datasets.Rebuild;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Api.Mapping;

/// <summary>Tells for each dataset and delivery of a plan whether a run, started now with default parameters, would build or deliver it. Thread-safe.</summary>
internal sealed class PlannedChanges(DatasetRunner datasets, LakeStore lake, DeliveryStore deliveries, TimeProvider clock)
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
                JobKind.Delivery => Behind(job, Delivered(job)),
                _ => Behind(job, Ask(definition.Datasets.First(d => d.Table == job.Id), job, Before(job))),
            };
        return plan with { Jobs = [.. plan.Jobs.Select(j => filled[j.Id])] };

        List<PlannedJob> Before(PlannedJob job) => [.. job.DependsOn.Where(filled.ContainsKey).Select(id => filled[id])];

        PlannedJob Behind(PlannedJob job, PlannedJob answer)
        {
            var before = Before(job);
            if (answer.Change is not PlannedChange.Unchanged) return answer;
            // Inputs that this very run makes anew.
            if (before.Where(b => b.Change is PlannedChange.New or PlannedChange.Changed or PlannedChange.Always).Select(b => $"{b.Writes} will be built").ToList() is { Count: > 0 } built)
                return answer with { Change = PlannedChange.Changed, Changes = built };
            return before.Where(b => b.Kind == JobKind.Ingest || b.Change == PlannedChange.Depends).Select(b => b.Kind == JobKind.Ingest ? $"{b.Id} may bring new rows" : $"{b.Id} may be built").ToList() is { Count: > 0 } open
                ? answer with { Change = PlannedChange.Depends, Changes = open } : answer;
        }

        PlannedJob Delivered(PlannedJob job)
        {
            var delivery = definition.Deliveries.First(d => d.Id == job.Id);
            if (deliveries.OfPipeline(definition.Name).FirstOrDefault(d => d.Name == delivery.Name) is not { } last) return job with { Change = PlannedChange.New, Changes = ["nothing was delivered yet"] };
            var latest = lake.Table(TableName.Parse(delivery.From)).Latest();
            return last.Table == delivery.From && last.Version == latest?.Version && last.TableId == latest?.TableId
                ? job with { Change = PlannedChange.Unchanged, Changes = [$"version {last.Version} was delivered"] }
                : job with { Change = PlannedChange.Changed, Changes = [$"version {last.Version} of {last.Table} was delivered, {delivery.From} is at {latest?.Version}"] };
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
