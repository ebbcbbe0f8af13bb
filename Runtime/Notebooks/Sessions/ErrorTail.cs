using System.Text;

namespace FlowForge.Notebooks.Sessions;

/// <summary>Reads a kernel's standard error and keeps its beginning and end: a stack overflow names itself first and writes megabytes of frames after.</summary>
internal sealed class ErrorTail
{
    private const int HeadLength = 2048;
    private const int TailLength = 4096;
    private readonly Lock _gate = new();
    private readonly StringBuilder _head = new();
    private readonly StringBuilder _tail = new();
    private readonly Thread _reader;

    public ErrorTail(Stream errors)
    {
        _reader = new Thread(() => Read(errors)) { IsBackground = true, Name = "kernel errors" };
        _reader.Start();
    }

    /// <summary>All that is kept, once the process has ended; not waiting for long, as a child of the kernel may hold the other end.</summary>
    public string ReadToEnd()
    {
        _reader.Join(TimeSpan.FromSeconds(1));
        return ToString();
    }

    public override string ToString()
    {
        lock (_gate) return _tail.Length == 0 ? _head.ToString() : $"{_head}\n…\n{_tail}";
    }

    private void Read(Stream errors)
    {
        using var reader = new StreamReader(errors);
        var buffer = new char[4096];
        try
        {
            while (reader.Read(buffer) is > 0 and var count) Append(buffer.AsSpan(0, count));
        }
        catch (IOException)
        {
            // The end.
        }
    }

    private void Append(ReadOnlySpan<char> text)
    {
        lock (_gate)
        {
            var toHead = Math.Min(text.Length, HeadLength - _head.Length);
            _head.Append(text[..toHead]);
            _tail.Append(text[toHead..]);
            if (_tail.Length > TailLength * 2) _tail.Remove(0, _tail.Length - TailLength);
        }
    }
}
