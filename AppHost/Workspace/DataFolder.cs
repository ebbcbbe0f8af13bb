using System.Diagnostics;
using FlowForge.Contracts;
using FlowForge.ServiceDefaults;

namespace FlowForge.AppHost.Workspace;

/// <summary>The one folder that holds all state of an environment, and the lock that keeps it to one environment at a time.</summary>
internal sealed class DataFolder : IDisposable
{
    private FileStream? held;

    /// <summary>Makes the folder when it is not there.</summary>
    public DataFolder(string path)
    {
        Root = Path.GetFullPath(path);
        try
        {
            // Rows, records and logs are for whoever started this, as the token is. A folder that is there keeps the rights that somebody gave it.
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(Root);
            else Directory.CreateDirectory(Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AppHostException($"The data folder {Root} cannot be made: {e.Message}", "Choose another one with --data DIR.");
        }
    }

    /// <summary>Absolute.</summary>
    public string Root { get; }

    public string TokenFile => At("token");

    public string Logs => At("logs");

    public string Workspace => At("workspace");

    public string TemporalFile
    {
        get
        {
            Directory.CreateDirectory(At("temporal"));
            return Path.Combine(At("temporal"), "temporal.db");
        }
    }

    /// <summary>What the environment that runs on it, or ran, says of itself.</summary>
    public RunningEnvironment? Running => RunningEnvironment.Read(Root);

    /// <summary>True when the folder is ours now, until disposed or until this process ends, however it ends.</summary>
    public bool TryLock()
    {
        try
        {
            held ??= new FileStream(At("environment.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new AppHostException($"The data folder {Root} cannot be written to: {e.Message}", "Choose another one with --data DIR.");
        }
    }

    /// <summary>
    /// After a kill -9 the services of the environment before leave by themselves within seconds; nobody may touch their files before that.
    /// Call with the lock held.
    /// </summary>
    public async Task WaitForLeftoversAsync(TimeSpan limit, CancellationToken ct)
    {
        if (Running is not { } before)
            return;
        var start = Stopwatch.GetTimestamp();
        foreach (var (service, pid) in before.Services)
        {
            while (IsService(pid))
            {
                if (Stopwatch.GetElapsedTime(start) > limit)
                    throw new AppHostException($"{service} (process {pid}) of an earlier environment still runs on {Root}.", $"End it: kill {pid}");
                await Task.Delay(100, ct);
            }
        }
        Forget();
    }

    public AccessToken Token() => AccessToken.LoadOrCreate(TokenFile);

    public void Say(RunningEnvironment environment) => environment.Write(Root);

    public void Forget() => File.Delete(At(RunningEnvironment.FileName));

    /// <summary>True once: the mark is set by asking.</summary>
    public bool FirstTime(string what)
    {
        var mark = At("." + what);
        if (File.Exists(mark))
            return false;
        File.WriteAllText(mark, "");
        return true;
    }

    public void Dispose() => held?.Dispose();

    private string At(string name) => Path.Combine(Root, name);

    /// <summary>True for a living dotnet process of that number: a number that the system gave to something else meanwhile is not waited for.</summary>
    private static bool IsService(int pid)
    {
        if (!ParentWatch.IsAlive(pid))
            return false;
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.ProcessName.StartsWith("dotnet", StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }
}
