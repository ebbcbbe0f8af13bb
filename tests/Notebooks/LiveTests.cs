using System.Text.Json.Nodes;
using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Notebooks.Sessions.Files;
using FlowForge.Notebooks.Sessions.Live;

namespace FlowForge.Notebooks.Tests;

/// <summary>Notebook files, live: what other tools wrote survives being opened, run and saved.</summary>
public sealed class LiveTests(TestKernels kernels)
{
    /// <summary>As Jupyter Lab writes it: indented by one, ids, metadata of extensions, an attachment, an output of another kernel.</summary>
    private const string Jupyter = """
        {
         "cells": [
          {
           "attachments": {
            "a.png": {
             "image/png": "iVBORw0KGgo="
            }
           },
           "cell_type": "markdown",
           "id": "intro-1",
           "metadata": {
            "editable": true,
            "slideshow": {
             "slide_type": "slide"
            },
            "tags": ["kept"]
           },
           "source": [
            "# Übung\n",
            "![x](attachment:a.png)"
           ]
          },
          {
           "cell_type": "code",
           "execution_count": 7,
           "id": "c0de",
           "metadata": {
            "collapsed": false,
            "jupyter": {
             "outputs_hidden": false
            }
           },
           "outputs": [
            {
             "name": "stdout",
             "output_type": "stream",
             "text": [
              "old\n"
             ]
            }
           ],
           "source": [
            "Console.WriteLine(6 * 7);"
           ]
          },
          {
           "cell_type": "raw",
           "id": "raw_1",
           "metadata": {
            "format": "text/restructuredtext"
           },
           "source": []
          }
         ],
         "metadata": {
          "kernelspec": {
           "display_name": ".NET (C#)",
           "language": "C#",
           "name": ".net-csharp"
          },
          "language_info": {
           "name": "C#"
          },
          "widgets": {
           "state": {}
          }
         },
         "nbformat": 4,
         "nbformat_minor": 5
        }

        """;

    /// <summary>As VS Code writes it: language ids in the cells' metadata, nothing else of its own.</summary>
    private const string VsCode = """
        {
         "cells": [
          {
           "cell_type": "code",
           "execution_count": null,
           "id": "1f2e3d4c",
           "metadata": {
            "vscode": {
             "languageId": "sql"
            }
           },
           "outputs": [],
           "source": [
            "SELECT name FROM silver.cities\n",
            "ORDER BY name"
           ]
          },
          {
           "cell_type": "code",
           "execution_count": null,
           "id": "5b6a7988",
           "metadata": {
            "vscode": {
             "languageId": "python"
            }
           },
           "outputs": [],
           "source": [
            "print(1)"
           ]
          }
         ],
         "metadata": {
          "language_info": {
           "name": "csharp"
          },
          "polyglot_notebook": {
           "kernelInfo": {
            "defaultKernelName": "csharp"
           }
          }
         },
         "nbformat": 4,
         "nbformat_minor": 5
        }

        """;

    [Theory]
    [InlineData("jupyter", Jupyter, "c0de")]
    [InlineData("vscode", VsCode, "1f2e3d4c")]
    public async Task File_OfAnotherTool_RunAndSaved_DiffersOnlyInWhatRan(string name, string text, string ran)
    {
        text = text.ReplaceLineEndings("\n");
        var (host, path) = Make(name, text);
        await using var _ = host;
        var live = host.Open(path);
        var (document, revision) = await live.ReadAsync();
        var edits = document.Cells.Select(c => new CellEdit(c.Id, c.Kind, c.Source, c.ResultName, c.IsFolded)).ToArray();

        // Saved without a change it is the same file, byte by byte.
        Assert.Equal(revision, await live.SaveAsync(edits, automatic: false, revision));
        Assert.Equal(text, await File.ReadAllTextAsync(Path.Combine(host.Folder.Root, path.Text), TestContext.Current.CancellationToken));

        var cell = document.Cells.First(c => c.Id == ran);
        await live.AnalyzeAsync([new CellText(ran, cell.Kind == NotebookCellKind.Sql ? CellLanguage.Sql : CellLanguage.CSharp, cell.Source)]);
        await live.RunAsync([ran]);
        await live.Idle.WaitAsync(CellRun.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(LiveState.Succeeded, live.Cells[ran].State);

        var written = await File.ReadAllTextAsync(Path.Combine(host.Folder.Root, path.Text), TestContext.Current.CancellationToken);
        await NbformatRules.CheckAsync(written);
        var (before, after) = (JsonNode.Parse(text)!, JsonNode.Parse(written)!);
        Assert.Equal(1, after["cells"]!.AsArray().Single(c => c!["id"]!.ToString() == ran)!["execution_count"]!.GetValue<int>());
        foreach (var side in (JsonNode[])[before, after])
        {
            var node = side["cells"]!.AsArray().Single(c => c!["id"]!.ToString() == ran)!.AsObject();
            Assert.True(node.Remove("outputs") && node.Remove("execution_count"));
        }
        Assert.Equal(before.ToJsonString(), after.ToJsonString());
        Assert.Equal(revision, NotebookRevision.Of(NotebookDocument.Parse(written)));
    }

    [Fact]
    public async Task File_OfOurs_WithEveryKindOfCellAndOutput_KeepsToNbformat()
    {
        var (host, path) = Make("ours", NotebookDocument.Create().Write());
        await using var _ = host;
        var live = host.Open(path);
        CellEdit[] edits =
        [
            new("m", NotebookCellKind.Markdown, "# Text"), new("r", NotebookCellKind.Raw, "raw"), new("chart", NotebookCellKind.Chart, "{\"source\":\"cities\"}"),
            new("s", NotebookCellKind.Sql, "FROM silver.cities", "cities"), new("c", NotebookCellKind.CSharp, """
                Console.WriteLine("out"); Console.Error.WriteLine("err");
                Display(Image([137, 80, 78, 71])); Display(Html("<b>x</b>")); Display(cities);
                for (var i = 0; i <= 10; i++) { Progress(i, 10, "work"); await Task.Delay(20); }
                throw new Exception("end");
                """, IsFolded: true),
        ];
        await live.SaveAsync(edits, automatic: true, expected: null);
        await live.AnalyzeAsync([new CellText("s", CellLanguage.Sql, edits[3].Source, "cities"), new CellText("c", CellLanguage.CSharp, edits[4].Source)]);
        await live.RunAsync(["s", "c"]);
        await live.Idle.WaitAsync(CellRun.Patience, TestContext.Current.CancellationToken);
        Assert.Equal([LiveOutputKind.Text, LiveOutputKind.ErrorText, LiveOutputKind.Display, LiveOutputKind.Display, LiveOutputKind.Display, LiveOutputKind.Display, LiveOutputKind.Failure], live.Cells["c"].Outputs!.Select(o => o.Kind));
        Assert.Equal("100 % work", live.Cells["c"].Outputs![5].Content!["text/plain"]);
        Assert.Equal("iVBORw==", live.Cells["c"].Outputs![2].Content!["image/png"]);

        var written = await File.ReadAllTextAsync(Path.Combine(host.Folder.Root, path.Text), TestContext.Current.CancellationToken);
        await NbformatRules.CheckAsync(written);
        Assert.True(NotebookDocument.Parse(written).IsAutomatic);
        Assert.Equal(edits, NotebookDocument.Parse(written).Cells.Select(c => new CellEdit(c.Id, c.Kind, c.Source, c.ResultName, c.IsFolded)));
    }

    [Fact]
    public async Task Cells_ManyExecutions_LeaveMemoryWhereTheDocsSay()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("FLOWFORGE_LONG") is { Length: > 0 }, "1,000 executions: a long campaign.");
        await using var session = await FlowForge.Notebooks.Sessions.NotebookSession.OpenAsync(kernels.Pool);
        for (var i = 0; i < 1000; i++)
        {
            var run = i % 10 == 0 ? await CellRun.CSharp(session, $"var x{i} = {i}; x{i}") : await CellRun.Sql(session, $"SELECT {i} AS n, * FROM silver.cities", "same");
            Assert.Equal(CellState.Succeeded, run.State);
        }
        var memory = await session.MemoryAsync(TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper!.WriteLine($"{memory.WorkingSet >> 20} MiB after 900 SQL and 100 C# cells ({memory.Submissions} submissions)");
        Assert.InRange(memory.WorkingSet, 0, 900L << 20);
    }

    [Fact]
    public async Task Package_OfACell_IsFetchedAndUsed()
    {
        await using var session = await FlowForge.Notebooks.Sessions.NotebookSession.OpenAsync(kernels.Pool);
        var run = await CellRun.CSharp(session, "#r \"nuget: YamlDotNet, 16.3.0\"\nnew YamlDotNet.Serialization.SerializerBuilder().Build().Serialize(new { a = 1 }).Trim()");
        Assert.Null(run.Error);
        Assert.Equal("a: 1", run.Result);
        Assert.Equal("YamlDotNet", (await CellRun.CSharp(session, "typeof(YamlDotNet.Core.Mark).Assembly.GetName().Name")).Result);
        var missing = await CellRun.CSharp(session, "\n#r \"nuget: FlowForge.No.Such.Package.At.All, 1.0.0\"\n1");
        Assert.Equal(("NU1101", 2), (missing.Error!.Kind, missing.Error.Line!.Value));
        Assert.Contains("FlowForge.No.Such.Package.At.All", missing.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Package_WantedByTwoKernelsAndClearedSince_IsThereForEach()
    {
        // A user's folder and a cache of packages of their own, and a feed with the one package.
        var home = Directory.CreateTempSubdirectory("flowforge-packages-").FullName;
        try
        {
            var kept = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
            Directory.CreateDirectory(Path.Combine(home, "feed"));
            File.Copy(Path.Combine(kept, "yamldotnet", "16.3.0", "yamldotnet.16.3.0.nupkg"), Path.Combine(home, "feed", "yamldotnet.16.3.0.nupkg"));
            File.WriteAllText(Path.Combine(home, "nuget.config"), """<configuration><packageSources><clear /><add key="feed" value="feed" /></packageSources></configuration>""");
            var assembly = Path.Combine(home, "packages", "yamldotnet", "16.3.0", "lib", "net8.0", "YamlDotNet.dll");

            await using var one = await FlowForge.Notebooks.Sessions.NotebookSession.OpenAsync(kernels.Pool);
            await using var other = await FlowForge.Notebooks.Sessions.NotebookSession.OpenAsync(kernels.Pool);
            await Task.WhenAll(UseAsync(one), UseAsync(other));
            Assert.True(File.Exists(assembly));
            Directory.Delete(Path.Combine(home, "packages"), recursive: true);
            await UseAsync(one);
            Assert.True(File.Exists(assembly));
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }

        async Task UseAsync(FlowForge.Notebooks.Sessions.NotebookSession session)
        {
            var told = await CellRun.CSharp(session, $"""System.Environment.SetEnvironmentVariable("XDG_DATA_HOME", @"{home}"); System.Environment.SetEnvironmentVariable("NUGET_PACKAGES", @"{Path.Combine(home, "packages")}");""");
            Assert.Null(told.Error);
            var run = await CellRun.CSharp(session, "#r \"nuget: YamlDotNet, 16.3.0\"\nnew YamlDotNet.Serialization.SerializerBuilder().Build().Serialize(new { a = 1 }).Trim()");
            Assert.Null(run.Error);
            Assert.Equal("a: 1", run.Result);
        }
    }

    [Fact]
    public async Task Kernel_StoppedWhileItStarts_IsNotLeftBehind()
    {
        var (host, path) = Make("stopped.ipynb", Jupyter);
        await using (host)
        {
            var notebook = host.Open(path);
            var starting = notebook.StartAsync(TestContext.Current.CancellationToken);
            await notebook.StopAsync();
            Assert.Equal("The kernel was stopped while it started.", (await Assert.ThrowsAsync<FlowForge.Notebooks.Sessions.KernelException>(() => starting)).Message);
            Assert.False(notebook.HasKernel);
            // The next start is one of its own.
            await notebook.StartAsync(TestContext.Current.CancellationToken);
            Assert.True(notebook.HasKernel);
        }
    }

    [Fact]
    public async Task Queue_AfterALostTextOrAStop_GoesOnInTheKernelOfTheMoment()
    {
        var ct = TestContext.Current.CancellationToken;
        var (host, path) = Make("queue.ipynb", Jupyter);
        await using var _ = host;
        var live = host.Open(path);
        var go = Path.Combine(kernels.Folder, "go");
        var first = new CellText("first", CellLanguage.CSharp, $"while (!File.Exists({System.Text.Json.JsonSerializer.Serialize(go)})) await Task.Delay(10);");
        var second = new CellText("second", CellLanguage.CSharp, "6 * 7");
        var endless = new CellText("endless", CellLanguage.CSharp, "for (;;) Thread.Sleep(10);");
        await live.AnalyzeAsync([first, second, endless], ct);
        Assert.Equal(["first", "second"], await live.RunAsync(["first", "second"], ct));

        // Another window knows nothing of the cell that waits: at its turn it is passed over, and may be queued again.
        await live.AnalyzeAsync([first, endless], ct);
        await File.WriteAllTextAsync(go, "", ct);
        await live.Idle.WaitAsync(CellRun.Patience, ct);
        Assert.Equal((LiveState.Succeeded, LiveState.Idle, "not run, because the cell was gone at its turn"), (live.Cells["first"].State, live.Cells["second"].State, live.Cells["second"].Note));
        await live.AnalyzeAsync([first, second, endless], ct);
        Assert.Equal(["second"], await live.RunAsync(["second"], ct));
        await live.Idle.WaitAsync(CellRun.Patience, ct);
        Assert.Equal(LiveState.Succeeded, live.Cells["second"].State);

        // Stopped, and run again before the old kernel has ended: the cell runs in the new one, and counts as run there.
        await live.RunAsync(["endless"], ct);
        for (var until = DateTime.UtcNow + CellRun.Patience; live.Cells["endless"].ExecutionCount is null && DateTime.UtcNow < until;) await Task.Delay(20, ct);
        var stopping = live.StopAsync();
        Assert.Equal(["second"], await live.RunAsync(["second"], ct));
        await stopping.WaitAsync(CellRun.Patience, ct);
        await live.Idle.WaitAsync(CellRun.Patience, ct);
        var again = live.Cells["second"];
        Assert.Equal((LiveState.Succeeded, 1), (again.State, again.ExecutionCount));
        Assert.DoesNotContain(again.Outputs!, o => o.Kind == LiveOutputKind.Failure);
        Assert.NotEqual(LiveState.Succeeded, live.Cells["endless"].State);
        await live.AnalyzeAsync([second], ct);
        Assert.Equal([], await live.RunStaleAsync(ct));
    }

    private (NotebookHost Host, NotebookPath Path) Make(string name, string text)
    {
        var folder = new NotebookFolder(Path.Combine(kernels.Folder, "notebooks-" + name));
        var path = NotebookPath.Parse(name);
        File.WriteAllText(Path.Combine(folder.Root, path.Text), text);
        // The pool is everybody's: a host would end it.
        return (new NotebookHost(folder, new FlowForge.Notebooks.Sessions.KernelPool(kernels.Pool.Options), new NotebookLimits()), path);
    }
}
