namespace FlowForge.Contracts;

/// <summary>A plugin that was installed from a package.</summary>
/// <param name="Sha256">Of the package.</param>
/// <param name="Problem">Why it cannot be loaded; null when it can.</param>
public sealed record PluginEntry(string Name, string Version, string? Description, string Sha256, DateTimeOffset InstalledAt, string? Problem);
