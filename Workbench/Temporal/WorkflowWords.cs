using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Workbench.Temporal;

/// <summary>How the pages write what Temporal tells.</summary>
internal static class WorkflowWords
{
    private static readonly JsonSerializerOptions Indented = new(ContractsJson.Options) { WriteIndented = true };

    /// <summary><c>Timed out</c>.</summary>
    public static string Of(WorkflowState state)
    {
        var words = JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString()).Replace('_', ' ');
        return char.ToUpperInvariant(words[0]) + words[1..];
    }

    /// <summary><c>Activity task scheduled</c>.</summary>
    public static string Of(string eventType)
    {
        var words = JsonNamingPolicy.SnakeCaseLower.ConvertName(eventType).Replace('_', ' ');
        return char.ToUpperInvariant(words[0]) + words[1..];
    }

    public static string Json(JsonElement value) => JsonSerializer.Serialize(value, Indented);

    /// <summary>On one line, for tables.</summary>
    public static string Short(JsonElement value) => JsonSerializer.Serialize(value, ContractsJson.Options);

    /// <summary>Colour of an event: what went wrong, what went well, the rest.</summary>
    public static string Tone(string eventType) => eventType switch
    {
        _ when eventType.EndsWith("Failed", StringComparison.Ordinal) || eventType.EndsWith("TimedOut", StringComparison.Ordinal) || eventType.EndsWith("Terminated", StringComparison.Ordinal) => "bad",
        "WorkflowExecutionCompleted" or "ActivityTaskCompleted" or "ChildWorkflowExecutionCompleted" => "good",
        _ when eventType.StartsWith("WorkflowTask", StringComparison.Ordinal) => "faint",
        _ => "",
    };

    /// <summary>JSON that a person typed; empty means none. False with the reason and its place.</summary>
    public static bool TryRead(string text, out JsonElement? value, out string? wrong)
    {
        (value, wrong) = (null, null);
        if (string.IsNullOrWhiteSpace(text))
            return true;
        try
        {
            value = JsonSerializer.Deserialize<JsonElement>(text);
            return true;
        }
        catch (JsonException e)
        {
            wrong = $"This is no JSON: line {e.LineNumber + 1}, character {e.BytePositionInLine + 1}. Text needs quotes: \"text\".";
            return false;
        }
    }
}
