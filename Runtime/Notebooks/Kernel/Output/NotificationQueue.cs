using System.Collections.Concurrent;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Output;

/// <summary>
/// Notifications on their way out. A thread of its own writes them, since a cell's thread may be aborted in the middle of a line.
/// Bounded: who writes faster than the session reads, waits.
/// </summary>
internal sealed class NotificationQueue : IDisposable
{
    private readonly BlockingCollection<KernelNotification> _waiting = new(boundedCapacity: 256);
    private readonly MessageWriter<KernelNotification> _writer;

    public NotificationQueue(Stream output)
    {
        _writer = new MessageWriter<KernelNotification>(output);
        new Thread(Write) { IsBackground = true, Name = "wire out" }.Start();
    }

    public void Send(KernelNotification notification) => _waiting.Add(notification);

    private void Write()
    {
        foreach (var notification in _waiting.GetConsumingEnumerable())
        {
            try
            {
                _writer.Write(notification);
            }
            catch (InvalidDataException e)
            {
                _writer.Write(new RefusedNotification(notification.Request, e.Message));
            }
            catch (IOException)
            {
                // The session is gone.
                Hosting.KernelExit.Now();
            }
        }
    }

    public void Dispose() => _waiting.CompleteAdding();
}
