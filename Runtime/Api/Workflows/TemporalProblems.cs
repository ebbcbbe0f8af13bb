using System.Globalization;
using System.Text.RegularExpressions;
using FlowForge.Api.Problems;
using FlowForge.Contracts;
using FlowForge.Temporal.Protocol;
using FlowForge.Temporal.Worker;

namespace FlowForge.Api.Workflows;

/// <summary>What Temporal refuses, as problems.</summary>
internal static partial class TemporalProblems
{
    /// <summary>Null for what is no refusal.</summary>
    public static ProblemException? Describe(Exception error, string address) => error switch
    {
        GrpcException { Code: GrpcCode.Unavailable or GrpcCode.DeadlineExceeded } e => Away(address, e.Message),
        OperationCanceledException or TimeoutException => Away(address, "no answer in time"),
        WorkflowNotFoundException e when e.InnerException is GrpcException { Message: var m } && m.Contains("already completed", StringComparison.OrdinalIgnoreCase) =>
            new ProblemException(409, "FF4102", "Not possible now", $"Workflow '{e.WorkflowId}' is closed already.", "Look at it again; a closed run takes no signals."),
        WorkflowNotFoundException e => ProblemException.NotFound("FF4101", $"There is no workflow '{e.WorkflowId}'.", "It may have been deleted after the namespace's retention."),
        WorkflowQueryFailedException e => new ProblemException(409, "FF4103", "No answer to the query", e.Message, "A worker of this workflow's task queue must be running and know the query."),
        ScheduleNotFoundException e => ProblemException.NotFound("FF4104", e.Message),
        InvalidOperationException e when e.Message.Contains("namespace", StringComparison.Ordinal) => ProblemException.NotFound("FF4105", e.Message),
        GrpcException { Code: GrpcCode.InvalidArgument } e when e.Message.StartsWith("invalid query", StringComparison.OrdinalIgnoreCase) => Query(e.Message),
        GrpcException { Code: GrpcCode.InvalidArgument } e => ProblemException.Bad("FF4106", $"Temporal refuses this: {e.Message}"),
        GrpcException { Code: GrpcCode.NotFound } e => ProblemException.NotFound("FF4101", e.Message),
        GrpcException { Code: GrpcCode.FailedPrecondition } e => new ProblemException(409, "FF4102", "Not possible now", e.Message),
        GrpcException { Code: GrpcCode.PermissionDenied or GrpcCode.Unauthenticated } e =>
            new ProblemException(502, "FF4107", "Temporal does not allow it", e.Message, "Look at Temporal:ApiKey and the certificates in the runtime's settings."),
        GrpcException e => new ProblemException(502, "FF4108", "Temporal failed", $"The Temporal server at {address} answered {e.Code}: {e.Message}"),
        _ => null
    };

    /// <summary>The finding carries the column where the server tells a position.</summary>
    private static ProblemException Query(string message)
    {
        int? column = Position().Match(message) is { Success: true } at ? int.Parse(at.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;
        const string Suggestion = "Write like WorkflowType = 'flowforge.pipeline' AND ExecutionStatus = 'Failed' AND StartTime > '2026-01-31T00:00:00Z'.";
        return new ProblemException(400, "FF4100", "Query not understood", Capital(message), Suggestion,
            [new DiagnosticEntry(DiagnosticLevel.Error, "FF4100", Capital(message), "query", 1, column, Suggestion)]);
    }

    private static ProblemException Away(string address, string why) =>
        new(503, "FF4109", "Temporal does not answer", $"The Temporal server at {address} does not answer: {why}.", "Runs wait until it is back; nothing is lost.");

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..] + (text.EndsWith('.') ? "" : ".");

    [GeneratedRegex(@"at position (\d{1,6})\b")]
    private static partial Regex Position();
}
