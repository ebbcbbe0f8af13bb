using System.IO.Compression;
using Google.Protobuf;
using Temporalio.Api.Common.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Compresses payloads from <paramref name="minimumBytes"/> on, when that makes them smaller. Encoding <c>binary/gzip</c>.</summary>
public sealed class GzipPayloadCodec(int minimumBytes = 1024) : IPayloadCodec
{
    private const string Encoding = "binary/gzip";

    // The server refuses payloads over 2 MB; what inflates beyond this is no payload but an attack.
    private const int MaximumInflated = 64 * 1024 * 1024;

    public ValueTask<Payload> EncodeAsync(Payload payload, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(payload);
        if (payload.Data.Length < minimumBytes)
        {
            return new(payload);
        }
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true))
        {
            payload.WriteTo(gzip);
        }
        var packed = new Payload
        {
            Data = ByteString.CopyFrom(output.GetBuffer().AsSpan(0, (int)output.Length)),
            Metadata = { { PayloadConverter.EncodingKey, ByteString.CopyFromUtf8(Encoding) } },
        };
        return new(packed.CalculateSize() < payload.CalculateSize() ? packed : payload);
    }

    public ValueTask<Payload> DecodeAsync(Payload payload, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(payload);
        if (!payload.Metadata.TryGetValue(PayloadConverter.EncodingKey, out var encoding) || encoding.ToStringUtf8() != Encoding)
        {
            return new(payload);
        }
        using var gzip = new GZipStream(new MemoryStream(payload.Data.ToByteArray()), CompressionMode.Decompress);
        using var output = new MemoryStream();
        var chunk = new byte[32 * 1024];
        int read;
        while ((read = gzip.Read(chunk)) > 0)
        {
            if (output.Length + read > MaximumInflated)
            {
                throw new PayloadException($"A payload of {payload.Data.Length} bytes inflates to more than {MaximumInflated} bytes.");
            }
            output.Write(chunk, 0, read);
        }
        return new(Payload.Parser.ParseFrom(output.GetBuffer(), 0, (int)output.Length));
    }
}
