using FlowForge.Catalog;

namespace FlowForge.Orchestration.Care;

/// <summary>Names on the wire. They are in the histories of open work: never change one, add another.</summary>
public static class CareNames
{
    public const string Workflow = "flowforge.table_care";
    public const string WorkActivity = "flowforge.care_for_table";
    public const string FinishActivity = "flowforge.finish_care";
    /// <summary>Where the work itself waits, one piece after another: it must not take the place of pipelines' jobs.</summary>
    public const string TaskQueue = "flowforge-table-care";
    public const string WorkId = "work";
    public const string FinishId = "finish";

    public static string WorkflowId(string careId) => "care/" + careId;
}

/// <summary>Start payload of work on a table; the catalog has what is to be done.</summary>
public sealed record CareInput(string CareId);

/// <param name="State">How it ended.</param>
/// <param name="Error">Why, when it failed.</param>
public sealed record FinishCareInput(string CareId, RunState State, RunError? Error);

/// <summary>How far the work is.</summary>
/// <param name="Phase">What it does now, in a word or two.</param>
/// <param name="Total">0 while it is not known.</param>
public readonly record struct CareProgress(string Phase, long Done, long Total);

/// <summary>Does the work on tables. The host has it, for it knows the engine and the requests.</summary>
public interface ICareWork
{
    /// <summary>The table's newest version; null when there is no table.</summary>
    long? VersionOf(string table);

    /// <summary>
    /// Does what the record asks for, or finds that an earlier attempt has done it (<see cref="TableCareRecord.Attempts"/> beyond 1). Blocks until it is done; the engine is interrupted on cancellation.
    /// </summary>
    /// <param name="care">As it stands at the beginning of this attempt.</param>
    /// <param name="progress">Told on any thread, as often as there is news.</param>
    /// <param name="found">Takes the result that is known before the work begins.</param>
    /// <param name="ct">Stops it.</param>
    /// <returns>The result as JSON.</returns>
    /// <exception cref="CareFailedException">It cannot be done.</exception>
    string Do(TableCareRecord care, Action<CareProgress> progress, Action<string> found, CancellationToken ct);
}

/// <summary>Work on a table that cannot be done; the table stays as it is.</summary>
/// <param name="passing">True when another attempt may do it.</param>
public sealed class CareFailedException(string code, string message, string? suggestion = null, bool passing = false, Exception? inner = null) : Exception(message, inner)
{
    public string Code => code;
    public string? Suggestion => suggestion;
    public bool Passing => passing;
    public RunError Error => new(code, Message, suggestion);
}
