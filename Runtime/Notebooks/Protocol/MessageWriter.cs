using System.Text.Json;

namespace FlowForge.Notebooks.Protocol;

/// <summary>Writes messages as lines; thread-safe, each line whole and flushed.</summary>
/// <param name="output">Closed by <see cref="Dispose"/>.</param>
public sealed class MessageWriter<T>(Stream output) : IDisposable where T : class
{
    private readonly Lock _gate = new();

    /// <summary>Writes one message.</summary>
    /// <exception cref="IOException">The other side is gone.</exception>
    /// <exception cref="InvalidDataException">The message is longer than <see cref="KernelProtocol.MaxLineBytes"/>; nothing was written.</exception>
    public void Write(T message)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(message, MessageJson.Options);
        if (bytes.Length >= KernelProtocol.MaxLineBytes)
            throw new InvalidDataException($"A {message.GetType().Name} of {bytes.Length:N0} bytes is longer than a line may be ({KernelProtocol.MaxLineBytes:N0}).");
        lock (_gate)
        {
            output.Write(bytes);
            output.Write("\n"u8);
            output.Flush();
        }
    }

    public void Dispose() => output.Dispose();
}
