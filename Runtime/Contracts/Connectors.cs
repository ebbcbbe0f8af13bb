using System.Text.Json;

namespace FlowForge.Contracts;

/// <summary>A connector that was found in the plugins folder.</summary>
public sealed record ConnectorEntry
{
    /// <summary><c>file</c>; usable as a <c>source_type</c>.</summary>
    public required string Name { get; init; }
    public required string Title { get; init; }
    public string? Description { get; init; }
    public string? Version { get; init; }
    /// <summary>All versions that are here, the highest first; a connection may ask for one as <c>name@version</c>.</summary>
    public IReadOnlyList<string> Versions { get; init; } = [];
    /// <summary>Other names of it: the seeds' <c>file_local</c>, <c>file_upload</c>.</summary>
    public IReadOnlyList<string> SourceTypes { get; init; } = [];
    /// <summary>What it can do: <c>file_source reader_source record_source batch_source sink file_sink test_connection discover preview watch resume after_commit report_health</c>.</summary>
    public IReadOnlyList<string> Abilities { get; init; } = [];
    /// <summary>Whether a connection's rate limit has anything to space; where not, none is taken.</summary>
    public bool SendsRequests { get; init; } = true;
    /// <summary>JSON Schema of its settings.</summary>
    public JsonElement? Settings { get; init; }
    /// <summary>The same settings as fields of a form, in the order of the spec.</summary>
    public IReadOnlyList<ConnectorField> Fields { get; init; } = [];
    /// <summary>Set when it could not be loaded: what is wrong and what to do.</summary>
    public string? Error { get; init; }
}

/// <summary>A format of files that a plugin reads, beside csv, json, ndjson and parquet.</summary>
public sealed record FormatEntry
{
    /// <summary><c>avro</c>; what a job writes as <c>format</c>.</summary>
    public required string Name { get; init; }
    public required string Title { get; init; }
    public string? Description { get; init; }
    public string? Version { get; init; }
    /// <summary>Endings of file names that mean it, without the dot.</summary>
    public IReadOnlyList<string> Endings { get; init; } = [];
    /// <summary>JSON Schema of the settings that it takes from a job's <c>config</c>, beside the connector's.</summary>
    public JsonElement? Settings { get; init; }
    /// <summary>The same settings as fields of a form.</summary>
    public IReadOnlyList<ConnectorField> Fields { get; init; } = [];
}

/// <summary>Kind of a setting's value.</summary>
public enum FieldKind { Text, Boolean, Integer, Number, Time, Duration, Address, Choice, Secret, List, Map, Group }

/// <summary>One setting of a connector, as a form shows it.</summary>
public sealed record ConnectorField
{
    /// <summary>As in YAML.</summary>
    public required string Name { get; init; }
    public required string Title { get; init; }
    public string? Description { get; init; }
    public required FieldKind Kind { get; init; }
    /// <summary>What a list or a map holds.</summary>
    public FieldKind? Element { get; init; }
    public bool Required { get; init; }
    /// <summary>True: it belongs to the connection; false: it says what a job reads.</summary>
    public bool OfConnection { get; init; }
    public JsonElement? Default { get; init; }
    /// <summary>Bounds of a number, or of the length of a text or list.</summary>
    public double? Minimum { get; init; }
    public double? Maximum { get; init; }
    /// <summary>Regular expression that the whole text must match.</summary>
    public string? Pattern { get; init; }
    public string? Example { get; init; }
    public IReadOnlyList<string> Choices { get; init; } = [];
    /// <summary>The fields of a group, or of each item of a list or map of groups.</summary>
    public IReadOnlyList<ConnectorField> Fields { get; init; } = [];
    /// <summary>When it means something; null for always. Given without need, it is ignored.</summary>
    public FieldCondition? When { get; init; }
}

/// <summary>For which values of another field, which stands beside it, a field means something.</summary>
/// <param name="Values">As they are written: <c>true</c> and <c>false</c>, or of its choices.</param>
public sealed record FieldCondition(string Field, IReadOnlyList<string> Values);

/// <summary>A function that a plugin gives to SQL.</summary>
public sealed record SqlFunctionEntry
{
    public required string Name { get; init; }
    /// <summary><c>distance_km(lat1 double, …) → double</c>, types by their Arrow names; a table function gives <c>TABLE (column type, …)</c>.</summary>
    public required string Signature { get; init; }
    public string? Description { get; init; }
    public required string Plugin { get; init; }
    public required string Version { get; init; }
    public bool IsTable { get; init; }
    /// <summary>Gives another value each time: a dataset that calls it is built in every run.</summary>
    public bool IsVolatile { get; init; }
}

/// <summary>What the form of an ingest job asks, beside the settings of its connector.</summary>
/// <param name="Job">Fields of the job, in the order of the docs; those that hold sections (<c>user_schema</c>, <c>checks</c>) are lists with fields.</param>
/// <param name="Csv">What <c>config</c> may say of CSV files.</param>
/// <param name="Files">What <c>config</c> may say of any source: encoding, nested values, drift.</param>
public sealed record JobForm(IReadOnlyList<ConnectorField> Job, IReadOnlyList<ConnectorField> Csv, IReadOnlyList<ConnectorField> Files, IReadOnlyList<ConnectorField> Schedule, IReadOnlyList<ConnectorField> Trigger, IReadOnlyList<CheckForm> Checks);

/// <summary>One kind of check with its fields.</summary>
public sealed record CheckForm(string Kind, IReadOnlyList<ConnectorField> Fields);
