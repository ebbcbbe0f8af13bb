using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.History;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;
using FlowForge.Temporal.Protocol.Server;
using Temporalio.Api.ErrorDetails.V1;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>What handlers share: finding the run a request means, reading tokens, and the limits on sizes.</summary>
internal static class Requests
{
    /// <summary>The run that a request names. Executor only.</summary>
    /// <exception cref="GrpcException">NOT_FOUND or INVALID_ARGUMENT.</exception>
    public static Execution Require(this ServerState server, NamespaceEntry ns, WorkflowExecution? id)
    {
        CheckExecution(id);
        return server.Executions.Find(ns.Id, id!.WorkflowId, id.RunId)
            ?? throw NotFound(id.RunId.Length > 0
                ? $"workflow not found for ID: {id.WorkflowId} and run ID: {id.RunId}"
                : $"workflow not found for ID: {id.WorkflowId}");
    }

    /// <summary>As <see cref="Require"/>, and the run must be open (and of that chain, when one is named).</summary>
    public static Execution RequireOpen(this ServerState server, NamespaceEntry ns, WorkflowExecution? id, string firstRunId = "")
    {
        var e = server.Require(ns, id);
        if (firstRunId.Length > 0 && e.Start.FirstExecutionRunId != firstRunId)
        {
            throw NotFound($"workflow not found for ID: {id!.WorkflowId} with first run ID: {firstRunId}");
        }
        return e.IsOpen ? e : throw Closing.AlreadyCompleted();
    }

    public static void CheckExecution(WorkflowExecution? id)
    {
        if (id is not { WorkflowId.Length: > 0 })
        {
            throw new GrpcException(GrpcCode.InvalidArgument, "WorkflowId is not set on request.");
        }
        if (id.RunId.Length > 0 && !Guid.TryParse(id.RunId, out _))
        {
            throw new GrpcException(GrpcCode.InvalidArgument, "Invalid RunId.");
        }
    }

    public static GrpcException NotFound(string message) => new(GrpcCode.NotFound, message, new NotFoundFailure());

    public static GrpcException Invalid(string message) => new(GrpcCode.InvalidArgument, message);

    public static TaskToken ReadToken(ByteString bytes)
    {
        if (bytes.IsEmpty)
        {
            throw Invalid("Task token not set on request.");
        }
        try
        {
            var token = TaskToken.Parser.ParseFrom(bytes);
            if (token.RunId.Length > 0)
            {
                return token;
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // Not one of ours: answered below.
        }
        throw Invalid("Invalid TaskToken.");
    }

    public static void CheckSize(IMessage? blob, string what)
    {
        if (blob is not null && blob.CalculateSize() is var size && size > Limits.BlobBytes)
        {
            throw Invalid($"Blob data size exceeds limit. {what}: {size} bytes, limit {Limits.BlobBytes}");
        }
    }

    public static void CheckLength(string value, string name)
    {
        if (value.Length > Limits.IdLength)
        {
            throw Invalid($"{name} exceeds length limit.");
        }
    }

    /// <summary>How long a call may wait: the server's patience, or what the caller leaves of its deadline.</summary>
    public static TimeSpan Patience(this GrpcCall call, TimeSpan most)
    {
        if (call.Deadline is not { } deadline)
        {
            return most;
        }
        var left = deadline - DateTimeOffset.UtcNow;
        left -= left > TimeSpan.FromSeconds(4) ? TimeSpan.FromSeconds(1) : left / 4;
        return Times.Min(most, left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }
}
