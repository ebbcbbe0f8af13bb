using System.Diagnostics;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Notebooks.Sessions.Files;
using FlowForge.Notebooks.Sessions.Headless;
using FlowForge.Orchestration.Notebooks;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;
using Microsoft.Extensions.DependencyInjection;

namespace FlowForge.Orchestration.Tests;

/// <summary>Notebooks as datasets and as jobs: run as activities in kernels of their own, with real files, server and lake.</summary>
public sealed class NotebookJobTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private const string Shop =
        """
        pipeline: shop
        parameters: { least: "15" }
        retry: { delay: 1s }
        ingest:
          orders: { source_type: file_local, format: csv, config: { path: orders.csv } }
        gold:
          big:
            notebook: reports/big
            result: big
            checks: [ { not_null: [id] } ]
        notebooks:
          note:
            notebook: reports/note
            parameters: { greeting: 'it''s "${param.least}"' }
        """;

    [Fact]
    public async Task RunAsync_NotebookAsDatasetAndJob_MakesTheTableFromThisRunsRows_AndKeepsTheExecutedCopies()
    {
        await using var runtime = await StartAsync();
        Assert.Equal(["ingest.orders", "gold.big", "notebook.note"], runtime.Services.GetRequiredService<PipelineReader>().Read(Shop, null, runtime.Base).Plan.Jobs.Select(j => j.Id));

        var run = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("shop") with { Parameters = new Dictionary<string, string> { ["least"] = "25" } }, None));
        Assert.True(run.State == RunState.Succeeded, string.Join("; ", runtime.Catalog.Runs.Jobs(run.RunId).Select(j => j.Error?.Message)));
        Assert.Equal(
            ["ingest.orders Succeeded 3 read = 3 loaded + 0 rejected + 0 deduplicated + 0 filtered ", "gold.big Succeeded 1 read = 1 loaded + 0 rejected + 0 deduplicated + 0 filtered ", "notebook.note Succeeded 0 read = 0 loaded + 0 rejected + 0 deduplicated + 0 filtered 3 cells ran"],
            runtime.Catalog.Runs.Jobs(run.RunId).Select(j => $"{j.JobId} {j.State} {j.Counts} {j.Note}"));
        Assert.Equal(["3|30|HUGEINT"], Rows(runtime, "gold.big", "id, amount, kind"));
        Assert.Equal("DECIMAL(38,0)", runtime.Lake.Table(TableName.Parse("gold.big")).Latest()!.Schema.Find("total")!.DuckType);

        var copies = runtime.Services.GetRequiredService<ExecutedNotebooks>();
        Assert.Equal(["gold.big", "notebook.note"], copies.JobsOf(run.RunId));
        var big = copies.Find(run.RunId, "gold.big")!;
        Assert.Equal(["parameters", "injected-parameters", "", ""], big.Cells.Select(c => c.Tags.Count > 0 ? c.Tags[0] : ""));
        Assert.Equal("least = 25;", big.Cells[1].Source);
        Assert.Contains("Kept 1 of 3", big.Cells[3].Outputs.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal($"succeeded gold.big reports/big {run.RunId}", $"{big.Metadata["flowforge"]!["run"]!["state"]} {big.Metadata["flowforge"]!["run"]!["job"]} {big.Metadata["flowforge"]!["run"]!["notebook"]} {big.Metadata["flowforge"]!["run"]!["run"]}");
        var note = copies.Find(run.RunId, "notebook.note")!;
        Assert.Equal("SET VARIABLE greeting = 'it''s \"25\"';", note.Cells[1].Source);
        Assert.Equal("it's \"25\"", note.Cells[2].Outputs[0]!["data"]!["application/vnd.flowforge.table+json"]!["rows"]![0]![0]!.ToString());
        // The notebook itself is as its author left it.
        Assert.Equal(3, new NotebookFolder(runtime.NotebookFolder).Read(NotebookPath.Parse("reports/big")).Cells.Count);
    }

    [Fact]
    public async Task RunAsync_CellFails_PublishesNothing_SaysWhichCell_AndRetryAfterTheRepairSucceeds()
    {
        await using var runtime = await StartAsync();
        Write(runtime, "reports/big", Sql("SELECT * FROM bronze.orders", "big"), CSharp("var n = 0;\nvar m = 1 / n;"));
        var failed = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("shop"), None));
        Assert.Equal(RunState.Failed, failed.State);
        var job = runtime.Catalog.Runs.Jobs(failed.RunId).Single(j => j.JobId == "gold.big");
        Assert.Equal("FF3241 Cell 2 of the notebook reports/big failed: System.DivideByZeroException: Attempted to divide by zero. (line 2)", $"{job.Error!.Code} {job.Error.Message}");
        Assert.Equal(1, job.Attempt);
        Assert.Null(runtime.Lake.Table(TableName.Parse("gold.big")).Latest());
        var copy = runtime.Services.GetRequiredService<ExecutedNotebooks>().Find(failed.RunId, "gold.big")!;
        Assert.Equal("failed", copy.Metadata["flowforge"]!["run"]!["state"]!.ToString());
        Assert.Contains("DivideByZero", copy.Cells[1].Outputs.ToJsonString(), StringComparison.Ordinal);

        Write(runtime, "reports/big", Sql("SELECT * FROM bronze.orders", "big"));
        Assert.Equal(failed.RunId, await runtime.Runs.RetryAsync(failed.RunId, None));
        var mended = await runtime.EndOfAsync(failed.RunId);
        Assert.True(mended.State == RunState.Succeeded, mended.Error?.Message);
        Assert.Equal(3, runtime.Lake.Table(TableName.Parse("gold.big")).Latest()!.Rows);
    }

    [Fact]
    public async Task RunAsync_KernelKilledInACell_TriesAgain_AndEachRowIsThereOnce()
    {
        await using var runtime = await StartAsync();
        // The first attempt marks itself and waits to be killed; the second goes through.
        Write(runtime, "reports/big", CSharp("var first = !System.IO.File.Exists(\"seen\");\nif (first) { System.IO.File.WriteAllText(\"seen.tmp\", System.Environment.ProcessId.ToString()); System.IO.File.Move(\"seen.tmp\", \"seen\"); System.Threading.Thread.Sleep(System.Threading.Timeout.Infinite); }"),
            Sql("SELECT * FROM bronze.orders", "big"));
        var runId = await runtime.Runs.StartAsync(StartRun.All("shop"), None);
        var seen = Path.Combine(runtime.Base, "seen");
        await UntilAsync(() => File.Exists(seen));
        using (var kernel = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(seen, None), System.Globalization.CultureInfo.InvariantCulture))) kernel.Kill();

        var run = await runtime.EndOfAsync(runId);
        Assert.True(run.State == RunState.Succeeded, run.Error?.Message);
        var job = runtime.Catalog.Runs.Jobs(runId).Single(j => j.JobId == "gold.big");
        Assert.Equal((2, 3L), (job.Attempt, runtime.Lake.Table(TableName.Parse("gold.big")).Latest()!.Rows));
        var first = runtime.Catalog.Runs.Attempts(runId, "gold.big").Single(a => a.Attempt == 1);
        Assert.StartsWith("Cell 1 of the notebook reports/big failed: Kernel died: The kernel process was killed or crashed (exit code 137).", first.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CancelAsync_WhileACellRuns_EndsTheKernel_AndKeepsTheCopy()
    {
        await using var runtime = await StartAsync();
        Write(runtime, "reports/note", CSharp("System.IO.File.WriteAllText(\"pid.tmp\", System.Environment.ProcessId.ToString()); System.IO.File.Move(\"pid.tmp\", \"pid\");"), CSharp("while (true) { }"));
        runtime.Put(Shop.Replace("parameters: { greeting: 'it''s \"${param.least}\"' }", "description: endless", StringComparison.Ordinal));
        var runId = await runtime.Runs.StartAsync(StartRun.All("shop"), None);
        await runtime.UntilAsync(() => runtime.Catalog.Runs.Job(runId, "notebook.note")?.Phase == "cell 2 of 2", "the second cell");
        await runtime.Runs.CancelAsync(runId, None);
        var run = await runtime.EndOfAsync(runId);
        Assert.Equal((RunState.Cancelled, RunState.Cancelled), (run.State, runtime.Catalog.Runs.Job(runId, "notebook.note")!.State));
        Assert.Equal("cancelled", runtime.Services.GetRequiredService<ExecutedNotebooks>().Find(runId, "notebook.note")!.Metadata["flowforge"]!["run"]!["state"]!.ToString());
        var process = int.Parse(await File.ReadAllTextAsync(Path.Combine(runtime.Base, "pid"), None), System.Globalization.CultureInfo.InvariantCulture);
        await UntilAsync(() => !Directory.Exists($"/proc/{process}") || !OperatingSystem.IsLinux());
    }

    [Fact]
    public void Read_NotebookIsNotThereOrHasNoSuchParameter_SaysSoWithPlace()
    {
        var folder = Directory.CreateTempSubdirectory("ff-notebook-jobs-").FullName;
        WriteAll(Path.Combine(folder, "notebooks"));
        SqlReferenceReader sql = text => [.. SqlReferences.Tables(text).Select(t => new SqlReference(t.Schema, t.Table))];
        var reader = new PipelineReader(new LakeStore(Path.Combine(folder, "lake")), sql, () => new PipelineEnvironment(), new NotebookSources(new NotebookFolder(Path.Combine(folder, "notebooks")), sql));
        var reading = reader.Read(
            """
            pipeline: bad
            gold:
              a: { notebook: reports/bog }
              b: { notebook: reports/big, parameters: { lest: 3 }, sql: SELECT 1 }
            notebooks:
              c: { notebook: ../../etc/passwd }
              d: { notebook: reports/note, result: x }
              e: { }
              f: { notebook: reports/big, parameters: { least: many } }
            """, null, folder);
        Directory.Delete(folder, recursive: true);
        Assert.Equal(
            ["FF1508 gold.a.notebook 3 The notebook 'reports/bog' of gold.a cannot be read: There is no notebook reports/bog.ipynb.",
             "FF1312 gold.b.sql 4 The dataset has both notebook and sql.",
             "FF1509 gold.b.parameters.lest 4 gold.b: The notebook has no parameter 'lest'. It has: least.",
             "FF1502 gold.b.notebook 4 gold.b reads bronze.orders, which no job makes and the lake does not have.",
             "FF1508 notebooks.c.notebook 6 The notebook '../../etc/passwd' of notebooks.c cannot be read: '..' cannot be part of a name: no dot in front, no dot or blank at an end.",
             "FF1101 notebooks.d.result 7 A notebook job has no field 'result'.",
             "FF1103 notebooks.e.notebook 8 A notebook job needs 'notebook'.",
             "FF1509 notebooks.f.parameters.least 9 notebooks.f: The parameter least of the notebook is a whole number (its cell says 5); 'many' is not.",
             "FF1502 notebooks.f.notebook 9 notebook.f reads bronze.orders, which no job makes and the lake does not have."],
            reading.Diagnostics.OrderBy(d => d.Line).Select(d => $"{d.Code} {d.Path} {d.Line} {d.Message}"));
    }

    private static async Task<RuntimeFixture> StartAsync()
    {
        var runtime = await RuntimeFixture.StartAsync();
        runtime.WriteFile("orders.csv", "id,amount\n1,10\n2,20\n3,30\n");
        WriteAll(runtime.NotebookFolder);
        runtime.Put(Shop);
        return runtime;
    }

    private static void WriteAll(string folder)
    {
        Write(folder, "reports/big",
            Tagged(CSharp("int least = 5; // rows from here on")),
            Sql("SELECT *, sum(amount) OVER () AS total, typeof(sum(amount) OVER ()) AS kind FROM bronze.orders WHERE amount >= getvariable('least')", "big"),
            CSharp("Display($\"Kept {big.Count()} of {Sql(\"FROM bronze.orders\").Count()}\");"));
        Write(folder, "reports/note", Tagged(Sql("SET VARIABLE greeting = 'hello';")), Sql("SELECT getvariable('greeting') AS said"));
    }

    private static (NotebookCellKind Kind, string Source, string? Name, bool Tagged) Sql(string source, string? name = null) => (NotebookCellKind.Sql, source, name, false);

    private static (NotebookCellKind Kind, string Source, string? Name, bool Tagged) CSharp(string source) => (NotebookCellKind.CSharp, source, null, false);

    private static (NotebookCellKind Kind, string Source, string? Name, bool Tagged) Tagged((NotebookCellKind Kind, string Source, string? Name, bool Tagged) cell) => cell with { Tagged = true };

    private static void Write(RuntimeFixture runtime, string path, params (NotebookCellKind Kind, string Source, string? Name, bool Tagged)[] cells) => Write(runtime.NotebookFolder, path, cells);

    private static void Write(string folder, string path, params (NotebookCellKind Kind, string Source, string? Name, bool Tagged)[] cells)
    {
        var document = NotebookDocument.Create();
        foreach (var (kind, source, name, tagged) in cells)
        {
            var cell = document.Insert(kind, source);
            if (name is not null) cell.ResultName = name;
            cell.SetTag(NotebookParameters.Tag, tagged);
        }
        new NotebookFolder(folder).Write(NotebookPath.Parse(path), document);
    }

    private static List<string> Rows(RuntimeFixture runtime, string table, string columns)
    {
        using var database = DuckDatabase.Open(new DuckOptions { Threads = 1 });
        using var session = database.Connect();
        return [.. session.Rows($"SELECT {columns} FROM {runtime.Lake.Table(TableName.Parse(table)).Latest()!.ScanSql()} ORDER BY ALL").Select(r => string.Join('|', r))];
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        while (!condition()) await Task.Delay(50, patience.Token);
    }
}
