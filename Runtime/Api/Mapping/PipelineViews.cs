using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;

namespace FlowForge.Api.Mapping;

/// <summary>Puts together what the API tells about pipelines. Thread-safe.</summary>
internal sealed class PipelineViews(CatalogDatabase catalog, PipelineReader reader, RunReader runs, KnownDefinitions definitions, TimeProvider clock)
{
    private const int RecentRuns = 20;
    private const int NextRuns = 5;

    public Contracts.Page<PipelineSummary> List(string? search, int page, int size)
    {
        var found = catalog.Pipelines.List(page, size, search);
        string[] names = [.. found.Items.Select(p => p.Name)];
        var (last, states) = (catalog.Runs.Latest(names), catalog.Runs.RecentStates(names, RecentRuns));
        return new Contracts.Page<PipelineSummary>([.. found.Items.Select(p => Summary(p, last.GetValueOrDefault(p.Name), states.GetValueOrDefault(p.Name) ?? []))], found.Total, found.Number, found.Size);
    }

    private PipelineSummary Summary(PipelineVersion stored, RunRecord? last, IReadOnlyList<Catalog.RunState> recent)
    {
        var definition = definitions.Get(stored);
        return new PipelineSummary
        {
            Name = stored.Name, Description = definition?.Description, Version = stored.Version, UpdatedAt = stored.CreatedAt, Schedule = Schedule(definition),
            IngestJobs = definition?.Ingest.Count ?? 0,
            SilverTables = definition?.Datasets.Count(d => d.Layer == "silver") ?? 0,
            GoldTables = definition?.Datasets.Count(d => d.Layer == "gold") ?? 0,
            LastRun = last is null ? null : runs.Summary(last),
            RecentStates = [.. recent.Reverse().Select(RunMapping.ToState)]
        };
    }

    public PipelineDetail Detail(PipelineVersion stored)
    {
        var reading = reader.Read(stored);
        var last = catalog.Runs.List(new RunFilter { Pipeline = stored.Name }, 1, 1).Items;
        return new PipelineDetail
        {
            Name = stored.Name, Description = reading.Definition?.Description, Version = stored.Version,
            LatestVersion = catalog.Pipelines.Get(stored.Name)?.Version ?? stored.Version, UpdatedAt = stored.CreatedAt, Text = stored.Text,
            Format = PipelineMapping.ToFormat(stored.Format), BaseDirectory = stored.BaseDirectory, Schedule = Schedule(reading.Definition, NextRuns), Triggers = Triggers(reading.Definition),
            Plan = PipelineMapping.ToPlan(reading), Diagnostics = PipelineMapping.ToEntries(reading.Diagnostics),
            LastRun = last.Count > 0 ? runs.Summary(last[0]) : null,
            Parameters = [.. (reading.Definition?.Parameters ?? new Dictionary<string, string>()).Select(p => new PipelineParameter(p.Key, p.Value))]
        };
    }

    /// <summary>When the schedule starts it next; null when it has none, or never again.</summary>
    public DateTimeOffset? NextRun(PipelineDefinition? definition) => Schedule(definition)?.NextRun;

    private PipelineSchedule? Schedule(PipelineDefinition? definition, int next = 1)
    {
        if (definition?.Schedule is not { } schedule)
            return null;
        var times = Next(schedule, next);
        return new PipelineSchedule(schedule.Cron, schedule.Timezone, times.Count > 0 ? times[0] : null) { Start = schedule.Start, End = schedule.End, NextRuns = next > 1 ? times : [] };
    }

    private IReadOnlyList<DateTimeOffset> Next(ScheduleDefinition schedule, int count)
    {
        try
        {
            return schedule.Next(clock.GetUtcNow(), count);
        }
        catch (FormatException)
        {
            // A stored definition may hold a zone that this machine does not know; the diagnostics say so.
            return [];
        }
    }

    private PipelineTrigger[] Triggers(PipelineDefinition? definition)
    {
        if (definition is null || definition.Triggers.Count == 0)
            return [];
        var states = catalog.Triggers.Of(definition.Name).ToDictionary(t => t.Key, StringComparer.Ordinal);
        return [.. definition.Triggers.Select(t => ToTrigger(t, states.GetValueOrDefault(t.Key)))];
    }

    private static PipelineTrigger ToTrigger(TriggerDefinition trigger, TriggerState? state)
    {
        var (kind, of, text) = trigger switch
        {
            AfterTrigger after => ("after", after.Pipeline, $"after each {(after.On == AfterEnd.Success ? "successful " : "")}run of {after.Pipeline}"),
            ArrivalTrigger arrival => ("arrival", arrival.Job, $"when something arrives at ingest.{arrival.Job}"),
            _ => throw new InvalidOperationException($"No words for {trigger.GetType().Name}.")
        };
        return new PipelineTrigger
        {
            Kind = kind, Of = of, Text = text, Known = state is not null, FiredAt = state?.FiredAt, CheckedAt = state?.CheckedAt, LastRun = state?.LastRun, Problem = state?.Problem
        };
    }
}
