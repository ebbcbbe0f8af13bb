using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace FlowForge.Temporal.Protocol;

/// <summary>Reads one unary answer: its message, and its status from the trailers, or from the headers when there is no body.</summary>
internal static class GrpcResponse
{
    public static async Task<TResponse> ReadAsync<TResponse>(
        HttpResponseMessage response, MessageParser<TResponse> parser, int maxBytes, CancellationToken cancellation)
        where TResponse : IMessage<TResponse>
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw NotGrpc(response);
        }
        // "Trailers-only": the status is in the headers and nothing follows.
        if (response.Headers.Contains(GrpcStatus.StatusHeader))
        {
            ThrowUnlessOk(response.Headers);
        }
        var (message, compressed) = await ReadFrameAsync(response, maxBytes, cancellation).ConfigureAwait(false);
        if (response.TrailingHeaders.Contains(GrpcStatus.StatusHeader))
        {
            ThrowUnlessOk(response.TrailingHeaders);
        }
        else if (!response.Headers.Contains(GrpcStatus.StatusHeader))
        {
            throw new GrpcException(GrpcCode.Internal, "grpc: the answer carries no grpc-status, neither in trailers nor in headers");
        }
        if (message is null)
        {
            throw new GrpcException(GrpcCode.Internal, "grpc: the answer has status OK but no message");
        }
        try
        {
            return compressed ? parser.ParseFrom(GrpcFrame.Gunzip(message.Value, maxBytes)) : parser.ParseFrom(message.Value);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GrpcException(GrpcCode.Internal, $"grpc: the answer is not a {typeof(TResponse).Name}: {e.Message}", [], e);
        }
    }

    private static async Task<(ReadOnlySequence<byte>? Message, bool Compressed)> ReadFrameAsync(
        HttpResponseMessage response, int maxBytes, CancellationToken cancellation)
    {
        // Read to the end: only then are the trailers known.
        using var body = new MemoryStream();
        await using (var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false))
        {
            var chunk = ArrayPool<byte>.Shared.Rent(32 * 1024);
            try
            {
                int read;
                while ((read = await stream.ReadAsync(chunk, cancellation).ConfigureAwait(false)) > 0)
                {
                    if (body.Length + read > (long)maxBytes + GrpcFrame.PrefixLength)
                    {
                        throw new GrpcException(GrpcCode.ResourceExhausted, $"grpc: the answer is larger than {maxBytes} bytes");
                    }
                    body.Write(chunk, 0, read);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(chunk);
            }
        }
        if (body.Length == 0)
        {
            return (null, false);
        }
        var buffer = new ReadOnlySequence<byte>(body.GetBuffer().AsMemory(0, (int)body.Length));
        if (!GrpcFrame.TryRead(ref buffer, maxBytes, out var compressed, out var payload))
        {
            throw new GrpcException(GrpcCode.Internal, "grpc: the answer ends inside a message");
        }
        return buffer.IsEmpty
            ? (payload, compressed)
            : throw new GrpcException(GrpcCode.Internal, "grpc: a unary call was answered with more than one message");
    }

    private static void ThrowUnlessOk(HttpResponseHeaders headers)
    {
        if (GrpcStatus.Read(Value(GrpcStatus.StatusHeader), Value(GrpcStatus.MessageHeader), Value(GrpcStatus.DetailsHeader)) is { } error)
        {
            throw error;
        }

        string? Value(string name) => headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
    }

    /// <summary>A proxy or a wrong port answered; the mapping is the one of the gRPC specification.</summary>
    private static GrpcException NotGrpc(HttpResponseMessage response)
    {
        var code = (int)response.StatusCode switch
        {
            400 => GrpcCode.Internal,
            401 => GrpcCode.Unauthenticated,
            403 => GrpcCode.PermissionDenied,
            404 => GrpcCode.Unimplemented,
            429 or 502 or 503 or 504 => GrpcCode.Unavailable,
            _ => GrpcCode.Unknown,
        };
        return new GrpcException(code, $"{response.RequestMessage?.RequestUri} answered HTTP {(int)response.StatusCode}, not gRPC: is a Temporal server there?");
    }
}
