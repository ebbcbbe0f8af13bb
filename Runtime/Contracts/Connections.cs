using System.Text.Json;

namespace FlowForge.Contracts;

/// <summary>Where a connector's code runs: in the runtime, or in a process of its own that may crash alone.</summary>
public enum ConnectorIsolation { None, Process }

/// <summary>Who made a connection: a person in the workbench (or by the API), or a file of the workspace.</summary>
public enum ConnectionOrigin { Workbench, File }

/// <summary>A connection as a list shows it.</summary>
public record ConnectionSummary
{
    public required string Name { get; init; }
    public required string Connector { get; init; }
    /// <summary>Null when the connector is not installed.</summary>
    public string? ConnectorTitle { get; init; }
    public string? Description { get; init; }
    public ConnectionOrigin Origin { get; init; }
    /// <summary>Relative to the workspace, when a file describes it.</summary>
    public string? File { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }
    /// <summary>Why it cannot be used as it is; null when nothing is known against it.</summary>
    public string? Error { get; init; }
    public ConnectionTestResult? LastTest { get; init; }
    /// <summary>The newest run of any job that uses it.</summary>
    public ConnectionSync? LastSync { get; init; }
    public IReadOnlyList<ConnectionUse> UsedBy { get; init; } = [];
}

/// <summary>One connection with its settings.</summary>
public sealed record ConnectionDetail : ConnectionSummary
{
    /// <summary>A secret is shown as the reference that it is, else as <c>***</c>.</summary>
    public required JsonElement Settings { get; init; }
    /// <summary><c>10/s</c>, <c>600/m</c>; null for no limit.</summary>
    public string? RateLimit { get; init; }
    public ConnectorIsolation Isolation { get; init; }
    public IReadOnlyList<ConnectionHealthFact> Health { get; init; } = [];
    /// <summary>What its last uses did to it; null when it was not used since the runtime started.</summary>
    public ConnectionTraffic? Traffic { get; init; }
}

/// <summary>A job that uses a connection.</summary>
/// <param name="Pipeline">Its pipeline.</param>
/// <param name="Job">With its kind: <c>ingest.orders</c>, <c>delivery.partner_sales</c>.</param>
/// <param name="Table">The table that it fills or delivers, with layer; null when it lands files only.</param>
public sealed record ConnectionUse(string Pipeline, string Job, string? Table);

/// <summary>The newest run of a job that uses a connection.</summary>
public sealed record ConnectionSync(string Pipeline, string Job, string Run, RunState State, DateTimeOffset? FinishedAt, long RowsLoaded, string? Error);

/// <summary>A figure that the connector reported.</summary>
public sealed record ConnectionHealthFact(string Name, double Value, string Unit, DateTimeOffset At);

/// <summary>Uses of a connection since the runtime started.</summary>
/// <param name="WaitedSeconds">Time that requests waited for the rate limit.</param>
/// <param name="OpenUntil">Set while the circuit breaker refuses uses after failures in a row.</param>
public sealed record ConnectionTraffic(long Uses, long Failures, double WaitedSeconds, DateTimeOffset? OpenUntil, string? LastError);

/// <summary>Body of <c>PUT /connections/{name}</c>.</summary>
public sealed record PutConnection
{
    public required string Connector { get; init; }
    public string? Description { get; init; }
    /// <summary>A secret given as text is stored encrypted and replaced by a reference; <c>***</c> keeps the one there is.</summary>
    public JsonElement? Settings { get; init; }
    public string? RateLimit { get; init; }
    public ConnectorIsolation Isolation { get; init; }
}

/// <summary>A connection to use: a saved one, one that is not saved yet, or a saved one with changes.</summary>
public record ConnectionChoice
{
    /// <summary>A saved connection; its settings count where <see cref="Settings"/> gives none, and its secrets stand for <c>***</c>.</summary>
    public string? Name { get; init; }
    public string? Connector { get; init; }
    public JsonElement? Settings { get; init; }
    public ConnectorIsolation? Isolation { get; init; }
}

/// <summary>How a test went; always an answer, never an error.</summary>
/// <param name="Message">What was found, or the whole of what is wrong.</param>
public sealed record ConnectionTestResult(bool Passed, string Message, string? Suggestion, double Seconds, DateTimeOffset At)
{
    /// <summary>Settings that are wrong, with the setting's name as path.</summary>
    public IReadOnlyList<DiagnosticEntry> Diagnostics { get; init; } = [];
}

/// <summary>What a connection offers to read.</summary>
/// <param name="Truncated">There is more than was listed.</param>
public sealed record DiscoveredSource(IReadOnlyList<DiscoveredTableEntry> Tables, bool Truncated, double Seconds);

/// <summary>A table, file or resource of a source.</summary>
public sealed record DiscoveredTableEntry(string Name)
{
    public IReadOnlyList<DiscoveredColumnEntry> Columns { get; init; } = [];
    public IReadOnlyList<string> Keys { get; init; } = [];
    public long? Rows { get; init; }
    public long? Bytes { get; init; }
    public DateTimeOffset? Modified { get; init; }
}

/// <summary>A column of a source's table, with the source's name for its type.</summary>
public sealed record DiscoveredColumnEntry(string Name, string Type, bool Nullable);

/// <summary>Body of <c>POST /connections/discover</c>.</summary>
public sealed record DiscoverConnection : ConnectionChoice
{
    /// <summary>Part of the tables' names.</summary>
    public string? Search { get; init; }
    /// <summary>1–5000.</summary>
    public int? Limit { get; init; }
}

/// <summary>Body of <c>POST /connections/preview</c>.</summary>
public sealed record PreviewConnection : ConnectionChoice
{
    /// <summary>One of the discovered tables; null when the settings say what to read.</summary>
    public string? Table { get; init; }
    /// <summary>1–500.</summary>
    public int? Limit { get; init; }
}

/// <summary>Some rows of a source, or the beginning of a file's text.</summary>
public sealed record SourcePreview
{
    public IReadOnlyList<TableColumn> Columns { get; init; } = [];
    /// <summary>As in <see cref="TableRows.Rows"/>.</summary>
    public IReadOnlyList<JsonElement[]> Rows { get; init; } = [];
    /// <summary>For sources of files: the first lines; null for rows.</summary>
    public string? Text { get; init; }
    public double Seconds { get; init; }
}

/// <summary>A stored secret; its value never leaves the runtime.</summary>
public sealed record SecretEntry(string Name, DateTimeOffset UpdatedAt, IReadOnlyList<string> UsedBy);

/// <summary>Body of <c>PUT /secrets/{name}</c>.</summary>
public sealed record PutSecret(string Value);

/// <summary>Answer of <c>POST /secrets/rotate-key</c>.</summary>
/// <param name="Secrets">How many are encrypted with the new key now.</param>
/// <param name="KeyPlace">Where the key is.</param>
public sealed record RotatedKey(int Secrets, string KeyPlace);
