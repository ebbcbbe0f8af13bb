namespace FlowForge.Architecture.Tests;

/// <summary>The reference table of the house: which room may reference which. A row here is a decision; a reference that is not here is a mistake.</summary>
internal static class House
{
    private static readonly string[] AllOfRuntime =
    [
        "Runtime/Columnar", "Runtime/Duck", "Runtime/Pipelines", "Runtime/Lake", "Runtime/Catalog", "Runtime/PluginHost", "Runtime/Ingest", "Runtime/Datasets",
        "Runtime/Temporal/Protocol", "Runtime/Temporal/Worker", "Runtime/Orchestration", "Runtime/Notebooks/Protocol", "Runtime/Notebooks/Sessions", "Runtime/Contracts",
    ];

    public static readonly IReadOnlyDictionary<string, string[]> MayReference = new Dictionary<string, string[]>
    {
        ["AppHost"] = ["ServiceDefaults", "Runtime/Contracts"],
        ["ServiceDefaults"] = [],
        ["Plugins/Abstractions"] = ["Runtime/Columnar"],
        ["Plugins/Testing"] = ["Plugins/Abstractions"],
        ["Runtime/Columnar"] = [],
        ["Runtime/Duck"] = ["Runtime/Columnar"],
        ["Runtime/Pipelines"] = [],
        ["Runtime/Lake"] = ["Runtime/Columnar", "Runtime/Duck"],
        ["Runtime/Catalog"] = ["Runtime/Pipelines"],
        ["Runtime/PluginHost"] = ["Plugins/Abstractions", "Runtime/Columnar"],
        ["Runtime/Ingest"] = ["Plugins/Abstractions", "Runtime/PluginHost", "Runtime/Columnar", "Runtime/Duck", "Runtime/Pipelines", "Runtime/Lake", "Runtime/Catalog"],
        ["Runtime/Datasets"] = ["Plugins/Abstractions", "Runtime/PluginHost", "Runtime/Columnar", "Runtime/Duck", "Runtime/Pipelines", "Runtime/Lake", "Runtime/Catalog"],
        ["Runtime/Temporal/Protocol"] = [],
        ["Runtime/Temporal/Worker"] = ["Runtime/Temporal/Protocol"],
        ["Runtime/Temporal/DevServer"] = ["Runtime/Temporal/Protocol", "ServiceDefaults"],
        ["Runtime/Orchestration"] = ["Runtime/Temporal/Worker", "Runtime/Pipelines", "Runtime/Ingest", "Runtime/Datasets", "Runtime/Catalog", "Runtime/Lake", "Runtime/Notebooks/Sessions"],
        ["Runtime/Notebooks/Protocol"] = [],
        ["Runtime/Notebooks/Kernel"] = ["Runtime/Notebooks/Protocol", "Runtime/Columnar", "Runtime/Duck", "Runtime/Lake"],
        ["Runtime/Notebooks/Sessions"] = ["Runtime/Notebooks/Protocol"],
        ["Runtime/Contracts"] = [],
        ["Runtime/Api"] = [.. AllOfRuntime, "Plugins/Abstractions", "ServiceDefaults"],
        ["Runtime/Cli"] = ["Runtime/Contracts"],
        ["Workbench"] = ["Runtime/Contracts", "ServiceDefaults"],
    };

    /// <summary>A connector or transform: it may reference the contract alone.</summary>
    public static readonly string[] PluginMayReference = ["Plugins/Abstractions"];

    public static string Root { get; } = FindRoot();

    /// <summary>Every project outside tests, by its folder relative to the root.</summary>
    public static IEnumerable<string> Rooms() =>
        new[] { "AppHost", "ServiceDefaults", "Workbench", "Runtime", "Plugins" }
            .SelectMany(top => Directory.EnumerateFiles(Path.Combine(Root, top), "*.csproj", SearchOption.AllDirectories))
            .Where(file => !file.Contains("node_modules", StringComparison.Ordinal) && !file.Contains("/templates/", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(Root, Path.GetDirectoryName(file)!).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "FlowForge.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException("FlowForge.sln was not found above " + AppContext.BaseDirectory);
    }
}
