using System.Net;
using System.Text.Json;

namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>By path.</summary>
    public Task<IReadOnlyList<NotebookSummary>> NotebooksAsync(string? search = null, CancellationToken ct = default) =>
        GetAsync<IReadOnlyList<NotebookSummary>>(new QueryText("notebooks").Add("search", search), ct);

    public Task<NotebookDetail> NotebookAsync(string path, CancellationToken ct = default) => GetAsync<NotebookDetail>(Notebook(path), ct);

    /// <summary>409 when there is one of this path already.</summary>
    public Task<NotebookDetail> CreateNotebookAsync(CreateNotebook body, CancellationToken ct = default) => SendAsync<NotebookDetail>(HttpMethod.Post, "notebooks", body, ct);

    /// <summary>409 with code FF6010 when somebody else changed the notebook meanwhile.</summary>
    public Task<NotebookSaved> SaveNotebookAsync(string path, SaveNotebook body, CancellationToken ct = default) => SendAsync<NotebookSaved>(HttpMethod.Put, Notebook(path), body, ct);

    public Task<NotebookPlace> RenameNotebookAsync(string path, string to, CancellationToken ct = default) => PostAsync<NotebookPlace>(path, "rename", new NotebookTarget(to), ct);

    public Task<NotebookPlace> DuplicateNotebookAsync(string path, string to, CancellationToken ct = default) => PostAsync<NotebookPlace>(path, "duplicate", new NotebookTarget(to), ct);

    /// <summary>Moves a notebook to the trash and stops its kernel.</summary>
    public Task<NotebookInTrash> DeleteNotebookAsync(string path, CancellationToken ct = default) => SendAsync<NotebookInTrash>(HttpMethod.Delete, Notebook(path), null, ct);

    public Task<IReadOnlyList<NotebookInTrash>> NotebookTrashAsync(CancellationToken ct = default) => GetAsync<IReadOnlyList<NotebookInTrash>>("notebook-trash", ct);

    public Task<NotebookPlace> RestoreNotebookAsync(string id, CancellationToken ct = default) => SendAsync<NotebookPlace>(HttpMethod.Post, $"notebook-trash/{Escape(id)}/restore", null, ct);

    /// <summary>Starts the kernel when there is none.</summary>
    public Task<NotebookKernel> StartKernelAsync(string path, CancellationToken ct = default) => PostAsync<NotebookKernel>(path, "kernel", null, ct);

    public Task<NotebookKernel> InterruptKernelAsync(string path, CancellationToken ct = default) => PostAsync<NotebookKernel>(path, "kernel/interrupt", null, ct);

    public Task<NotebookKernel> RestartKernelAsync(string path, CancellationToken ct = default) => PostAsync<NotebookKernel>(path, "kernel/restart", null, ct);

    public Task<NotebookKernel> StopKernelAsync(string path, CancellationToken ct = default) => SendAsync<NotebookKernel>(HttpMethod.Delete, Notebook(path) + "/kernel", null, ct);

    public Task<NotebookQueued> RunNotebookAsync(string path, RunNotebook body, CancellationToken ct = default) => PostAsync<NotebookQueued>(path, "run", body, ct);

    public Task<NotebookGraph> AnalyzeNotebookAsync(string path, AnalyzeNotebook body, CancellationToken ct = default) => PostAsync<NotebookGraph>(path, "analyze", body, ct);

    public Task ClearOutputsAsync(string path, ClearOutputs body, CancellationToken ct = default) => SendAsync(HttpMethod.Post, Notebook(path) + "/clear", body, ct);

    /// <summary>404 when no kernel holds the result any more.</summary>
    public Task<NotebookRows> NotebookRowsAsync(string path, string result, NotebookRowsQuery query, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return GetAsync<NotebookRows>(new QueryText($"{Notebook(path)}/results/{Escape(result)}/rows").Add("offset", query.Offset).Add("limit", query.Limit)
            .Add("sort", query.Sort).Add("desc", query.Descending).Add("filter", query.Filter), ct);
    }

    public Task<NotebookCount> NotebookCountAsync(string path, string result, string? filter = null, CancellationToken ct = default) =>
        GetAsync<NotebookCount>(new QueryText($"{Notebook(path)}/results/{Escape(result)}/count").Add("filter", filter), ct);

    public Task<NotebookProfile> NotebookProfileAsync(string path, string result, CancellationToken ct = default) => GetAsync<NotebookProfile>($"{Notebook(path)}/results/{Escape(result)}/profile", ct);

    public Task<NotebookChartValues> NotebookChartAsync(string path, NotebookChart body, CancellationToken ct = default) => PostAsync<NotebookChartValues>(path, "chart", body, ct);

    public Task<NotebookCompletions> CompleteAsync(string path, NotebookQuestion body, CancellationToken ct = default) => PostAsync<NotebookCompletions>(path, "complete", body, ct);

    public Task<IReadOnlyList<NotebookFinding>> DiagnoseAsync(string path, NotebookQuestion body, CancellationToken ct = default) => PostAsync<IReadOnlyList<NotebookFinding>>(path, "diagnose", body, ct);

    public Task<NotebookHover> HoverAsync(string path, NotebookQuestion body, CancellationToken ct = default) => PostAsync<NotebookHover>(path, "hover", body, ct);

    public Task<NotebookSignatures> SignaturesAsync(string path, NotebookQuestion body, CancellationToken ct = default) => PostAsync<NotebookSignatures>(path, "signatures", body, ct);

    public Task<PromotionPreview> PromoteCellAsync(string path, PromoteCell body, CancellationToken ct = default) => PostAsync<PromotionPreview>(path, "promote", body, ct);

    public Task<NotebookOffer> NotebookOfferAsync(string path, CancellationToken ct = default) => GetAsync<NotebookOffer>(Notebook(path) + "/offer", ct);

    public Task<PromotionPreview> PromoteNotebookAsync(string path, PromoteNotebook body, CancellationToken ct = default) => PostAsync<PromotionPreview>(path, "promote-notebook", body, ct);

    /// <summary>The notebook as a job of a run executed it.</summary>
    public Task<ExecutedNotebook> ExecutedNotebookAsync(string run, string job, CancellationToken ct = default) => GetAsync<ExecutedNotebook>($"runs/{Escape(run)}/jobs/{Escape(job)}/notebook", ct);

    /// <summary>The executed notebook's file.</summary>
    public async Task<string> ExecutedNotebookFileAsync(string run, string job, CancellationToken ct = default)
    {
        using var response = await ExchangeAsync(HttpMethod.Get, new QueryText($"runs/{Escape(run)}/jobs/{Escape(job)}/notebook").Add("format", "ipynb"), null, HttpCompletionOption.ResponseContentRead, null, ct);
        return await response.Content.ReadAsStringAsync(ct);
    }

    /// <summary>Puts an executed notebook among the notebooks, beside what is there.</summary>
    public Task<NotebookPlace> CopyExecutedNotebookAsync(string run, string job, CancellationToken ct = default) => SendAsync<NotebookPlace>(HttpMethod.Post, $"runs/{Escape(run)}/jobs/{Escape(job)}/notebook/copy", null, ct);

    /// <summary>How many executed notebooks are kept, and which are older than <c>Notebooks:ExecutedDays</c>; removes nothing.</summary>
    public Task<ExecutedReport> ExecutedNotebooksAsync(CancellationToken ct = default) => GetAsync<ExecutedReport>("executed-notebooks", ct);

    /// <summary>Removes the old ones, and notes it in the audit.</summary>
    public Task<ExecutedReport> CleanExecutedNotebooksAsync(CancellationToken ct = default) => SendAsync<ExecutedReport>(HttpMethod.Post, "executed-notebooks/clean", null, ct);

    /// <summary>The notebook as another kind of file.</summary>
    /// <param name="format"><c>html</c>, <c>ipynb</c>, or <c>cs</c>: a program that <c>dotnet run file.cs</c> runs.</param>
    public async Task<string> ExportNotebookAsync(string path, string format, CancellationToken ct = default)
    {
        using var response = await ExchangeAsync(HttpMethod.Get, new QueryText(Notebook(path) + "/export").Add("format", format), null, HttpCompletionOption.ResponseContentRead, null, ct);
        return await response.Content.ReadAsStringAsync(ct);
    }

    /// <summary>
    /// Follows a notebook until cancelled. After each connection a <c>snapshot</c> says how everything is; a lost connection is taken up again without end.
    /// </summary>
    public IAsyncEnumerable<NotebookEvent> WatchNotebookAsync(string path, CancellationToken ct = default) =>
        FollowAsync(Notebook(path) + "/events", null, static (_, data) => data.IsEmpty ? null : JsonSerializer.Deserialize<NotebookEvent>(data, ContractsJson.Options), static _ => false, ct);

    private Task<T> PostAsync<T>(string path, string what, object? body, CancellationToken ct) => SendAsync<T>(HttpMethod.Post, $"{Notebook(path)}/{what}", body, ct);

    private static string Notebook(string path) => "notebooks/" + Escape(path);
}
