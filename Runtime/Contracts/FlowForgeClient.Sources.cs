namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>What ingest jobs read and how they have been going, by pipeline and job.</summary>
    /// <param name="search">Part of the name of pipeline, job, connection or what is read.</param>
    public Task<Page<SourceCard>> SourcesAsync(SourceKind? kind = null, string? search = null, int page = 1, int size = 24, CancellationToken ct = default) =>
        GetAsync<Page<SourceCard>>(new QueryText("sources").AddWord("kind", kind).Add("search", search).Add("page", page).Add("size", size), ct);

    /// <summary>Lists the files at a job's source now and says which of them a run would read. 422 when the source cannot be listed.</summary>
    public Task<SourceLook> LookAtSourceAsync(string pipeline, string job, CancellationToken ct = default) =>
        SendAsync<SourceLook>(HttpMethod.Post, $"sources/{Escape(pipeline)}/{Escape(job)}/look", null, ct);

    /// <summary>Newest first.</summary>
    public Task<Page<Ingestion>> IngestionsAsync(IngestionQuery query, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return GetAsync<Page<Ingestion>>(Filter(new QueryText("ingestions"), query).Add("page", query.Page).Add("size", query.Size), ct);
    }

    /// <summary>The same as CSV with a header line, at most 100,000 rows; page and size do not count.</summary>
    public async Task<string> IngestionsCsvAsync(IngestionQuery query, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        using var response = await ExchangeAsync(HttpMethod.Get, Filter(new QueryText("ingestions.csv"), query), null, HttpCompletionOption.ResponseContentRead, null, ct);
        return await response.Content.ReadAsStringAsync(ct);
    }

    /// <summary>How far a run was and what the runtime took, from moment to moment; oldest first, some hundreds at most.</summary>
    public Task<IReadOnlyList<RunSampleEntry>> RunSamplesAsync(string run, CancellationToken ct = default) => GetAsync<IReadOnlyList<RunSampleEntry>>($"runs/{Escape(run)}/samples", ct);

    private static QueryText Filter(QueryText text, IngestionQuery query) => text.Add("pipeline", query.Pipeline).AddWord("state", query.State).Add("from", query.From).Add("to", query.To)
        .Add("minRows", query.MinRows).Add("rejects", query.Rejects).Add("search", query.Search);
}
