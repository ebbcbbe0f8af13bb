using System.Text.Json;

namespace FlowForge.Notebooks.Protocol;

/// <summary>One line that was read: a message, or why it is none.</summary>
public readonly record struct ReadMessage<T>(T? Message, string? Problem) where T : class;

/// <summary>Reads messages from lines, never holding more than one line of <see cref="KernelProtocol.MaxLineBytes"/>. Not thread-safe.</summary>
public sealed class MessageReader<T>(Stream input) where T : class
{
    private byte[] _buffer = new byte[16 << 10];
    private int _start;
    private int _end;

    /// <summary>The next line's message; null when the stream has ended. Blocks.</summary>
    public ReadMessage<T>? Read()
    {
        var searched = _start;
        while (true)
        {
            var at = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = _buffer.AsMemory(_start, searched + at - _start);
                _start = searched + at + 1;
                return Parse(line.Span);
            }
            searched = _end;
            if (_end - _start >= KernelProtocol.MaxLineBytes) return SkipLine();
            searched -= MakeRoom();
            var read = input.Read(_buffer, _end, _buffer.Length - _end);
            if (read == 0) return null;
            _end += read;
        }
    }

    /// <returns>By how much what is held moved towards the buffer's start.</returns>
    private int MakeRoom()
    {
        if (_end < _buffer.Length) return 0;
        var moved = _start;
        var target = _end - _start > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        _buffer = target;
        _end -= moved;
        _start = 0;
        return moved;
    }

    private ReadMessage<T>? SkipLine()
    {
        while (true)
        {
            _start = 0;
            _end = input.Read(_buffer, 0, _buffer.Length);
            if (_end == 0) return null;
            var at = _buffer.AsSpan(0, _end).IndexOf((byte)'\n');
            if (at < 0) continue;
            _start = at + 1;
            return new ReadMessage<T>(null, $"A line is longer than {KernelProtocol.MaxLineBytes:N0} bytes.");
        }
    }

    private static ReadMessage<T> Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, MessageJson.Options) is { } message
                ? new ReadMessage<T>(message, null)
                : new ReadMessage<T>(null, "A line holds null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return new ReadMessage<T>(null, "A line holds no message: " + e.Message);
        }
    }
}
