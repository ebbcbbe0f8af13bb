namespace FlowForge.Pipelines;

/// <summary>Sorts a pipeline's jobs and says what keeps it from running. Pure; thread-safe when the delegates are.</summary>
public static class PipelinePlanner
{
    /// <param name="definition">Without errors, and with its SQL files read (<see cref="PipelineDefinition.WithSql"/>).</param>
    /// <param name="sql">Reads the tables of a SQL text.</param>
    /// <param name="tableExists">Whether the lake has a table (<c>bronze.flights</c>) already, made by another pipeline or an earlier run.</param>
    public static PlanResult Plan(PipelineDefinition definition, SqlReferenceReader sql, Func<string, bool> tableExists)
    {
        var diagnostics = new DiagnosticList();
        var made = Makers(definition);
        var references = new ReferenceResolver(definition, made, tableExists, diagnostics);
        List<DraftJob> drafts = [.. definition.Ingest.OrderBy(i => !i.IsReference).Select(i => Draft(i) with { Reads = references.OfChecks(i, sql), Pool = i.Pool ?? definition.Pool })];
        drafts.AddRange(definition.Datasets.OrderBy(d => d.Layer != "silver").Select(d => new DraftJob(
            d.Table, d.Name, d.Layer == "silver" ? JobKind.Silver : JobKind.Gold, [.. references.Read(d, sql).Union(references.OfChecks(d, sql), StringComparer.OrdinalIgnoreCase)], d.Table, false, d.Line)
        {
            // What a notebook that mentions its own table finds there is the last version, or nothing.
            ReadsItself = d.Mode == DatasetMode.Full && d.Notebook is null,
            Pool = d.Pool ?? definition.Pool,
        }));
        drafts.AddRange(definition.Notebooks.Select(n => new DraftJob(n.Id, n.Name, JobKind.Notebook, references.Read(n), null, false, n.Line) { Pool = n.Pool ?? definition.Pool }));
        drafts.AddRange(definition.Deliveries.Select(d => new DraftJob(d.Id, d.Name, JobKind.Delivery, references.Read(d), null, false, d.Line) { Pool = d.Pool ?? definition.Pool, Target = d.Target }));
        var jobs = Sort(drafts, made, diagnostics);
        return new PlanResult(jobs, diagnostics.Ordered());
    }

    private static DraftJob Draft(IngestDefinition job) => new(
        $"ingest.{job.Name}", job.Name, JobKind.Ingest, [], job.ForceToParquet && job.Tables.Count == 0 ? $"bronze.{job.Table}" : null, job.IsReference, job.Line) { Tables = job.Tables };

    /// <summary>Table to the id of the job that makes it.</summary>
    private static Dictionary<string, string> Makers(PipelineDefinition definition)
    {
        var made = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var ingest in definition.Ingest.Where(i => i.ForceToParquet))
        {
            foreach (var table in SourceTables.KnownTables(ingest)) made.TryAdd($"bronze.{table}", $"ingest.{ingest.Name}");
            if (ingest.Tables.Count > 0) continue;
            made.TryAdd($"bronze.{ingest.Table}", $"ingest.{ingest.Name}");
        }
        foreach (var dataset in definition.Datasets)
        {
            made.TryAdd(dataset.Table, dataset.Table);
        }
        return made;
    }

    /// <summary>Takes, again and again, the first job in the order of the drafts whose inputs are made; what is left over waits for a cycle.</summary>
    private static List<PlanJob> Sort(List<DraftJob> drafts, Dictionary<string, string> made, DiagnosticList diagnostics)
    {
        var order = drafts.Select((d, i) => (d.Id, i)).ToDictionary(p => p.Id, p => p.i);
        var needs = drafts.ConvertAll(d => Needs(d, made));
        var open = needs.ConvertAll(n => n.Count);
        var readers = drafts.ConvertAll(_ => new List<int>());
        for (var i = 0; i < drafts.Count; i++)
        {
            needs[i].ForEach(id => readers[order[id]].Add(i));
        }
        var ready = new SortedSet<int>(Enumerable.Range(0, drafts.Count).Where(i => open[i] == 0));
        List<PlanJob> jobs = [];
        while (ready.Count > 0)
        {
            var i = ready.Min;
            ready.Remove(i);
            var job = drafts[i];
            jobs.Add(new PlanJob(job.Id, job.Name, job.Kind, needs[i], job.Reads, job.Writes, Reason(job, made), job.IsReference)
            {
                Pool = job.Pool,
                WritesMany = job.Tables.Count == 0 ? [] : [.. made.Where(m => m.Value == job.Id).Select(m => m.Key)],
            });
            ready.UnionWith(readers[i].Where(reader => --open[reader] == 0));
        }
        var waiting = Enumerable.Range(0, drafts.Count).Where(i => open[i] > 0).Select(i => drafts[i].Id).ToList();
        foreach (var cycle in Cycles.Find(waiting, id => needs[order[id]]))
        {
            diagnostics.Add(
                DiagnosticCodes.Cycle, new TextPlace(drafts[order[cycle[0]]].Line, 1), cycle[0],
                cycle.Count == 1 ? $"{cycle[0]} reads itself." : $"The datasets read each other in a circle: {string.Join(" → ", cycle.Append(cycle[0]))}.",
                cycle.Count == 1 ? "Only datasets that are not built in full (mode: append, merge, incremental) may read their own table." : "Take one of these reads out.");
        }
        return jobs;
    }

    private static List<string> Needs(DraftJob job, Dictionary<string, string> made) =>
        [.. job.Reads.Select(t => made.GetValueOrDefault(t)).OfType<string>().Where(id => id != job.Id || job.ReadsItself).Distinct()];

    private static string Reason(DraftJob job, Dictionary<string, string> made)
    {
        if (job.Kind == JobKind.Ingest)
        {
            var what = job.IsReference ? "reference table, read first" : job.Tables.Count > 0 ? $"reads the tables {string.Join(", ", job.Tables)}" : job.Writes is null ? "lands files only" : "reads its source";
            return job.Reads.Count == 0 ? what : $"{what}; its checks read {string.Join(", ", job.Reads)}";
        }
        var parts = job.Reads.Select(t => made.TryGetValue(t, out var maker) ? maker == job.Id ? "its own last version" : $"{t} (made by {maker})" : $"{t} (in the lake)").ToList();
        if (job.Target is { } target) return $"delivers {string.Join(", ", parts)} to {target}";
        return parts.Count == 0 ? "reads no table" : $"reads {string.Join(", ", parts)}";
    }
}
