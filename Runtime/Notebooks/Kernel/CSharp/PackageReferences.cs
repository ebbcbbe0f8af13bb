using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FlowForge.Notebooks.Kernel.Hosting;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>
/// <c>#r "nuget: Name, 1.2.3"</c>: the package and what it needs, fetched by <c>dotnet restore</c> as the machine's NuGet settings say, and kept for the next kernel.
/// Libraries for .NET only: native parts of packages are not loaded.
/// </summary>
internal static partial class PackageReferences
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>The code with these lines blanked, so that every place in it stays where it is.</summary>
    public static string Blank(string code) => code.Contains("nuget:", StringComparison.OrdinalIgnoreCase) ? Line().Replace(code, m => new string(' ', m.Length)) : code;

    /// <summary>The packages that the code asks for; an empty version takes the newest.</summary>
    public static IReadOnlyList<(string Name, string Version)> Wanted(string code) => [.. Line().Matches(code).Select(m => (m.Groups["name"].Value.Trim(), m.Groups["version"].Value.Trim()))];

    /// <summary>Paths of the assemblies that the code asks for; none when it asks for no package.</summary>
    /// <exception cref="CellFailure">A package cannot be had; the message is NuGet's.</exception>
    public static IReadOnlyList<string> Fetch(string code, CancellationToken ct) =>
        // In the user's own folder: what lies in a shared one could have been put there by somebody else.
        Fetch(code, Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "flowforge", "cell-packages"), ct);

    /// <param name="root">Has a folder for each set of packages that was asked for.</param>
    internal static IReadOnlyList<string> Fetch(string code, string root, CancellationToken ct)
    {
        var wanted = Line().Matches(code).Select(m => (Name: m.Groups["name"].Value.Trim(), Version: m.Groups["version"].Value.Trim(), At: m.Index)).ToList();
        if (wanted.Count == 0) return [];
        var line = code[..wanted[0].At].Count(c => c == '\n') + 1;
        var folder = Path.Combine(root, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', wanted.Select(w => $"{w.Name} {w.Version}")))).AsSpan(0, 8)));
        var assets = Path.Combine(folder, "obj", "project.assets.json");
        Directory.CreateDirectory(folder);
        using var turn = TakeTurn(Path.Combine(folder, "turn.lock"), line, ct);
        if (File.Exists(assets))
        {
            var (kept, gone) = Assemblies(assets);
            if (gone is null) return kept;
            // Somebody has cleared NuGet's cache since.
            File.Delete(assets);
        }
        Restore(folder, wanted.Select(w => (w.Name, w.Version)), line, ct);
        var (found, missing) = Assemblies(assets);
        return missing is null ? found : throw new CellFailure("NuGet", $"dotnet restore ended well, but {missing} is not there. Clear NuGet's cache (dotnet nuget locals all --clear) and run the cell again.", line);
    }

    /// <summary>Kernels that want the same packages restore them one after the other. The lock goes with the process.</summary>
    private static FileStream TakeTurn(string path, int line, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try { return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0); }
            catch (IOException e) when (e.GetType() == typeof(IOException) && File.Exists(path))
            {
                if (Stopwatch.GetElapsedTime(began) > 2 * Patience) throw new CellFailure("NuGet", $"Another notebook has been restoring the same packages for {2 * Patience.TotalMinutes:0} minutes ({path} is locked).", line);
                if (ct.WaitHandle.WaitOne(50)) ct.ThrowIfCancellationRequested();
            }
        }
    }

    private static void Restore(string folder, IEnumerable<(string Name, string Version)> packages, int line, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        var references = string.Concat(packages.Select(p => $"<PackageReference Include=\"{p.Name}\" Version=\"{(p.Version.Length > 0 ? p.Version : "*")}\" />"));
        // Files of the same names above the folder must have no say in it.
        foreach (var name in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"]) File.WriteAllText(Path.Combine(folder, name), "<Project />");
        var project = Path.Combine(folder, "cell.csproj");
        File.WriteAllText(project, $"<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><TargetFramework>net{Environment.Version.Major}.0</TargetFramework><NuGetAudit>false</NuGetAudit></PropertyGroup><ItemGroup>{references}</ItemGroup></Project>");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = folder };
        foreach (var argument in (string[])["restore", project, "--nologo", "-v", "q"]) start.ArgumentList.Add(argument);
        // The limit of this kernel's heap is not the tool's.
        start.Environment.Remove("DOTNET_GCHeapHardLimit");
        using var process = Process.Start(start)!;
        using var stop = ct.UnsafeRegister(static p => ((Process)p!).Kill(entireProcessTree: true), process);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var text = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        if (!process.WaitForExit(Patience)) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        ct.ThrowIfCancellationRequested();
        if (process.ExitCode == 0) return;
        var message = Error().Match(text.GetAwaiter().GetResult() + errors.GetAwaiter().GetResult());
        var assets = Path.Combine(folder, "obj", "project.assets.json");
        if (File.Exists(assets)) File.Delete(assets);
        throw new CellFailure(message.Success ? message.Groups["code"].Value : "NuGet", message.Success ? message.Groups["text"].Value.Trim() : $"dotnet restore ended with {process.ExitCode}.", line);
    }

    /// <returns>The assemblies, and the first of them that is not where NuGet has put it.</returns>
    private static (List<string> Found, string? Missing) Assemblies(string assets)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(assets));
        var root = document.RootElement;
        var folders = root.GetProperty("packageFolders").EnumerateObject().Select(f => f.Name).ToList();
        var found = new List<string>();
        string? missing = null;
        foreach (var package in root.GetProperty("targets").EnumerateObject().First().Value.EnumerateObject())
        {
            if (!package.Value.TryGetProperty("runtime", out var runtime)) continue;
            var path = root.GetProperty("libraries").GetProperty(package.Name).GetProperty("path").GetString()!;
            foreach (var file in runtime.EnumerateObject().Where(f => f.Name.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)))
            {
                if (folders.Select(f => Path.Combine(f, path, file.Name)).FirstOrDefault(File.Exists) is { } full) found.Add(full);
                else missing ??= $"{path}/{file.Name}";
            }
        }
        return (found, missing);
    }

    [GeneratedRegex("""^[ \t]*#r[ \t]+"nuget:(?<name>[^",\r\n<>&]+)(,(?<version>[^"\r\n<>&]*))?"[^\r\n]*""", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Line();

    [GeneratedRegex(@"error (?<code>NU\d+): (?<text>[^\[\r\n]+)")]
    private static partial Regex Error();
}
