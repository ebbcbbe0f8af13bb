using FlowForge.Catalog;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Reading;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>What must hold before anything is published.</summary>
internal sealed class Gate(IngestDefinition job, FileSettings settings, IJobLog log)
{
    /// <exception cref="JobFailedException">Rejects that are not allowed, a source that is much smaller than the table, or rows that do not add up.</exception>
    public void Check(LoadedRows loaded, TableSnapshot? before)
    {
        var counts = loaded.Counts;
        if (counts.Rejected > 0) CheckRejects(loaded);
        if (job.WriteMode == Pipelines.WriteMode.Replace && before is { Rows: > 0 } && counts.Loaded * 2 < before.Rows && !settings.AllowSmaller)
            throw new JobFailedException("FF2052", $"The source has {counts.Loaded} rows for bronze.{job.Table}, which holds {before.Rows}: less than half. Nothing was published.", "If that is meant, set config.allow_smaller: true.");
        if (before is null && counts.Loaded > 0 && loaded.Columns.Count == 0 && settings.Nested != Formats.Json.Nested.Split)
            throw new JobFailedException("FF2132", $"None of the {counts.Loaded} records for bronze.{job.Table} has a field with a value, so there are no columns to make a table of. Nothing was published.", "Look at the source; if such records are meant, declare the columns in user_schema.");
        if (!counts.Balanced)
            throw new JobFailedException("FF2030", $"The rows do not add up, and nothing was published: {counts}.", "This is a defect of FlowForge: keep the landed files and report it.");
    }

    private void CheckRejects(LoadedRows loaded)
    {
        var counts = loaded.Counts;
        var evidence = string.Join("\n", loaded.Rejects.Evidence.Select(loaded.Describe));
        log.Warning($"{counts.Rejected} of {counts.Read} records are rejected ({string.Join(", ", loaded.Rejects.ByReason.Select(r => $"{r.Value} {r.Key}"))}):\n{evidence}");
        if (job.ErrorHandling == ErrorHandling.Fail)
            throw new JobFailedException("FF2020", $"{counts.Rejected} of {counts.Read} records do not fit, and nothing was published. The first: {loaded.Describe(loaded.Rejects.Evidence[0])}",
                "Mend the source, or set error_handling: quarantine with a quarantine_path to load the rest.");
        if (job.MaxRejects is { } limit && limit.IsExceeded(counts.Rejected, counts.Read))
            throw new JobFailedException("FF2021", $"{counts.Rejected} of {counts.Read} records do not fit, which is more than max_rejects allows; nothing was published. The first: {loaded.Describe(loaded.Rejects.Evidence[0])}",
                "Mend the source, or raise max_rejects.");
    }
}
