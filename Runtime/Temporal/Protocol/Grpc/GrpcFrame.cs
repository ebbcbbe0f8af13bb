using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Google.Protobuf;

namespace FlowForge.Temporal.Protocol;

/// <summary>The length-prefixed message of gRPC: one byte "compressed", four bytes big-endian length, the payload.</summary>
public static class GrpcFrame
{
    public const int PrefixLength = 5;
    public const string ContentType = "application/grpc";

    /// <summary>Writes one uncompressed frame. The prefix and message are written in one piece.</summary>
    public static void Write(IBufferWriter<byte> output, IMessage message)
    {
        var size = message.CalculateSize();
        var span = output.GetSpan(size + PrefixLength);
        span[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(span[1..], (uint)size);
        message.WriteTo(span.Slice(PrefixLength, size));
        output.Advance(size + PrefixLength);
    }

    /// <summary>One uncompressed frame as an array, for a request body.</summary>
    public static byte[] ToArray(IMessage message)
    {
        var size = message.CalculateSize();
        var bytes = new byte[size + PrefixLength];
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(1), (uint)size);
        message.WriteTo(bytes.AsSpan(PrefixLength, size));
        return bytes;
    }

    /// <summary>
    /// Takes one frame from the front of <paramref name="buffer"/> and moves it past that frame; false when it is not yet complete.
    /// </summary>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED when the frame is longer than <paramref name="maxLength"/> bytes.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, int maxLength, out bool compressed, out ReadOnlySequence<byte> payload)
    {
        compressed = false;
        payload = default;
        if (buffer.Length < PrefixLength)
        {
            return false;
        }
        Span<byte> prefix = stackalloc byte[PrefixLength];
        buffer.Slice(0, PrefixLength).CopyTo(prefix);
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (length > maxLength)
        {
            throw new GrpcException(GrpcCode.ResourceExhausted, $"grpc: received message larger than max ({length} vs. {maxLength})");
        }
        if (buffer.Length < PrefixLength + length)
        {
            return false;
        }
        compressed = prefix[0] == 1;
        if (prefix[0] > 1)
        {
            throw new GrpcException(GrpcCode.Internal, $"grpc: the compressed flag of a message is {prefix[0]}, not 0 or 1");
        }
        payload = buffer.Slice(PrefixLength, length);
        buffer = buffer.Slice(PrefixLength + length);
        return true;
    }

    /// <summary>Inflates a gzip payload, refusing more than <paramref name="maxLength"/> bytes of output.</summary>
    public static byte[] Gunzip(ReadOnlySequence<byte> payload, int maxLength)
    {
        using var input = new MemoryStream(payload.ToArray(), writable: false);
        using var gzip = new GZipStream(input, CompressionMode.Decompress);
        using var output = new MemoryStream();
        var chunk = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int read;
            while ((read = gzip.Read(chunk)) > 0)
            {
                if (output.Length + read > maxLength)
                {
                    throw new GrpcException(GrpcCode.ResourceExhausted, $"grpc: received message after decompression larger than max ({maxLength})");
                }
                output.Write(chunk, 0, read);
            }
        }
        catch (InvalidDataException e)
        {
            throw new GrpcException(GrpcCode.Internal, $"grpc: failed to decompress the received message: {e.Message}", [], e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
        return output.ToArray();
    }
}
