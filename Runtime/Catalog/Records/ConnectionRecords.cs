using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>A connection that was made in the workbench or by the API.</summary>
public sealed record ConnectionRecord(ConnectionDefinition Definition, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>How the last test of a connection went.</summary>
/// <param name="Message">What was found, or what is wrong.</param>
public sealed record ConnectionTest(string Name, bool Passed, string Message, string? Suggestion, DateTimeOffset TestedAt, TimeSpan Took);

/// <summary>A figure that a connector reported of its connection.</summary>
public sealed record ConnectionFact(string Name, string Fact, double Value, string Unit, DateTimeOffset RecordedAt);

/// <summary>The newest run of a job that uses a connection.</summary>
public sealed record LastSync(string Pipeline, string JobId, string RunId, RunState State, DateTimeOffset? FinishedAt, long RowsLoaded, RunError? Error);
