using System.Diagnostics;
using System.Globalization;

namespace FlowForge.Notebooks.Kernel.Hosting;

/// <summary>Notices that the parent process is gone, however it went. A number used again by another process counts as gone.</summary>
internal sealed class ParentWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private readonly Timer _timer;

    public ParentWatch(int process, Action onGone)
    {
        var birth = Birth(process);
        _timer = new Timer(_ =>
        {
            if (birth is null || Birth(process) != birth) onGone();
        }, null, TimeSpan.Zero, Interval);
    }

    private static string? Birth(int process)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // pid (command) state … field 22 is the time of its start; the command may hold spaces and brackets.
                var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                return fields[0] is "Z" or "X" ? null : fields[19];
            }
            using var found = Process.GetProcessById(process);
            return found.HasExited ? null : found.StartTime.Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    public void Dispose() => _timer.Dispose();
}
