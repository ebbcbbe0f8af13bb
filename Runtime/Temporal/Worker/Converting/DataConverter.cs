using Google.Protobuf;

namespace FlowForge.Temporal.Worker;

/// <summary>The converter and, behind it, the codec. Thread-safe.</summary>
internal sealed class DataConverter(PayloadConverter payloads, IPayloadCodec? codec)
{
    public PayloadConverter Payloads { get; } = payloads;

    public FailureConverter Failures { get; } = new(payloads);

    /// <summary>Encodes each payload in <paramref name="message"/>, in place. Call it once, just before sending.</summary>
    public ValueTask EncodeAsync(IMessage message, CancellationToken cancellation) =>
        codec is null ? ValueTask.CompletedTask : PayloadWalk.ApplyAsync(message, p => codec.EncodeAsync(p, cancellation));

    /// <summary>Decodes each payload in <paramref name="message"/>, in place. Call it once, just after receiving.</summary>
    public ValueTask DecodeAsync(IMessage message, CancellationToken cancellation) =>
        codec is null ? ValueTask.CompletedTask : PayloadWalk.ApplyAsync(message, p => codec.DecodeAsync(p, cancellation));
}
