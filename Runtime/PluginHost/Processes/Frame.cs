using System.Text.Json;

namespace FlowForge.PluginHost.Processes;

/// <summary>What a frame between the runtime and a plugin's host process says.</summary>
internal enum FrameKind : byte
{
    // To the host.
    /// <summary>Do something; the header says what.</summary>
    Call,
    /// <summary>One more item may come (of a call that gives items).</summary>
    Next,
    /// <summary>An item of a call that takes items.</summary>
    Push,
    /// <summary>No more items will be pushed.</summary>
    PushEnd,
    /// <summary>Give the call up.</summary>
    Cancel,
    /// <summary>The connector may send its request.</summary>
    Paced,
    /// <summary>Answers <see cref="Renew"/>; the header is a <see cref="RenewalAnswer"/>.</summary>
    Renewed,

    // From the host.
    /// <summary>One item.</summary>
    Item,
    /// <summary>One more item may be pushed.</summary>
    Want,
    /// <summary>The call is done; the header has its answer.</summary>
    Done,
    /// <summary>The call failed; the header is a <see cref="RemoteError"/>.</summary>
    Failed,
    /// <summary>A line for the run's log; belongs to no call.</summary>
    Log,
    /// <summary>The connector wants to send a request; the number is the question's.</summary>
    Pace,
    /// <summary>The connector holds, keeps or lets go a secret that its system replaces; the number is the hold's, the header a <see cref="RenewalAsk"/>.</summary>
    Renew,
}

/// <summary>One message: a header in JSON and bytes beside it.</summary>
internal readonly record struct Frame(FrameKind Kind, int Call, ReadOnlyMemory<byte> Header, ReadOnlyMemory<byte> Body)
{
    public T Read<T>() => JsonSerializer.Deserialize<T>(Header.Span, HostJson.Options)!;
}

/// <summary>How headers are written.</summary>
internal static class HostJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.General) { IncludeFields = false };
}

/// <summary>A call's header.</summary>
internal sealed record CallHeader(string Method, JsonElement? Argument);

/// <summary>A failure as it crosses the border.</summary>
/// <param name="Kind"><c>terminal transient settings cancelled io timeout plugin other</c>.</param>
internal sealed record RemoteError(string Kind, string Message, string? Suggestion, double? RetryAfterSeconds, string? Type);

/// <summary>A line of the log.</summary>
internal sealed record RemoteLine(int Level, string Message);

/// <summary>What a connector is opened with.</summary>
internal sealed record OpenArguments(string PluginFolder, string Connector, string Settings, string[] OtherSettings, Dictionary<string, string> Secrets, string BaseDirectory, string[] AllowedRoots, bool WithoutJob, string? Job);

/// <summary>A listed file; its content is opened by number.</summary>
internal sealed record RemoteFile(int Number, string Path, long? Size, DateTimeOffset? Modified, string? ETag, string? LocalPath);

/// <summary>A page of records; the records are the frame's body.</summary>
internal sealed record RemotePage(int Count, string? Cursor);

/// <summary>What a sink is asked to write.</summary>
internal sealed record RemoteWrite(string Table, string Key, bool Replace, string Writer, string? After, IReadOnlyList<string> Keys);

/// <summary>What may be done now that the rows are safe.</summary>
internal sealed record RemoteCommit(string[] Files, string? Cursor);

/// <summary>What is done with a secret that is renewed.</summary>
internal enum RenewalStep { Hold, Keep, Release }

/// <param name="Value">The given secret to hold, or the renewed one to keep.</param>
internal sealed record RenewalAsk(RenewalStep Step, string? Value);

/// <param name="Value">Of a hold: the newest.</param>
internal sealed record RenewalAnswer(string? Value, string? Error);
