using System.Diagnostics;
using FlowForge.Formats.Tests;
using FlowForge.Ingest.Tests;

[assembly: AssemblyFixture(typeof(PeerFiles))]

namespace FlowForge.Formats.Tests;

/// <summary>Files that other programs' libraries wrote (npm avsc, xlsx; see js/files.mjs), once for all tests.</summary>
public sealed class PeerFiles : IDisposable
{
    private readonly Lazy<string> _folder = new(Write);

    public byte[] this[string name] => File.ReadAllBytes(Path.Combine(_folder.Value, name));

    private static string Write()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"flowforge-formats-{Guid.NewGuid():n}");
        Directory.CreateDirectory(folder);
        var start = new ProcessStartInfo("node") { RedirectStandardError = true, RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(Bench.RepoRoot, "tests", "Formats", "js", "files.mjs"));
        start.ArgumentList.Add(folder);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? folder : throw new InvalidOperationException(errors.Result);
    }

    public void Dispose()
    {
        if (_folder.IsValueCreated) Directory.Delete(_folder.Value, recursive: true);
    }
}
