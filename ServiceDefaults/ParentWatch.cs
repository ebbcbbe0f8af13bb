using System.Diagnostics;
using System.Globalization;

namespace FlowForge.ServiceDefaults;

/// <summary>
/// Notices that the supervising process is gone, however it went: also by kill -9, when nobody tells its children.
/// Each watch calls back at most once, on a thread of its own; disposing it ends the watch.
/// </summary>
public static class ParentWatch
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Watches a process by number. A reused number and a zombie count as gone; a process that is gone already calls back at once.</summary>
    public static IDisposable Process(int processId, Action onGone)
    {
        ArgumentNullException.ThrowIfNull(onGone);
        var birth = Birth(processId);
        Timer? timer = null;
        var called = 0;
        timer = new Timer(_ =>
        {
            if (birth is not null && Birth(processId) == birth || Interlocked.Exchange(ref called, 1) == 1)
                return;
            timer!.Change(Timeout.Infinite, Timeout.Infinite);
            onGone();
        });
        timer.Change(TimeSpan.Zero, Interval);
        return timer;
    }

    /// <summary>Watches standard input, whose other end the supervisor holds and never writes to: it closes when the supervisor wants us to stop, or dies.</summary>
    public static IDisposable StandardInput(Action onClosed)
    {
        ArgumentNullException.ThrowIfNull(onClosed);
        var ended = new CancellationTokenSource();
        new Thread(() =>
        {
            var buffer = new byte[256];
            try
            {
                using var input = Console.OpenStandardInput();
                while (input.Read(buffer) > 0)
                {
                    // Nothing is said over this line; only its end matters.
                }
            }
            catch (IOException)
            {
                // A broken pipe is an end like any other.
            }
            if (!ended.IsCancellationRequested)
                onClosed();
        }) { IsBackground = true, Name = "lifeline" }.Start();
        return new Ending(ended);
    }

    /// <summary>True while a process of that number lives; a zombie does not.</summary>
    public static bool IsAlive(int processId) => Birth(processId) is not null;

    /// <summary>A value that is equal as long as it is the same living process; null when there is none.</summary>
    private static string? Birth(int processId)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // pid (command) state ppid … field 22 is the start time. The command may hold spaces and brackets.
                var stat = File.ReadAllText($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/stat");
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                return fields[0] is "Z" or "X" ? null : fields[19];
            }
            using var process = System.Diagnostics.Process.GetProcessById(processId);
            return process.HasExited ? null : process.StartTime.Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException
                                      or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private sealed class Ending(CancellationTokenSource source) : IDisposable
    {
        public void Dispose() => source.Cancel();
    }
}
