using System.Diagnostics;
using FlowForge.Temporal.Protocol;
using Google.Protobuf;

namespace FlowForge.Temporal.Worker;

/// <summary>
/// The calls of <c>temporal.api.workflowservice.v1.WorkflowService</c> in their own messages, with retries. For what <see cref="TemporalClient"/>
/// does not wrap. Thread-safe. Payloads are not touched by the codec here.
/// </summary>
public sealed class WorkflowService
{
    private const string Prefix = "temporal.api.workflowservice.v1.WorkflowService/";
    private const string RequestSuffix = "Request";
    private readonly GrpcTransport _transport;
    private readonly TemporalOptions _options;

    internal WorkflowService(GrpcTransport transport, TemporalOptions options)
    {
        _transport = transport;
        _options = options;
    }

    /// <summary>Sends <paramref name="request"/> to the method that its type names: a <c>FooRequest</c> to <c>Foo</c>, answered by <c>FooResponse</c>.</summary>
    /// <exception cref="GrpcException">The status that the last try ended with.</exception>
    public async Task<TResponse> CallAsync<TResponse>(IMessage request, CancellationToken cancellation, CallPolicy? policy = null)
        where TResponse : IMessage<TResponse>, new()
    {
        ArgumentNullException.ThrowIfNull(request);
        var method = Prefix + MethodOf(request, Parsers<TResponse>.Name);
        var retryFor = policy?.RetryFor ?? _options.RetryFor;
        var backOff = new BackOff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2));
        var patient = retryFor == Timeout.InfiniteTimeSpan;
        var hiccups = 0;
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await _transport.CallAsync(method, request, Parsers<TResponse>.Parser, policy?.Timeout ?? _options.CallTimeout, cancellation).ConfigureAwait(false);
            }
            catch (GrpcException e) when ((patient || Stopwatch.GetElapsedTime(started) < retryFor) && IsWorthRepeating(e, patient, ref hiccups))
            {
                await Task.Delay(backOff.Next(), cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>INTERNAL and UNKNOWN may be a hiccup or a bug: a few tries, not a storm.</summary>
    private static bool IsWorthRepeating(GrpcException e, bool patient, ref int hiccups) => e.Code switch
    {
        GrpcCode.ResourceExhausted => !IsTooLarge(e),
        GrpcCode.Unavailable or GrpcCode.Aborted => true,
        // Who waits for a run waits through silence, too; anyone else has been told how long to wait.
        GrpcCode.DeadlineExceeded => patient,
        GrpcCode.Internal or GrpcCode.Unknown or GrpcCode.DataLoss => hiccups++ < 3,
        _ => false,
    };

    /// <summary>RESOURCE_EXHAUSTED means "slow down", except for a message over the size limit, which will be too large next time as well.</summary>
    internal static bool IsTooLarge(GrpcException e) => e.Code == GrpcCode.ResourceExhausted && e.Message.Contains("larger than", StringComparison.Ordinal);

    private static string MethodOf(IMessage request, string response)
    {
        var name = request.Descriptor.Name;
        var method = name.EndsWith(RequestSuffix, StringComparison.Ordinal) ? name[..^RequestSuffix.Length] : name;
        return response == method + "Response"
            ? method
            : throw new ArgumentException($"{name} is answered by {method}Response, not by {response}.", nameof(request));
    }

    private static class Parsers<T> where T : IMessage<T>, new()
    {
        public static readonly MessageParser<T> Parser = new(() => new T());

        public static readonly string Name = new T().Descriptor.Name;
    }
}
