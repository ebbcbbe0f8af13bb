using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace FlowForge.Temporal.Protocol.Server;

/// <summary>
/// Answers unary gRPC calls on Kestrel. Use <see cref="HandleAsync"/> as the terminal request delegate of an HTTP/2 listener.
/// Thread-safe: calls run concurrently.
/// </summary>
public sealed class GrpcEndpoint(GrpcServiceRoutes routes, GrpcEndpointOptions options)
{
    public async Task HandleAsync(HttpContext http)
    {
        var started = Stopwatch.GetTimestamp();
        var path = http.Request.Path.Value is { Length: > 1 } p ? p[1..] : "";
        if (!http.Request.ContentType.AsSpan().StartsWith(GrpcFrame.ContentType, StringComparison.OrdinalIgnoreCase))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }
        var status = GrpcCode.Ok;
        var deadline = GrpcTimeout.Parse(http.Request.Headers[GrpcTimeout.Header]);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, options.Stopping);
        if (deadline is { } limit)
        {
            cancel.CancelAfter(limit);
        }
        var call = new GrpcCall(http, path, deadline is { } d ? DateTimeOffset.UtcNow + d : null, cancel.Token);
        try
        {
            http.Response.ContentType = GrpcFrame.ContentType;
            http.Response.Headers["grpc-accept-encoding"] = "identity,gzip";
            var method = routes.Find(path) ?? throw Unknown(path);
            options.Authorize?.Invoke(call);
            var request = await ReadAsync(http, method);
            var response = await method.Handler(request, call);
            GrpcFrame.Write(http.Response.BodyWriter, response);
            http.Response.AppendTrailer(GrpcStatus.StatusHeader, "0");
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        }
        catch (Exception e)
        {
            var error = Translate(e, call, http);
            status = error.Code;
            if (!http.RequestAborted.IsCancellationRequested)
            {
                WriteStatus(http, error);
            }
            if (error.Code == GrpcCode.Internal)
            {
                options.Failed?.Invoke(call, e);
            }
        }
        finally
        {
            options.Completed?.Invoke(call, status, Stopwatch.GetElapsedTime(started));
        }
    }

    private GrpcException Unknown(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash > 0 && routes.HasService(path[..slash])
            ? new GrpcException(GrpcCode.Unimplemented, $"method {path[(slash + 1)..]} of {path[..slash]} is not implemented by this server")
            : new GrpcException(GrpcCode.Unimplemented, $"unknown service or method {path}");
    }

    private async Task<IMessage> ReadAsync(HttpContext http, GrpcMethod method)
    {
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            var buffer = read.Buffer;
            if (GrpcFrame.TryRead(ref buffer, options.MaxRequestBytes, out var compressed, out var payload))
            {
                var message = Parse(http, method, compressed, payload);
                if (!buffer.IsEmpty)
                {
                    throw new GrpcException(GrpcCode.Internal, "grpc: a unary request carries more than one message");
                }
                reader.AdvanceTo(buffer.Start, buffer.End);
                return message;
            }
            if (read.IsCompleted)
            {
                throw new GrpcException(GrpcCode.Internal, buffer.IsEmpty
                    ? "grpc: the request ended without a message"
                    : "grpc: the request ended in the middle of a message");
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private IMessage Parse(HttpContext http, GrpcMethod method, bool compressed, ReadOnlySequence<byte> payload)
    {
        try
        {
            if (!compressed)
            {
                return method.Parser.ParseFrom(payload);
            }
            var encoding = http.Request.Headers["grpc-encoding"].ToString();
            if (encoding != "gzip")
            {
                throw new GrpcException(GrpcCode.Unimplemented, $"grpc: Decompressor is not installed for grpc-encoding \"{encoding}\"");
            }
            return method.Parser.ParseFrom(GrpcFrame.Gunzip(payload, options.MaxRequestBytes));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GrpcException(GrpcCode.Internal, $"grpc: error unmarshalling request: {e.Message}", [], e);
        }
    }

    private GrpcException Translate(Exception e, GrpcCall call, HttpContext http) => e switch
    {
        GrpcException known => known,
        OperationCanceledException when http.RequestAborted.IsCancellationRequested => new(GrpcCode.Cancelled, "the caller cancelled the call"),
        OperationCanceledException when options.Stopping.IsCancellationRequested => new(GrpcCode.Unavailable, "the server is shutting down"),
        OperationCanceledException when call.Cancellation.IsCancellationRequested => new(GrpcCode.DeadlineExceeded, "context deadline exceeded"),
        ConnectionResetException or ConnectionAbortedException or BadHttpRequestException or IOException => new(GrpcCode.Cancelled, e.Message),
        _ => new(GrpcCode.Internal, $"{e.GetType().Name}: {e.Message}", [], e),
    };

    private static void WriteStatus(HttpContext http, GrpcException error)
    {
        // Nothing has been written yet when a handler fails, so the status may go into the headers as "trailers only".
        var message = error.Message.Length > 4000 ? error.Message[..4000] : error.Message;
        var target = http.Response.HasStarted
            ? http.Features.Get<IHttpResponseTrailersFeature>()?.Trailers
            : http.Response.Headers;
        if (target is null)
        {
            return;
        }
        target[GrpcStatus.StatusHeader] = ((int)error.Code).ToString(System.Globalization.CultureInfo.InvariantCulture);
        target[GrpcStatus.MessageHeader] = GrpcStatus.EncodeMessage(message);
        if (error.Details.Count > 0)
        {
            target[GrpcStatus.DetailsHeader] = GrpcStatus.EncodeDetails(error.Code, error.Message, error.Details);
        }
    }
}
