using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Lake;
using RunState = FlowForge.Catalog.RunState;
using Page = FlowForge.Contracts.Page<FlowForge.Contracts.RunSummary>;

namespace FlowForge.Api.Mapping;

/// <summary>Puts together what the API tells about runs, from the catalog and the lake. Thread-safe.</summary>
internal sealed class RunReader(CatalogDatabase catalog, KnownTables lake, KnownDefinitions definitions)
{
    public RunSummary? Summary(string run) => catalog.Runs.Get(run) is { } record ? Summary(record) : null;

    public RunSummary Summary(RunRecord run) => RunMapping.ToSummary(run, catalog.Runs.Jobs(run.RunId));

    public Page List(RunFilter filter, int page, int size)
    {
        var found = catalog.Runs.List(filter, page, size);
        return new Page([.. found.Items.Select(Summary)], found.Total, found.Number, found.Size);
    }

    public RunDetail? Detail(string run)
    {
        if (catalog.Runs.Get(run) is not { } record)
            return null;
        var jobs = catalog.Runs.Jobs(run);
        return RunMapping.ToDetail(record, jobs, Jobs(record, jobs), Tables(jobs), catalog.Runs.SampleCount(run));
    }

    /// <summary>All jobs of a run, in plan order.</summary>
    public IReadOnlyList<JobRun> Jobs(string run) => catalog.Runs.Get(run) is { } record ? Jobs(record, catalog.Runs.Jobs(run)) : [];

    private JobRun[] Jobs(RunRecord run, IReadOnlyList<JobRunRecord> jobs)
    {
        var attempts = catalog.Runs.Attempts(run.RunId).ToLookup(a => a.JobId);
        var checks = catalog.Checks.OfRun(run.RunId).ToLookup(c => c.JobId);
        var definition = definitions.Get(run.Pipeline, run.PipelineVersion);
        var references = definition?.Ingest.Where(i => i.IsReference).Select(i => "ingest." + i.Name).ToHashSet(StringComparer.Ordinal) ?? [];
        var notebooks = definition?.Datasets.Where(d => d.Notebook is not null).Select(d => (d.Table, d.Notebook!.Path)).Concat(definition.Notebooks.Select(n => (n.Id, n.Notebook.Path))).ToDictionary(n => n.Item1, n => n.Path) ?? [];
        return [.. jobs.Select(j => JobMapping.ToJob(j, attempts[j.JobId], checks[j.JobId], references.Contains(j.JobId), notebooks.GetValueOrDefault(j.JobId)))];
    }

    /// <summary>Tables with a version that this run committed; a job that found nothing new names the version that stood.</summary>
    private WrittenTable[] Tables(IReadOnlyList<JobRunRecord> jobs)
    {
        var tables = new List<(Lake.Layer Layer, WrittenTable Table)>();
        foreach (var job in jobs)
        {
            if (job is { State: RunState.Succeeded, TableVersion: { } version }) Add(job.Table, version);
            foreach (var table in job.Tables)
                if (table is { Error: null, Version: { } at }) Add(table.Table, at);
        }
        return [.. tables.OrderBy(t => t.Layer).Select(t => t.Table)];

        void Add(string? table, long version)
        {
            if (TableName.TryParse(table, out var name)) tables.Add((name.Layer, new WrittenTable(name.ToString(), version, lake[name].At(version)?.Rows ?? 0)));
        }
    }
}
