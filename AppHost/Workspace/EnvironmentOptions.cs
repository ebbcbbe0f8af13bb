namespace FlowForge.AppHost.Workspace;

/// <summary>What an environment is made of.</summary>
internal sealed record EnvironmentOptions
{
    public int PortOffset { get; init; }
    public bool Demo { get; init; } = true;

    /// <summary>False for <c>run</c> and <c>validate</c>.</summary>
    public bool Workbench { get; init; } = true;

    /// <summary>False for <c>validate</c>, which runs nothing.</summary>
    public bool Temporal { get; init; } = true;

    /// <summary>Take free ports where the usual ones are taken, instead of refusing to start.</summary>
    public bool AnyPorts { get; init; }

    /// <summary>Absolute folders, besides the workspace, that pipelines may read files from.</summary>
    public IReadOnlyList<string> FileRoots { get; init; } = [];

    /// <summary>A Temporal cluster to use instead of the embedded server: <c>host:port</c>.</summary>
    public string? TemporalAddress { get; init; }

    public string TemporalNamespace { get; init; } = "default";

    /// <summary>Settings that the services read from the environment as well, so that one variable serves both.</summary>
    public EnvironmentOptions WithSettingsOfProcess() => this with
    {
        TemporalAddress = Setting("Temporal__Address") ?? TemporalAddress,
        TemporalNamespace = Setting("Temporal__Namespace") ?? TemporalNamespace
    };

    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
