using System.Globalization;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace FlowForge.Temporal.Protocol;

/// <summary>How a status is written into, and read from, the trailers (or headers) of a response.</summary>
public static class GrpcStatus
{
    public const string StatusHeader = "grpc-status";
    public const string MessageHeader = "grpc-message";
    public const string DetailsHeader = "grpc-status-details-bin";

    /// <summary>Percent-encodes everything outside printable ASCII, and '%' itself, as the protocol asks.</summary>
    public static string EncodeMessage(string message)
    {
        var encoded = new StringBuilder(message.Length + 16);
        foreach (var b in Encoding.UTF8.GetBytes(message))
        {
            if (b is >= 0x20 and <= 0x7E and not (byte)'%')
            {
                encoded.Append((char)b);
            }
            else
            {
                encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
            }
        }
        return encoded.ToString();
    }

    /// <summary>Undoes <see cref="EncodeMessage"/>; a broken escape stays as it is.</summary>
    public static string DecodeMessage(string encoded)
    {
        if (!encoded.Contains('%'))
        {
            return encoded;
        }
        var bytes = new List<byte>(encoded.Length);
        for (var i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] == '%' && i + 2 < encoded.Length
                && byte.TryParse(encoded.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var b))
            {
                bytes.Add(b);
                i += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(encoded[i].ToString()));
            }
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>The value of <c>grpc-status-details-bin</c>: unpadded base64 of <c>google.rpc.Status</c>.</summary>
    public static string EncodeDetails(GrpcCode code, string message, IEnumerable<Any> details)
    {
        var status = new Google.Rpc.Status { Code = (int)code, Message = message };
        status.Details.AddRange(details);
        return Convert.ToBase64String(status.ToByteArray()).TrimEnd('=');
    }

    /// <summary>Reads <c>grpc-status-details-bin</c>, padded or not; null when it is not a status.</summary>
    public static Google.Rpc.Status? DecodeDetails(string value)
    {
        try
        {
            var padded = value.TrimEnd('=');
            padded += new string('=', (4 - (padded.Length % 4)) % 4);
            return Google.Rpc.Status.Parser.ParseFrom(Convert.FromBase64String(padded));
        }
        catch (Exception e) when (e is FormatException or InvalidProtocolBufferException)
        {
            return null;
        }
    }

    /// <summary>
    /// The exception for a status read from trailers or headers, or null for OK. <paramref name="code"/> is the text of
    /// <c>grpc-status</c>; what is missing or no number counts as UNKNOWN.
    /// </summary>
    public static GrpcException? Read(string? code, string? message, string? details)
    {
        var number = int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n <= 16 ? (GrpcCode)n : GrpcCode.Unknown;
        if (number == GrpcCode.Ok)
        {
            return null;
        }
        var status = details is null ? null : DecodeDetails(details);
        return new GrpcException(number, DecodeMessage(message ?? ""), status?.Details.ToArray() ?? [], inner: null);
    }
}
