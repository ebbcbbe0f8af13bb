using System.Globalization;

namespace FlowForge.Duck;

/// <summary>The folder that one database spills into: two that share one and spill at once end the process (1.5.6).</summary>
internal static class SpillFolder
{
    private const string Prefix = "duck-", ProcessPrefix = "flowforge-duck-";
    private static readonly Lazy<string> OfProcess = new(MakeForProcess, LazyThreadSafetyMode.PublicationOnly);

    /// <summary>Makes a folder that nobody else has; its name tells the process.</summary>
    /// <param name="parent">Null: a folder of this process that goes when it ends.</param>
    /// <param name="spiller">Told at the end of the name; any text.</param>
    public static string Make(string? parent, string spiller)
    {
        var folder = Path.Combine(Path.GetFullPath(parent ?? OfProcess.Value), string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():N}{(spiller.Length > 0 ? "-" : "")}{new string([.. spiller.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_').Take(40)])}"));
        Directory.CreateDirectory(folder);
        return folder;
    }

    public static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Someone still holds a file: the next start removes it.
        }
    }

    /// <summary>Removes folders that processes left which are gone.</summary>
    /// <returns>Number of folders removed.</returns>
    public static int RemoveLeftovers(string parent) => RemoveLeftovers(parent, Prefix);

    private static int RemoveLeftovers(string parent, string prefix)
    {
        if (!Directory.Exists(parent)) return 0;
        var removed = 0;
        foreach (var folder in Directory.EnumerateDirectories(parent, prefix + "*"))
        {
            if (!int.TryParse(Path.GetFileName(folder)[prefix.Length..].Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var process) || IsAlive(process)) continue;
            Remove(folder);
            removed++;
        }
        return removed;
    }

    private static string MakeForProcess()
    {
        RemoveLeftovers(Path.GetTempPath(), ProcessPrefix);
        // For nobody else's eyes.
        var folder = Directory.CreateTempSubdirectory(string.Create(CultureInfo.InvariantCulture, $"{ProcessPrefix}{Environment.ProcessId}-")).FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove(folder);
        return folder;
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using var found = System.Diagnostics.Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
