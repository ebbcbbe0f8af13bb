using System.Diagnostics;
using System.Globalization;

namespace FlowForge.Notebooks.Sessions;

/// <summary>How the kernel's process is started.</summary>
internal static class KernelCommandLine
{
    public static ProcessStartInfo Of(KernelOptions options, string spillFolder)
    {
        var isLibrary = options.KernelPath.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        var start = new ProcessStartInfo(isLibrary ? "dotnet" : options.KernelPath)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = Path.GetFullPath(options.WorkingFolder),
        };
        if (isLibrary) start.ArgumentList.Add(Path.GetFullPath(options.KernelPath));
        Add("--lake", Path.GetFullPath(options.LakeFolder));
        Add("--parent-pid", Number(Environment.ProcessId));
        Add("--engine-memory", Number(options.MemoryLimitBytes / 4));
        Add("--spill", spillFolder);
        Add("--threads", Number(options.Threads));

        // What the host listens on, where its secrets lie and how it is traced is no business of a cell.
        foreach (var name in start.Environment.Keys.Where(IsOfHost).ToArray()) start.Environment.Remove(name);
        if (options.LakeEnvironment is { } lake) start.Environment[lake.Name] = lake.Value;
        start.Environment["DOTNET_GCHeapHardLimit"] = (options.MemoryLimitBytes / 2).ToString("X", CultureInfo.InvariantCulture);
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        return start;

        void Add(string name, string value)
        {
            start.ArgumentList.Add(name);
            start.ArgumentList.Add(value);
        }
    }

    private static bool IsOfHost(string name) =>
        name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase) || name.StartsWith("FlowForge__", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("FLOWFORGE_", StringComparison.OrdinalIgnoreCase) || name.StartsWith("OTEL_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Lake__", StringComparison.OrdinalIgnoreCase) || name.StartsWith("Temporal__", StringComparison.OrdinalIgnoreCase) || name.StartsWith("services__", StringComparison.OrdinalIgnoreCase) || name.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
