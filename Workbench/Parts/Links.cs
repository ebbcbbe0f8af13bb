namespace FlowForge.Workbench.Parts;

/// <summary>Addresses of pages; the only place that knows their shape.</summary>
internal static class Links
{
    public static string Pipeline(string name, string? tab = null) => $"/pipelines/{Uri.EscapeDataString(name)}{(tab is null ? "" : "/" + tab)}";

    public static string Run(string run) => $"/runs/{Uri.EscapeDataString(run)}";

    public static string Runs(string pipeline) => $"/runs?pipeline={Uri.EscapeDataString(pipeline)}";

    public static string BackfillRuns(string backfill) => $"/runs?backfill={Uri.EscapeDataString(backfill)}";

    /// <param name="table"><c>gold.delays</c>.</param>
    public static string Table(string table, string? tab = null)
    {
        var dot = table.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? "/catalog" : $"/catalog/{table[..dot]}/{Uri.EscapeDataString(table[(dot + 1)..])}{(tab is null ? "" : "/" + tab)}";
    }

    public static string Connection(string name, string? tab = null) => $"/sources/connections/{Uri.EscapeDataString(name)}{(tab is null ? "" : "/" + tab)}";

    public static string Job(string run, string job) => $"{Run(run)}?job={Uri.EscapeDataString(job)}";
}
