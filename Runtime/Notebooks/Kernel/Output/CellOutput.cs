using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Output;

/// <summary>Where the running cell shows things. Thread-safe.</summary>
internal sealed class CellOutput(long request, NotificationQueue wire, ConsoleCapture console)
{
    public long Request => request;

    public void Display(IReadOnlyDictionary<string, string> content, bool isResult = false) =>
        Send(new DisplayNotification(request, content, isResult));

    public void Send(KernelNotification notification)
    {
        console.Flush();
        wire.Send(notification);
    }
}
