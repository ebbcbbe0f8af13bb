using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Output;

/// <summary>Where the running cell shows things. Thread-safe.</summary>
internal sealed class CellOutput(long request, NotificationQueue wire, ConsoleCapture console)
{
    public long Request => request;

    /// <summary>Values that one cell may show beside its result, and the characters of these.</summary>
    private const int MostDisplays = 1000;
    private const long MostCharacters = 16 << 20;

    private readonly Lock _gate = new();
    private long _left = MostCharacters;
    private int _shown;

    public void Display(IReadOnlyDictionary<string, string> content, bool isResult = false)
    {
        if (!isResult)
        {
            lock (_gate)
            {
                if (_left <= 0 || _shown > MostDisplays) return;
                _left -= content.Sum(c => (long)c.Value.Length);
                if (++_shown > MostDisplays || _left <= 0) content = new Dictionary<string, string> { ["text/plain"] = "… this cell has shown too much; the rest is dropped." };
            }
        }
        Send(new DisplayNotification(request, content, isResult));
    }

    public void Send(KernelNotification notification)
    {
        console.Flush();
        wire.Send(notification);
    }
}
