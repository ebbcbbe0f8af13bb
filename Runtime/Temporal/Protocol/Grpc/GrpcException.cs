using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace FlowForge.Temporal.Protocol;

/// <summary>
/// A call that ended with a status other than OK. A server handler throws it to answer with that status; the client throws
/// it when a server answered so. <see cref="Details"/> carries the typed details of <c>grpc-status-details-bin</c>.
/// </summary>
public sealed class GrpcException : Exception
{
    public GrpcException(GrpcCode code, string message, params IMessage[] details)
        : this(code, message, [.. details.Select(d => Any.Pack(d))], inner: null)
    {
    }

    public GrpcException(GrpcCode code, string message, IReadOnlyList<Any> details, Exception? inner)
        : base(message, inner)
    {
        Code = code;
        Details = details;
    }

    /// <summary>The status code; never <see cref="GrpcCode.Ok"/>.</summary>
    public GrpcCode Code { get; }

    /// <summary>The packed details in the order sent; empty when the peer sent none.</summary>
    public IReadOnlyList<Any> Details { get; }

    /// <summary>The first detail of type <typeparamref name="T"/>, or null when there is none.</summary>
    public T? Detail<T>() where T : class, IMessage<T>, new()
    {
        foreach (var any in Details)
        {
            if (any.TryUnpack<T>(out var message))
            {
                return message;
            }
        }
        return null;
    }
}
