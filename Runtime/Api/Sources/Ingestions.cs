using System.Globalization;
using System.Text;
using FlowForge.Api.Endpoints;
using FlowForge.Api.Mapping;
using FlowForge.Catalog;
using FlowForge.Contracts;

namespace FlowForge.Api.Sources;

/// <summary>What ingest jobs have done, over all kinds of sources. Thread-safe.</summary>
internal sealed class Ingestions(RunStore runs, KnownDefinitions definitions, TimeProvider clock)
{
    private const int MostLines = 100_000, Batch = 1000;
    private const string Head = "run,pipeline,job,table,connector,connection,trigger,state,started_at,finished_at,seconds,fetched,loaded,inserted,updated,deleted,unchanged,skipped,rejected,bytes,note,error\r\n";

    public Contracts.Page<Ingestion> List(IngestionFilter filter, int page, int size)
    {
        var found = runs.Ingestions(filter, page, size);
        return new Contracts.Page<Ingestion>([.. found.Items.Select(ToIngestion)], found.Total, found.Number, found.Size);
    }

    /// <summary>Written as it is read, so that a long history takes no memory.</summary>
    public async Task WriteCsvAsync(IngestionFilter filter, Stream into, CancellationToken ct)
    {
        await using var writer = new StreamWriter(into, new UTF8Encoding(false), 32 * 1024, leaveOpen: true);
        await writer.WriteAsync(Head);
        // Runs that start meanwhile would push lines over the pages' edges.
        filter = filter with { To = filter.To ?? clock.GetUtcNow() };
        for (var page = 1; page <= MostLines / Batch; page++)
        {
            var found = runs.Ingestions(filter, page, Batch).Items;
            foreach (var record in found) await writer.WriteAsync(Line(ToIngestion(record)).AsMemory(), ct);
            await writer.FlushAsync(ct);
            if (found.Count < Batch) return;
        }
    }

    public Ingestion ToIngestion(IngestionRecord record) => ToIngestion(record.Pipeline, record.PipelineVersion, record.Trigger, record.Job);

    public Ingestion ToIngestion(string pipeline, int version, string trigger, JobRunRecord job)
    {
        var definition = definitions.Get(pipeline, version)?.Ingest.FirstOrDefault(i => "ingest." + i.Name == job.JobId);
        var c = job.Counts;
        return new Ingestion
        {
            Run = job.RunId, Pipeline = pipeline, Job = job.JobId, Table = job.Table, Connector = definition?.Connector, Connection = definition?.Connection, Trigger = trigger,
            State = RunMapping.ToState(job.State), StartedAt = job.StartedAt!.Value, FinishedAt = job.FinishedAt, Seconds = ((job.FinishedAt ?? clock.GetUtcNow()) - job.StartedAt)?.TotalSeconds,
            Fetched = c.Read, Loaded = c.Loaded, Skipped = c.Deduplicated + c.Filtered, Rejected = c.Rejected, Bytes = job.Bytes, Note = job.Note,
            Changes = job.Changes is { } w ? new Contracts.RowChanges(w.Inserted, w.Updated, w.Deleted, w.Unchanged) : null, Error = job.Error is { } e ? new JobError(e.Code, e.Message, e.Suggestion) : null
        };
    }

    private static string Line(Ingestion i) => string.Join(',', new[]
    {
        i.Run, i.Pipeline, i.Job, i.Table, i.Connector, i.Connection, i.Trigger, i.State.ToString().ToLowerInvariant(), Time(i.StartedAt), Time(i.FinishedAt), i.Seconds?.ToString("0.###", CultureInfo.InvariantCulture),
        Number(i.Fetched), Number(i.Loaded), Number(i.Changes?.Inserted), Number(i.Changes?.Updated), Number(i.Changes?.Deleted), Number(i.Changes?.Unchanged), Number(i.Skipped), Number(i.Rejected), Number(i.Bytes), i.Note, i.Error?.Message
    }.Select(Value)) + "\r\n";

    /// <summary>Quoted where needed; what a spreadsheet would take for a formula is made text.</summary>
    private static string Value(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        if (text[0] is '=' or '+' or '-' or '@' or '\t' && !double.TryParse(text, CultureInfo.InvariantCulture, out _)) text = "'" + text;
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static string? Time(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string? Number(long? value) => value?.ToString(CultureInfo.InvariantCulture);
}
