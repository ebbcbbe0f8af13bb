using System.Diagnostics;

namespace FlowForge.Temporal.DevServer.Hosting;

/// <summary>Notices when the process that started this one is gone, however it went.</summary>
internal static class ParentWatch
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    public static async Task WaitForEndAsync(int pid, CancellationToken cancellation)
    {
        DateTime? started = null;
        using var timer = new PeriodicTimer(Interval);
        do
        {
            try
            {
                using var parent = Process.GetProcessById(pid);
                started ??= parent.StartTime;
                // A process id may be used again: another start time means another process.
                if (parent.HasExited || parent.StartTime != started || IsZombie(pid))
                {
                    return;
                }
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                return;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    /// <summary>On Linux a killed process that nobody has waited for still has its id.</summary>
    private static bool IsZombie(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 1)..].TrimStart().StartsWith('Z');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
