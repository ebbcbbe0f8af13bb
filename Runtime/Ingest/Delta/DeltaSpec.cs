using FlowForge.Plugins;

namespace FlowForge.Ingest.Delta;

/// <summary>What the delta connector is told.</summary>
public sealed record DeltaSpec
{
    [Setting("Folder of the table (the one that holds _delta_log), or a folder with such folders below it; relative to the pipeline's folder", Scope = SettingScope.Connection, Example = "warehouse/orders")]
    public required string Path { get; init; }

    [Setting("Version of the table to read; the newest unless given", Minimum = 0)]
    public long? Version { get; init; }

    [Setting("Read the version that stood at this time", Example = "2026-01-31T00:00:00Z")]
    public DateTimeOffset? Timestamp { get; init; }
}
