using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>Where a connector's code runs.</summary>
public enum Isolation
{
    /// <summary>In the runtime's process, in a load context of its own: quick, no security boundary.</summary>
    None,

    /// <summary>In a host process of its own: a crash ends that process and the job, nothing else.</summary>
    Process,
}

/// <summary>A connection: a connector with the settings that many jobs share, under a name.</summary>
public sealed record ConnectionDefinition
{
    public required string Name { get; init; }

    /// <summary>The connector's own name, not an alias of it.</summary>
    public required string Connector { get; init; }

    public string? Description { get; init; }

    /// <summary>As written: secrets are references such as <c>${secret:shop_password}</c>.</summary>
    public JsonObject Settings { get; init; } = [];

    /// <summary>Uses of the system are spaced so that there are no more than this; null for as many as come.</summary>
    public RateLimit? RateLimit { get; init; }

    public Isolation Isolation { get; init; }

    /// <summary>1-based line of its name, when it comes from a file.</summary>
    public int? Line { get; init; }
}

/// <summary>So many uses in so long a time.</summary>
public sealed record RateLimit(int Count, TimeSpan Per)
{
    /// <summary>Reads <c>10/s</c>, <c>600/m</c> or <c>5000/h</c>; false when the text is none.</summary>
    public static bool TryParse(string? text, out RateLimit limit)
    {
        limit = new RateLimit(0, default);
        if (text?.Split('/') is not [var count, var unit] || !int.TryParse(count.Trim(), System.Globalization.CultureInfo.InvariantCulture, out var number) || number < 1) return false;
        var per = unit.Trim() switch { "s" => TimeSpan.FromSeconds(1), "m" => TimeSpan.FromMinutes(1), "h" => TimeSpan.FromHours(1), _ => default };
        if (per == default) return false;
        limit = new RateLimit(number, per);
        return true;
    }

    /// <summary>As it is written.</summary>
    public override string ToString() => $"{Count}/{(Per.TotalSeconds < 2 ? "s" : Per.TotalMinutes < 2 ? "m" : "h")}";
}
