using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest;

/// <summary>What the host decides for all ingest jobs.</summary>
public sealed record IngestOptions
{
    /// <summary>Absolute folders that local sources may lie in, beside each pipeline's own folder.</summary>
    public IReadOnlyList<string> AllowedRoots { get; init; } = [];

    /// <summary>Answers the value of a stored secret, null when there is none.</summary>
    public Func<string, string?> Secrets { get; init; } = static _ => null;

    /// <summary>Keeps what systems give in the place of secrets; null where nothing is kept.</summary>
    public IRenewals? Renewals { get; init; }

    /// <summary>Answers the saved connection of a name, null when there is none.</summary>
    public Func<string, ConnectionDefinition?> Connections { get; init; } = static _ => null;

    /// <summary>What is kept for each connection over all its uses.</summary>
    public ConnectionGuards Guards { get; init; } = new(TimeProvider.System);

    /// <summary>Told the health facts that a job's connector reports of its connection.</summary>
    public Action<string, IReadOnlyList<HealthFact>> Health { get; init; } = static (_, _) => { };

    /// <summary>Tells how old landed files are.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where short-lived files go (samples, spooled rejects).</summary>
    public string TemporaryFolder { get; init; } = Path.Combine(Path.GetTempPath(), "flowforge-ingest");

    /// <summary>A file that is read in place and has so many bytes is hashed while it is read, where the hash cannot decide whether it is read.</summary>
    internal long LateHashBytes { get; init; } = 4 << 20;

    /// <summary>For tests that lose rows.</summary>
    internal RowTaps Taps { get; init; } = new();
}

/// <summary>What becomes of the SQL of a run's rows between two steps: where tests lose rows, to see that it is told.</summary>
internal sealed record RowTaps
{
    /// <summary>FROM of the rows, between reading and filtering.</summary>
    public Func<string, string> Read { get; init; } = static from => from;

    /// <summary>A SELECT of the rows, between the choice of twins and writing.</summary>
    public Func<string, string> Chosen { get; init; } = static select => select;
}
