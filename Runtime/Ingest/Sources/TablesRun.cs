using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Sources;

/// <summary>
/// One attempt of a job with many tables: each goes into a bronze table of its own, with its own commit, cursor and row equation. One that fails does not stop the
/// others; the job fails at the end, and its next attempt finds the others done.
/// </summary>
internal sealed class TablesRun(
    LakeStore lake, PluginRegistry plugins, CatalogDatabase catalog, IngestOptions options, IngestDefinition job, JobRequest request, IProgress<JobProgress> progress, IJobLog log)
{
    public async Task<JobOutcome> RunAsync(DuckFactory duck, CancellationToken ct)
    {
        var tables = await FindAsync(ct).ConfigureAwait(false);
        log.Info($"{tables.Count} tables: {string.Join(", ", tables.Select(t => t.SourceTable))}.");
        var outcomes = new List<TableOutcome>();
        var failures = new List<JobFailedException>();
        var (checks, bytes) = (new List<CheckOutcome>(), 0L);
        foreach (var table in tables)
        {
            var told = new TableProgress(progress, $"{table.SourceTable} ({outcomes.Count + 1} of {tables.Count})", outcomes.Sum(o => o.Counts.Read));
            try
            {
                CheckKeys(table);
                await using var run = new IngestRun(lake, plugins, catalog, options, table, request, told, new TableLog(log, table.SourceTable!));
                var outcome = await run.RunAsync(duck, ct).ConfigureAwait(false);
                outcomes.Add(new TableOutcome(table.SourceTable!, "bronze." + table.Table, outcome.TableVersion, outcome.Counts, outcome.Changes, outcome.Note));
                checks.AddRange(outcome.Checks.Select(c => c with { Check = $"{table.Table}: {c.Check}" }));
                bytes += outcome.Bytes;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                var failure = Failures.From(e);
                log.Error($"{table.SourceTable}: {failure.Code}: {failure.Message}");
                failures.Add(failure);
                outcomes.Add(new TableOutcome(table.SourceTable!, "bronze." + table.Table, lake.Table(new TableName(Layer.Bronze, table.Table)).Latest()?.Version, default, Error: failure.ToError()));
            }
        }
        if (failures.Count > 0)
            throw new JobFailedException(failures.Count == 1 || failures.TrueForAll(f => f.Code == RunHeld.Code) ? failures[0].Code : "FF2093", $"{failures.Count} of {tables.Count} tables {(failures.TrueForAll(f => f.Code == RunHeld.Code) ? "are held" : "failed")}: {string.Join(" ", outcomes.Where(o => o.Error is not null).Take(5).Select(o => $"{o.Source}: {o.Error!.Message}"))}",
                "The other tables are loaded. " + (failures[0].Suggestion ?? "Mend what is said, then run the job again."), transient: failures.TrueForAll(f => f.Transient), inner: failures[0]) { Tables = outcomes };
        return new JobOutcome
        {
            Counts = outcomes.Aggregate(default(RowCounts), (sum, o) => sum + o.Counts),
            Changes = outcomes.Aggregate(default(RowChanges), (sum, o) => sum + o.Changes.GetValueOrDefault()),
            Bytes = bytes,
            Checks = checks,
            Tables = outcomes,
            Note = tables.Count == 0 ? "the source has no such table" : string.Create(CultureInfo.InvariantCulture, $"{tables.Count} tables"),
        };
    }

    /// <summary>The tables as jobs of their own, in the order of <c>tables</c>.</summary>
    private async Task<List<IngestDefinition>> FindAsync(CancellationToken ct)
    {
        await using var lease = new ConnectorOpener(plugins, options).Open(job with { Tables = [], Config = WithTable(job.Tables[0]) }, request, log);
        var needsKeys = job.WriteMode is Pipelines.WriteMode.Merge or Pipelines.WriteMode.Scd2 && job.DedupeKeys.Count == 0;
        var found = new List<DiscoveredTable>();
        if (lease.Connector is IDiscover discover && (needsKeys || job.Tables.Any(SourceTables.IsPattern)))
            await foreach (var table in discover.DiscoverAsync(ct).ConfigureAwait(false)) found.Add(table);
        else if (job.Tables.FirstOrDefault(SourceTables.IsPattern) is { } pattern)
            throw new JobFailedException("FF2094", $"Connector '{lease.Descriptor.Name}' cannot list its tables, so '{pattern}' finds none.", "Name the tables one by one.");
        var tables = new List<IngestDefinition>();
        foreach (var pattern in job.Tables)
        {
            var matching = SourceTables.IsPattern(pattern) ? found.Where(t => SourceTables.Matches(pattern, t.Name)).OrderBy(t => t.Name, StringComparer.Ordinal) : found.Where(t => SourceTables.Matches(pattern, t.Name)).Take(1).DefaultIfEmpty(new DiscoveredTable(pattern));
            foreach (var table in matching)
                if (!tables.Any(t => t.SourceTable == table.Name)) tables.Add(One(pattern, table));
        }
        if (tables.GroupBy(t => t.Table, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new JobFailedException("FF2095", $"{string.Join(" and ", twice.Select(t => t.SourceTable))} would both become bronze.{twice.Key}. Nothing was read.", "Name them with their schema (schema.*).");
        return tables;
    }

    private IngestDefinition One(string pattern, DiscoveredTable table)
    {
        var name = SourceTables.BronzeName(job, pattern, table.Name);
        return job with
        {
            Tables = [], SourceTable = table.Name, Table = name, Config = WithTable(table.Name),
            DedupeKeys = job.DedupeKeys.Count > 0 ? job.DedupeKeys : job.WriteMode is Pipelines.WriteMode.Merge or Pipelines.WriteMode.Scd2 ? table.Keys : [],
            QuarantinePath = job.QuarantinePath is { } path ? $"{path}/{name}" : null,
        };
    }

    private static void CheckKeys(IngestDefinition table)
    {
        if (table.WriteMode is Pipelines.WriteMode.Merge or Pipelines.WriteMode.Scd2 && table.DedupeKeys.Count == 0)
            throw new JobFailedException("FF2123", $"The table {table.SourceTable} has no key at the source, and write_mode {table.WriteMode.ToText()} needs one.", "Name dedupe_keys, or load the table by another job.");
    }

    private System.Text.Json.Nodes.JsonObject WithTable(string table)
    {
        var config = job.Config.DeepClone().AsObject();
        config["table_name"] = table;
        return config;
    }

    private sealed class TableProgress(IProgress<JobProgress> inner, string table, long before) : IProgress<JobProgress>
    {
        public void Report(JobProgress value) => inner.Report(value with { Phase = $"{value.Phase} {table}", RowsRead = before + value.RowsRead, RowsTotal = null });
    }

    private sealed class TableLog(IJobLog inner, string table) : IJobLog
    {
        public void Write(JobLogLevel level, string message) => inner.Write(level, $"{table}: {message}");
    }
}
