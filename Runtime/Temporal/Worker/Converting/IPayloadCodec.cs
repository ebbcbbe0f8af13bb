using Temporalio.Api.Common.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>
/// Changes payloads on their way to and from the server: compression, encryption. Applied to inputs, results, details, memos
/// and failure attributes; never to search attributes (the server reads them) nor to headers. Must be thread-safe.
/// </summary>
public interface IPayloadCodec
{
    /// <summary>The payload to store. Called once per payload before it leaves this process.</summary>
    ValueTask<Payload> EncodeAsync(Payload payload, CancellationToken cancellation);

    /// <summary>Undoes <see cref="EncodeAsync"/>; must hand through what it did not encode, as older histories hold such payloads.</summary>
    ValueTask<Payload> DecodeAsync(Payload payload, CancellationToken cancellation);
}
