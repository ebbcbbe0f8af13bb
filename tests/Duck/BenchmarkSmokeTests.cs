using System.Diagnostics;

namespace FlowForge.Duck.Tests;

/// <summary>The benchmarks keep working; what they measure is no matter here.</summary>
public sealed class BenchmarkSmokeTests
{
    [Theory]
    [InlineData("out")]
    [InlineData("in")]
    [InlineData("memory")]
    public async Task ShortRun_PrintsItsTable(string name)
    {
        var ct = TestContext.Current.CancellationToken;
        var program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../Benchmarks/debug/FlowForge.Benchmarks.dll"));
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, "--short", name]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(ct);
            var text = await process.StandardOutput.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            Assert.True(process.ExitCode == 0, await errors);
            Assert.StartsWith(name + ": ", text, StringComparison.Ordinal);
            Assert.Contains("ratio", text, StringComparison.Ordinal);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
