using System.Text;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Output;

/// <summary>
/// Takes the console for the running cell: what is written is sent on in pieces, at the latest after <see cref="Delay"/>. What a background task
/// writes after its cell goes to the cell that runs then, or else to the last one.
/// </summary>
internal sealed class ConsoleCapture : IDisposable
{
    private const int PieceLength = 8192;
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(40);
    private readonly NotificationQueue _wire;
    private readonly Lock _gate = new();
    private readonly StringBuilder _text = new();
    private readonly Timer _timer;
    private bool _isError;
    private long _request;
    private long _left;

    public ConsoleCapture(NotificationQueue wire)
    {
        _wire = wire;
        _timer = new Timer(_ => Flush());
        Console.SetOut(TextWriter.Synchronized(new Writer(this, isError: false)));
        Console.SetError(TextWriter.Synchronized(new Writer(this, isError: true)));
        Console.SetIn(TextReader.Null);
    }

    /// <summary>Characters that one cell may write.</summary>
    public const long MostCharacters = 8 << 20;

    public void Begin(long request)
    {
        Flush();
        lock (_gate)
        {
            _request = request;
            _left = MostCharacters;
        }
    }

    /// <summary>Sends what is held; before anything else that the cell shows, to keep the order.</summary>
    public void Flush()
    {
        lock (_gate) Send();
    }

    private void Append(bool isError, ReadOnlySpan<char> text)
    {
        lock (_gate)
        {
            if (_left <= 0) return;
            if (isError != _isError) Send();
            _isError = isError;
            if (_text.Length == 0) _timer.Change(Delay, Timeout.InfiniteTimeSpan);
            _text.Append(text.Length > _left ? text[..(int)_left] : text);
            _left -= text.Length;
            if (_left <= 0) _text.Append("\n… this cell has written too much; the rest is dropped.\n");
            if (_text.Length >= PieceLength) Send();
        }
    }

    private void Send()
    {
        if (_text.Length == 0) return;
        for (var at = 0; at < _text.Length; at += KernelProtocol.MaxTextLength)
            _wire.Send(new TextNotification(_request, _isError, _text.ToString(at, Math.Min(KernelProtocol.MaxTextLength, _text.Length - at))));
        _text.Clear();
    }

    public void Dispose() => _timer.Dispose();

    private sealed class Writer(ConsoleCapture owner, bool isError) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;
        public override void Write(char value) => owner.Append(isError, [value]);
        public override void Write(char[] buffer, int index, int count) => owner.Append(isError, buffer.AsSpan(index, count));
        public override void Write(ReadOnlySpan<char> buffer) => owner.Append(isError, buffer);
        public override void Write(string? value) => owner.Append(isError, value);
        public override void WriteLine(string? value) => owner.Append(isError, value + "\n");
        public override void Flush() => owner.Flush();
    }
}
