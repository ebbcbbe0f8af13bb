using FlowForge.Contracts;

namespace FlowForge.Workbench.Parts;

/// <summary>Addresses of pages; the only place that knows their shape.</summary>
internal static class Links
{
    public static string Pipeline(string name, string? tab = null) => $"/pipelines/{Uri.EscapeDataString(name)}{(tab is null ? "" : "/" + tab)}";

    /// <summary>The pipeline that the shown page is about; null for a page about none.</summary>
    public static string? PipelineIn(Microsoft.AspNetCore.Components.NavigationManager nav)
    {
        var parts = new Uri(nav.Uri).AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts is ["pipelines" or "jobs", not "new", ..] ? Uri.UnescapeDataString(parts[1]) : null;
    }

    /// <param name="job">With or without <c>ingest.</c>.</param>
    public static string EditJob(string pipeline, string job) => $"/jobs/{Uri.EscapeDataString(pipeline)}/{Uri.EscapeDataString(job.StartsWith("ingest.", StringComparison.Ordinal) ? job[7..] : job)}";

    /// <summary>The wizard, with what is known already.</summary>
    public static string NewJob(string? pipeline = null, string? connector = null, string? connection = null, string? read = null) =>
        Query(("pipeline", pipeline), ("connector", connector), ("connection", connection), ("read", read)) is { Length: > 0 } text ? $"/jobs/new?{text}" : "/jobs/new";

    public static string Run(string run) => $"/runs/{Uri.EscapeDataString(run)}";

    public static string Compare(string first, string second) => $"/runs/compare?{Query(("a", first), ("b", second))}";

    public static string History(string? pipeline = null, string? search = null) => Query(("pipeline", pipeline), ("search", search)) is { Length: > 0 } text ? $"/sources/history?{text}" : "/sources/history";

    public static string Runs(string pipeline) => $"/runs?pipeline={Uri.EscapeDataString(pipeline)}";

    public static string BackfillRuns(string backfill) => $"/runs?backfill={Uri.EscapeDataString(backfill)}";

    /// <param name="table"><c>gold.delays</c>.</param>
    public static string Table(string table, string? tab = null)
    {
        var dot = table.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? "/catalog" : $"/catalog/{table[..dot]}/{Uri.EscapeDataString(table[(dot + 1)..])}{(tab is null ? "" : "/" + tab)}";
    }

    public static string Connection(string name, string? tab = null) => $"/sources/connections/{Uri.EscapeDataString(name)}{(tab is null ? "" : "/" + tab)}";

    /// <param name="path">With or without <c>.ipynb</c>.</param>
    public static string Notebook(string path) => "/notebooks/" + string.Join('/', (path.EndsWith(".ipynb", StringComparison.Ordinal) ? path[..^6] : path).Split('/').Select(Uri.EscapeDataString));

    /// <summary>A notebook as a job of a run executed it.</summary>
    public static string Executed(string run, string job) => $"{Run(run)}/jobs/{Uri.EscapeDataString(job)}/notebook";

    public static string Job(string run, string job) => $"{Run(run)}?job={Uri.EscapeDataString(job)}";

    /// <summary>Workflow ids hold slashes, so they travel in the query.</summary>
    public static string Workflow(WorkflowKey key) => $"/temporal/workflow?{Query(("id", key.Id), ("run", key.Run), ("namespace", key.Namespace))}";

    public static string Workflows(string? query = null, string? state = null, string? space = null) =>
        Query(("query", query), ("state", state), ("namespace", space)) is { Length: > 0 } text ? $"/temporal?{text}" : "/temporal";

    public static string Schedule(string id, string? space = null) => $"/temporal/schedule?{Query(("id", id), ("namespace", space))}";

    public static string Schedules(string? space = null) => space is null ? "/temporal/schedules" : $"/temporal/schedules?{Query(("namespace", space))}";

    /// <summary>What a code means.</summary>
    public static string Help(string code) => $"/help/{Uri.EscapeDataString(code)}";

    private static string Query(params (string Name, string? Value)[] parts) =>
        string.Join('&', parts.Where(p => !string.IsNullOrEmpty(p.Value)).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}"));
}
