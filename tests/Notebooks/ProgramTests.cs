using System.Diagnostics;
using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions;

namespace FlowForge.Notebooks.Tests;

/// <summary>Notebooks as C# programs: written by the kernel, run by <c>dotnet run file.cs</c> without any kernel or server.</summary>
public sealed class ProgramTests(TestKernels kernels)
{
    [Fact]
    public async Task ProgramAsync_CellsOfEveryKind_RunsByItselfAndShowsTheSame()
    {
        await using var session = await NotebookSession.OpenAsync(kernels.Pool);
        var text = await session.ProgramAsync("A \n title",
        [
            new(null, "# Words\nand more"),
            new(CellLanguage.CSharp, "using System.Globalization;\nvar least = 300; // a parameter\nrecord Town(string Name, int People);\nTown Of(dynamic row) => new((string)row[\"name\"], (int)row[\"people\"]);"),
            new(CellLanguage.Sql, "SELECT name, people, '\"\"\"' AS quotes FROM silver.cities WHERE people > getvariable('least')", "big"),
            new(CellLanguage.CSharp, "var towns = big.Select(r => Of(r)).ToList();\ntowns.Count.ToString(CultureInfo.InvariantCulture) + \" big: \" + towns[0]"),
            new(CellLanguage.CSharp, "var least = await Task.FromResult(1);\nDisplay(big.First()[\"people\"]);"),
        ], TestContext.Current.CancellationToken);
        Assert.Contains("// A   title: a notebook of FlowForge as a program.", text, StringComparison.Ordinal);
        Assert.Contains("// # Words\n// and more\n", text, StringComparison.Ordinal);
        Assert.Contains("\nShare(\"least\", least);\nvar big = Cell(\"big\", \"\"\"\"\n", text, StringComparison.Ordinal);
        Assert.EndsWith("// Types of the cells.\nrecord Town(string Name, int People);\n", text, StringComparison.Ordinal);

        var folder = Directory.CreateDirectory(Path.Combine(kernels.Folder, "program")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "towns.cs"), text, TestContext.Current.CancellationToken);
        var (code, shown, errors) = await RunAsync(folder);
        Assert.True(code == 0, shown + errors);
        Assert.Equal("""
            name | people | quotes
            Bonn | 335 | \"\"\"
            1 big: Town { Name = Bonn, People = 335 }
            335

            """.ReplaceLineEndings("\n").Replace("\\\"", "\"", StringComparison.Ordinal), shown.ReplaceLineEndings("\n"));
    }

    private static async Task<(int Code, string Shown, string Errors)> RunAsync(string folder)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["run", "towns.cs"]) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var shown = process.StandardOutput.ReadToEndAsync(patience.Token);
        var errors = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
        return (process.ExitCode, await shown, await errors);
    }
}
