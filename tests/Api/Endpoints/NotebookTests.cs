using System.Net;
using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

[Collection(RuntimeCollection.Name)]
public sealed class NotebookTests(TestRuntime runtime)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly FlowForgeClient client = runtime.Client;
    private readonly CancellationToken ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_CreatedSavedRenamedCopiedDeletedRestored_AreWhatTheyAre()
    {
        var made = await client.CreateNotebookAsync(new CreateNotebook("files/first"), ct);
        Assert.Equal(("files/first.ipynb", "first", "csharp"), (made.Path, made.Title, made.Language));
        Assert.Equal([(NotebookCellKind.Sql, "", "result_1")], made.Cells.Select(c => (c.Kind, c.Source, c.ResultName!)));
        Assert.Equal(NotebookKernelState.None, made.Kernel.State);

        var taken = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.CreateNotebookAsync(new CreateNotebook("files/first.ipynb"), ct));
        Assert.Equal((HttpStatusCode.Conflict, "There is a notebook files/first.ipynb already."), (taken.Status!.Value, taken.Message));

        var cells = new NotebookCellText[] { new("a1", NotebookCellKind.Markdown, "# Hello"), new(made.Cells[0].Id, NotebookCellKind.Sql, "SELECT 1 AS one", "one"), new("b2", NotebookCellKind.Csharp, "1 + 1", Folded: true) };
        var saved = await client.SaveNotebookAsync(made.Path, new SaveNotebook(made.Revision, cells, Automatic: true), ct);
        var read = await client.NotebookAsync(made.Path, ct);
        Assert.Equal((saved.Revision, true), (read.Revision, read.Automatic));
        Assert.Equal(cells.Select(c => (c.Id, c.Kind, c.Source, c.ResultName, c.Folded)), read.Cells.Select(c => (c.Id, c.Kind, c.Source, c.ResultName, c.Folded)));

        Assert.Equal("files/second.ipynb", (await client.RenameNotebookAsync(made.Path, "files/second", ct)).Path);
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.NotebookAsync(made.Path, ct))).Status);
        Assert.Equal("files/second 2.ipynb", (await client.DuplicateNotebookAsync("files/second", "files/second", ct)).Path);
        Assert.Equal(["files/second 2.ipynb", "files/second.ipynb"], (await client.NotebooksAsync("FILES/", ct)).Select(n => n.Path));

        var trashed = await client.DeleteNotebookAsync("files/second", ct);
        Assert.Equal(["files/second 2.ipynb"], (await client.NotebooksAsync("files/", ct)).Select(n => n.Path));
        Assert.Contains(await client.NotebookTrashAsync(ct), t => t.Id == trashed.Id && t.Path == "files/second.ipynb");
        Assert.Equal("files/second.ipynb", (await client.RestoreNotebookAsync(trashed.Id, ct)).Path);
        Assert.Equal(saved.Revision, (await client.NotebookAsync("files/second", ct)).Revision);
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.RestoreNotebookAsync(trashed.Id, ct))).Status);
    }

    [Fact]
    public async Task Save_ChangedOnDisk_IsAConflictUntilItIsForced()
    {
        var made = await client.CreateNotebookAsync(new CreateNotebook("conflict"), ct);
        var file = Path.Combine(runtime.Workspace, "notebooks", "conflict.ipynb");
        var text = await File.ReadAllTextAsync(file, ct);
        await File.WriteAllTextAsync(file, text.Replace("\"source\": []", "\"source\": [\"SELECT 'jupyter'\"]"), ct);

        var mine = new SaveNotebook(made.Revision, [new(made.Cells[0].Id, NotebookCellKind.Sql, "SELECT 'mine'", "result_1")]);
        var conflict = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.SaveNotebookAsync(made.Path, mine, ct));
        Assert.Equal((HttpStatusCode.Conflict, "FF6010", "conflict.ipynb was changed on disk since it was opened here, by another window or another program."), (conflict.Status!.Value, conflict.Problem.Code, conflict.Message));
        Assert.Equal("SELECT 'jupyter'", (await client.NotebookAsync(made.Path, ct)).Cells[0].Source);

        await client.SaveNotebookAsync(made.Path, mine with { Revision = null }, ct);
        Assert.Equal("SELECT 'mine'", (await client.NotebookAsync(made.Path, ct)).Cells[0].Source);
    }

    [Theory]
    [InlineData("../out", "'..' cannot be part of a name: no dot in front, no dot or blank at an end.")]
    [InlineData("a//b", "The name has an empty folder in it.")]
    [InlineData(".hidden", "'.hidden' cannot be part of a name: no dot in front, no dot or blank at an end.")]
    [InlineData("a:b", "The name has the character ':', which files cannot have everywhere.")]
    [InlineData(".ipynb", "The notebook needs a name.")]
    public async Task Create_PathThatIsNone_SaysWhy(string path, string message) =>
        Assert.Equal((HttpStatusCode.BadRequest, message), await Assert.ThrowsAsync<FlowForgeApiException>(() => client.CreateNotebookAsync(new CreateNotebook(path), ct)) is var e ? (e.Status!.Value, e.Message) : default);

    [Fact]
    public async Task Open_OverALink_IsRefused()
    {
        var outside = Directory.CreateTempSubdirectory("flowforge-outside-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(runtime.Workspace, "notebooks"));
            await File.WriteAllTextAsync(Path.Combine(outside, "secret.ipynb"), "{}", ct);
            File.CreateSymbolicLink(Path.Combine(runtime.Workspace, "notebooks", "linked"), outside);
            var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.NotebookAsync("linked/secret", ct));
            Assert.Equal((HttpStatusCode.Forbidden, "linked/secret.ipynb goes over a link, and those are not followed."), (refused.Status!.Value, refused.Message));
            Assert.DoesNotContain(await client.NotebooksAsync(ct: ct), n => n.Path.StartsWith("linked", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(Path.Combine(runtime.Workspace, "notebooks", "linked"));
            Directory.Delete(outside, recursive: true);
        }
    }

    [Fact]
    public async Task Run_SqlAndCSharp_StreamsOutputsAndKeepsThemInTheFile()
    {
        NotebookCellText[] cells =
        [
            new("s1", NotebookCellKind.Sql, "SELECT id, customer FROM bronze.orders ORDER BY id", "orders"),
            new("c1", NotebookCellKind.Csharp, "Console.WriteLine($\"{orders.Count()} rows\");\nvar late = orders.Take(3).ToList();\nlate.Count"),
            new("s2", NotebookCellKind.Sql, "SELECT count(*) AS n FROM orders WHERE id > 90", "few"),
            new("m1", NotebookCellKind.Markdown, "text"),
        ];
        var made = await client.CreateNotebookAsync(new CreateNotebook("run", cells), ct);
        await using var watch = await Watching.BeginAsync(client, made.Path);

        Assert.Equal(["s1", "c1", "s2"], (await client.RunNotebookAsync(made.Path, new RunNotebook(), ct)).Ids);
        await watch.UntilAsync(w => w.State("s2") is NotebookCellState.Succeeded or NotebookCellState.Failed, Patience);

        var table = Assert.Single(watch.Outputs("s1")).Table!;
        Assert.Equal(["bronze.orders@1"], table.Reads);
        Assert.Equal([new NotebookColumn("id", "BIGINT"), new("customer", "VARCHAR")], table.Columns);
        Assert.Equal("[0,\"customer 0\"]", JsonSerializer.Serialize(table.Rows[0]));
        Assert.Equal(95, table.Total);
        Assert.Equal("95 rows\n", watch.Outputs("c1")[0].Text);
        Assert.Equal("3", watch.Outputs("c1")[1].Content!["text/plain"]);
        Assert.Equal("[4]", JsonSerializer.Serialize(watch.Outputs("s2")[0].Table!.Rows[0]));

        var page = await client.NotebookRowsAsync(made.Path, table.Result!, new NotebookRowsQuery(1, 2, "id", Descending: true, Filter: "id < 50 and customer contains '4'"), ct);
        Assert.Equal("""[[48,"customer 48"],[47,"customer 47"]]""", JsonSerializer.Serialize(page.Rows));
        Assert.Equal(14, (await client.NotebookCountAsync(made.Path, table.Result!, "id < 50 and customer contains '4'", ct)).Total);

        var again = await client.NotebookAsync(made.Path, ct);
        Assert.Equal([NotebookCellState.Succeeded, NotebookCellState.Succeeded, NotebookCellState.Succeeded, NotebookCellState.Idle], again.Cells.Select(c => c.State));
        Assert.Equal(table.Result, again.Cells[0].Outputs[0].Table!.Result);
        await client.StopKernelAsync(made.Path, ct);
        var closed = await client.NotebookAsync(made.Path, ct);
        Assert.Equal((NotebookKernelState.None, null, 95L), (closed.Kernel.State, closed.Cells[0].Outputs[0].Table!.Result, closed.Cells[0].Outputs[0].Table!.Total!.Value));
        Assert.Equal(made.Revision, closed.Revision);
    }

    [Fact]
    public async Task Run_CellThatFails_StopsTheRestAndNamesTheLine()
    {
        NotebookCellText[] cells = [new("a", NotebookCellKind.Csharp, "var x = 1;\nthrow new Exception(\"no\");"), new("b", NotebookCellKind.Csharp, "x")];
        var made = await client.CreateNotebookAsync(new CreateNotebook("fails", cells), ct);
        await using var watch = await Watching.BeginAsync(client, made.Path);
        await client.RunNotebookAsync(made.Path, new RunNotebook(), ct);
        await watch.UntilAsync(w => w.State("a") is NotebookCellState.Failed && w.State("b") is NotebookCellState.Idle, Patience);
        Assert.Equal("not run, because a cell before it failed", watch.Cells["b"].Note);
        var failure = Assert.Single(watch.Outputs("a")).Failure!;
        Assert.Equal(("System.Exception", "no", 2), (failure.Kind, failure.Message, failure.Line!.Value));
        await client.StopKernelAsync(made.Path, ct);
    }

    [Fact]
    public async Task Kernel_InterruptedRestartedKilled_TheNotebookLives()
    {
        NotebookCellText[] cells = [new("loop", NotebookCellKind.Csharp, "Console.WriteLine(\"in\"); while (true) { }"), new("exit", NotebookCellKind.Csharp, "Environment.Exit(3);"), new("ok", NotebookCellKind.Sql, "SELECT 42 AS x")];
        var made = await client.CreateNotebookAsync(new CreateNotebook("lives", cells), ct);
        await using var watch = await Watching.BeginAsync(client, made.Path);
        await client.RunNotebookAsync(made.Path, new RunNotebook(["loop", "ok"]), ct);
        await watch.UntilAsync(w => w.Outputs("loop").Count > 0, Patience);
        Assert.Equal(NotebookKernelState.Busy, watch.Kernel!.State);
        var first = watch.Kernel.ProcessId;
        await client.InterruptKernelAsync(made.Path, ct);
        await watch.UntilAsync(w => w.State("loop") is NotebookCellState.Interrupted && w.State("ok") is NotebookCellState.Idle, Patience);
        Assert.Equal(first, (await client.StartKernelAsync(made.Path, ct)).ProcessId);

        await client.RunNotebookAsync(made.Path, new RunNotebook(["exit"]), ct);
        await watch.UntilAsync(w => w.State("exit") is NotebookCellState.Failed && w.Kernel is { State: NotebookKernelState.Idle, Message: not null }, Patience);
        Assert.Equal("The cell ended the kernel process with exit code 3 (Environment.Exit or the like). Variables and results are gone; a new kernel is ready for the next cell.", watch.Kernel!.Message);
        Assert.Equal("Kernel died", watch.Outputs("exit")[^1].Failure!.Kind);

        await client.RunNotebookAsync(made.Path, new RunNotebook(["ok"]), ct);
        await watch.UntilAsync(w => w.State("ok") is NotebookCellState.Succeeded, Patience);
        await client.RestartKernelAsync(made.Path, ct);
        await watch.UntilAsync(w => w.State("ok") is NotebookCellState.Idle && w.Outputs("ok")[0].Table!.Result is null, Patience);
        Assert.Equal(NotebookKernelState.None, (await client.StopKernelAsync(made.Path, ct)).State);
    }

    [Fact]
    public async Task Analyze_CellsOfBothLanguages_KnowsWhatDependsAndWhatIsStale()
    {
        NotebookCellText[] cells =
        [
            new("a", NotebookCellKind.Sql, "SELECT region, total FROM gold.totals", "totals"),
            new("b", NotebookCellKind.Csharp, "var sum = totals.Sum(r => r.Get<decimal>(\"total\"));"),
            new("c", NotebookCellKind.Csharp, "record City(string Name); var cities = new[] { new City(\"Kiel\") };"),
            new("d", NotebookCellKind.Sql, "SELECT c.Name, t.total FROM cities c, TOTALS t", "both"),
        ];
        var made = await client.CreateNotebookAsync(new CreateNotebook("graph", cells), ct);
        var graph = await client.AnalyzeNotebookAsync(made.Path, new AnalyzeNotebook(cells), ct);
        Assert.Equal(["", "a", "", "c,a"], graph.Cells.Select(c => string.Join(',', c.DependsOn)));
        Assert.Equal(["totals", "sum", "City,cities", "both"], graph.Cells.Select(c => string.Join(',', c.Writes)));
        Assert.Equal(["gold.totals"], graph.Cells[0].Tables);
        Assert.All(graph.Cells, c => Assert.Null(c.Problem));
        Assert.Empty(graph.Stale);

        await using var watch = await Watching.BeginAsync(client, made.Path);
        await client.RunNotebookAsync(made.Path, new RunNotebook(Cells: cells), ct);
        await watch.UntilAsync(w => w.State("d") is NotebookCellState.Succeeded, Patience);
        var changed = cells.Select(c => c.Id == "a" ? c with { Source = "SELECT region, total * 2 AS total FROM gold.totals" } : c).ToArray();
        Assert.Equal(["a", "b", "d"], (await client.AnalyzeNotebookAsync(made.Path, new AnalyzeNotebook(changed), ct)).Stale);
        Assert.Equal(["a", "b", "d"], (await client.RunNotebookAsync(made.Path, new RunNotebook(Cells: changed, Stale: true), ct)).Ids);
        await watch.UntilAsync(w => w.Graph is { Stale.Count: 0 } && w.State("d") is NotebookCellState.Succeeded, Patience);

        var twice = await client.AnalyzeNotebookAsync(made.Path, new AnalyzeNotebook([cells[0], cells[1] with { Source = "var cities = 1;" }, cells[2]]), ct);
        Assert.Equal([null, "'cities' is also defined by cell 3: give one of them another name.", "'cities' is also defined by cell 2: give one of them another name."], twice.Cells.Select(c => c.Problem));
        var circle = await client.AnalyzeNotebookAsync(made.Path, new AnalyzeNotebook([new("x", NotebookCellKind.Sql, "FROM two", "one"), new("y", NotebookCellKind.Sql, "FROM one", "two")]), ct);
        Assert.All(circle.Cells, c => Assert.Equal("Cells 1 → 2 → 1 read each other in a circle: break it by giving a result another name.", c.Problem));
        await client.StopKernelAsync(made.Path, ct);
    }

    [Fact]
    public async Task Run_Automatic_RunsWhatDependsToo()
    {
        NotebookCellText[] cells = [new("a", NotebookCellKind.Csharp, "var n = 1;"), new("b", NotebookCellKind.Csharp, "n + 1"), new("c", NotebookCellKind.Csharp, "\"alone\"")];
        var made = await client.CreateNotebookAsync(new CreateNotebook("automatic", cells), ct);
        await client.SaveNotebookAsync(made.Path, new SaveNotebook(made.Revision, cells, Automatic: true), ct);
        await using var watch = await Watching.BeginAsync(client, made.Path);
        Assert.Equal(["a"], (await client.RunNotebookAsync(made.Path, new RunNotebook(["a"], cells), ct)).Ids);
        await watch.UntilAsync(w => w.State("b") is NotebookCellState.Succeeded, Patience);
        var changed = cells.Select(c => c.Id == "a" ? c with { Source = "var n = 41;" } : c).ToArray();
        await client.RunNotebookAsync(made.Path, new RunNotebook(["a"], changed), ct);
        await watch.UntilAsync(w => w.Outputs("b") is [{ Content: { } content }] && content["text/plain"] == "42", Patience);
        Assert.False(watch.Cells.ContainsKey("c"));
        await client.StopKernelAsync(made.Path, ct);
    }

    [Fact]
    public async Task Editor_Asks_AndIsAnsweredWithoutRunning()
    {
        var made = await client.CreateNotebookAsync(new CreateNotebook("editor"), ct);
        var sql = "SELECT o.cu FROM bronze.orders o";
        var columns = await client.CompleteAsync(made.Path, new NotebookQuestion(NotebookCellKind.Sql, sql, 11), ct);
        Assert.Equal([("customer", "VARCHAR")], columns.Items.Select(i => (i.Text, i.Detail!)));
        Assert.Contains((await client.CompleteAsync(made.Path, new NotebookQuestion(NotebookCellKind.Sql, "FROM gold.", 10), ct)).Items, i => i.Text == "totals");
        Assert.Contains((await client.CompleteAsync(made.Path, new NotebookQuestion(NotebookCellKind.Csharp, "Console.WriteL", 14), ct)).Items, i => i.Text == "WriteLine");

        var finding = Assert.Single(await client.DiagnoseAsync(made.Path, new NotebookQuestion(NotebookCellKind.Sql, "SELECT nix\nFROM bronze.orders"), ct));
        Assert.Equal((DiagnosticLevel.Error, "Binder Error", 1, 8, 11), (finding.Level, finding.Code, finding.Line, finding.Column, finding.EndColumn));
        Assert.Equal(["CS0103"], (await client.DiagnoseAsync(made.Path, new NotebookQuestion(NotebookCellKind.Csharp, "nix + 1"), ct)).Select(f => f.Code));
        Assert.Empty(await client.DiagnoseAsync(made.Path, new NotebookQuestion(NotebookCellKind.Csharp, "var a = Lake.Tables(); a.Count"), ct));

        Assert.Equal("string string.Substring(int startIndex)", (await client.HoverAsync(made.Path, new NotebookQuestion(NotebookCellKind.Csharp, "\"a\".Substring(1)", 6), ct)).Text);
        var call = await client.SignaturesAsync(made.Path, new NotebookQuestion(NotebookCellKind.Csharp, "\"a\".Substring(1, ", 17), ct);
        Assert.Equal(["string string.Substring(int startIndex)", "string string.Substring(int startIndex, int length)"], call.Signatures.Select(s => s.Label));
        Assert.Equal((1, 1), (call.Active, call.ActiveParameter));
        await client.StopKernelAsync(made.Path, ct);
    }

    [Fact]
    public async Task Profile_AndChart_AreOverAllRows()
    {
        var made = await client.CreateNotebookAsync(new CreateNotebook("profile", [new("s", NotebookCellKind.Sql, "SELECT id, customer, amount, day, express FROM bronze.orders", "orders")]), ct);
        await using var watch = await Watching.BeginAsync(client, made.Path);
        await client.RunNotebookAsync(made.Path, new RunNotebook(), ct);
        await watch.UntilAsync(w => w.State("s") is NotebookCellState.Succeeded, Patience);
        var profile = await client.NotebookProfileAsync(made.Path, watch.Outputs("s")[0].Table!.Result!, ct);
        Assert.Equal(95, profile.Rows);
        var id = profile.Columns[0];
        Assert.Equal(("id", 0L, "0", "94", 47d, 95L), (id.Name, id.Nulls, id.Min, id.Max, id.Mean!.Value, id.Bars.Sum(b => b.Rows)));
        Assert.Equal(("2024-01-01", "2024-04-04"), (profile.Columns[3].Min, profile.Columns[3].Max));
        Assert.Equal((10L, 2L), (profile.Columns[4].Nulls, profile.Columns[4].Distinct));
        Assert.Equal([("false", 57L), ("true", 28L)], profile.Columns[4].Bars.Select(b => (b.Label, b.Rows)));

        var chart = await client.NotebookChartAsync(made.Path, new NotebookChart { Source = "orders", X = "express", Y = "amount", Aggregate = "sum", Sort = "x" }, ct);
        Assert.Equal(["[false,true,null]", "[4060.5,1962,675]"], chart.Values.Select(v => v.GetRawText()));
        Assert.Equal("The chart has no x.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.NotebookChartAsync(made.Path, new NotebookChart { Source = "orders" }, ct))).Message);
        await client.StopKernelAsync(made.Path, ct);
    }

    [Fact]
    public async Task Promote_CellWithWhatItDependsOn_ShowsTheTextAndThePlan()
    {
        NotebookCellText[] cells =
        [
            new("a", NotebookCellKind.Sql, "SELECT id, amount FROM bronze.orders -- all\n;", "orders"),
            new("b", NotebookCellKind.Sql, "WITH big AS (SELECT * FROM orders WHERE amount > 10)\nSELECT count(*) AS n FROM big", "big_orders"),
            new("c", NotebookCellKind.Csharp, "var xs = new[] { 1 };"),
            new("d", NotebookCellKind.Sql, "SELECT * FROM xs", "from_code"),
        ];
        var made = await client.CreateNotebookAsync(new CreateNotebook("promote", cells), ct);
        var text = "# kept\npipeline: promoted # so\nsilver:\n    first:\n        sql: SELECT 1 AS one\n\n# the end\n";
        await client.PutPipelineAsync("promoted", new PutPipeline(text), ct);
        var preview = await client.PromoteCellAsync(made.Path, new PromoteCell("b", "promoted", TableLayer.Silver, "big_orders", cells), ct);
        Assert.Equal((text, 1), (preview.Before, preview.BaseVersion));
        Assert.Equal("""
            # kept
            pipeline: promoted # so
            silver:
                first:
                    sql: SELECT 1 AS one
                big_orders:
                    sql: |
                        WITH "orders" AS (
                        SELECT id, amount FROM bronze.orders -- all
                        )
                        SELECT * FROM (
                        WITH big AS (SELECT * FROM orders WHERE amount > 10)
                        SELECT count(*) AS n FROM big
                        )

            # the end

            """.ReplaceLineEndings("\n"), preview.After);
        Assert.DoesNotContain(preview.Validation.Diagnostics, d => d.Level == DiagnosticLevel.Error);
        Assert.Equal(["silver.first", "silver.big_orders"], preview.Validation.Plan!.Jobs.Select(j => j.Id));
        Assert.Equal(1, (await client.PipelineAsync("promoted", ct: ct)).Version);

        var fresh = await client.PromoteCellAsync(made.Path, new PromoteCell("a", "brand_new", TableLayer.Gold, "orders", cells), ct);
        Assert.Equal(("", "pipeline: brand_new\ngold:\n  orders:\n    sql: |\n      SELECT id, amount FROM bronze.orders -- all\n"), (fresh.Before, fresh.After));
        Assert.True(fresh.Validation.Valid);

        Assert.Equal("The pipeline promoted makes silver.first already.", await RefusedAsync(new PromoteCell("a", "promoted", TableLayer.Silver, "first", cells)));
        Assert.Equal("The cell reads 'xs' of a cell that is no named SELECT; a table's SQL can read tables and SQL cells alone.", await RefusedAsync(new PromoteCell("d", "promoted", TableLayer.Gold, "x", cells)));
        await client.StopKernelAsync(made.Path, ct);

        async Task<string> RefusedAsync(PromoteCell body) => (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PromoteCellAsync(made.Path, body, ct))).Message;
    }

    [Fact]
    public async Task PromoteNotebook_AsDatasetOrJob_ShowsTheTextAndThePlan_AndRefusesWhatCannotBe()
    {
        NotebookCellText[] cells =
        [
            new("p", NotebookCellKind.Csharp, "var least = 5;", Parameters: true),
            new("s", NotebookCellKind.Sql, "SELECT range AS n FROM range(10) WHERE range >= getvariable('least')", "kept"),
        ];
        var made = await client.CreateNotebookAsync(new CreateNotebook("reports/whole", cells), ct);
        Assert.Equal([true, false], (await client.NotebookAsync(made.Path, ct)).Cells.Select(c => c.Parameters));
        var offer = await client.NotebookOfferAsync(made.Path, ct);
        Assert.Equal([new NotebookParameter("least", "integer", "5")], offer.Parameters);
        Assert.Equal(["kept"], offer.Results);

        var text = "# kept\npipeline: whole # so\ngold:\n  first: SELECT 1 AS one # short\n";
        await client.PutPipelineAsync("whole", new PutPipeline(text), ct);
        var preview = await client.PromoteNotebookAsync(made.Path, new PromoteNotebook("whole", TableLayer.Gold, "numbers", "kept", new Dictionary<string, string> { ["least"] = "7" }, "0 6 * * *"), ct);
        Assert.Equal("""
            # kept
            pipeline: whole # so
            gold:
              first: SELECT 1 AS one # short
              numbers:
                notebook: reports/whole
                result: kept
                parameters:
                  least: '7'
            schedule:
              cron: '0 6 * * *'

            """.ReplaceLineEndings("\n"), preview.After);
        Assert.Equal((text, 1, true), (preview.Before, preview.BaseVersion, preview.Validation.Valid));
        Assert.Equal(["gold.first", "gold.numbers"], preview.Validation.Plan!.Jobs.Select(j => j.Id));
        var job = await client.PromoteNotebookAsync(made.Path, new PromoteNotebook("fresh", null, "note"), ct);
        Assert.Equal("pipeline: fresh\nnotebooks:\n  note:\n    notebook: reports/whole\n", job.After);
        Assert.Equal([(JobKind.Notebook, "notebook.note", (string?)null)], job.Validation.Plan!.Jobs.Select(j => (j.Kind, j.Id, j.Writes)));
        Assert.Equal("The pipeline whole has gold.first already.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PromoteNotebookAsync(made.Path, new PromoteNotebook("whole", TableLayer.Gold, "first"), ct))).Message);
        Assert.Equal("'A b' cannot be a job.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PromoteNotebookAsync(made.Path, new PromoteNotebook("whole", null, "A b"), ct))).Message);
        Assert.Contains("has no parameter 'lest'. It has: least.", Assert.Single((await client.PromoteNotebookAsync(made.Path, new PromoteNotebook("fresh", null, "note", Parameters: new Dictionary<string, string> { ["lest"] = "1" }), ct)).Validation.Diagnostics).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Executed_NotebookOfARun_IsReadAndCopied()
    {
        var folder = Directory.CreateDirectory(Path.Combine(runtime.Folder, "executed", SampleCatalog.Succeeded)).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "gold.totals.ipynb"), """
            {"cells":[
              {"cell_type":"code","id":"p","metadata":{"tags":["parameters"]},"execution_count":1,"outputs":[],"source":"var least = 5;"},
              {"cell_type":"code","id":"i","metadata":{"tags":["injected-parameters"]},"execution_count":2,"outputs":[],"source":"least = 7;"},
              {"cell_type":"code","id":"s","metadata":{"flowforge":{"language":"sql","result":"kept"}},"execution_count":3,"source":"SELECT 7 AS n","outputs":[
                {"output_type":"execute_result","execution_count":3,"metadata":{},"data":{"application/vnd.flowforge.table+json":{"columns":[{"name":"n","type":"INTEGER"}],"rows":[[7]],"total":1},"text/plain":"7"}}]}],
             "metadata":{"flowforge":{"run":{"run":"run_ok","job":"gold.totals","attempt":2,"notebook":"reports/whole","state":"succeeded","parameters":{"least":"7"},"started":"2024-05-06T07:08:09Z","seconds":1.5}}},"nbformat":4,"nbformat_minor":5}
            """, ct);
        var executed = await client.ExecutedNotebookAsync(SampleCatalog.Succeeded, "gold.totals", ct);
        Assert.Equal(("reports/whole", "succeeded", 2, "7", 1.5, new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero)), (executed.Source, executed.State, executed.Attempt, executed.Parameters["least"], executed.Seconds, executed.StartedAt));
        Assert.Equal([("var least = 5;", true, NotebookCellKind.Csharp), ("least = 7;", false, NotebookCellKind.Csharp), ("SELECT 7 AS n", false, NotebookCellKind.Sql)], executed.Cells.Select(c => (c.Source, c.Parameters, c.Kind)));
        Assert.Equal("7", executed.Cells[2].Outputs.Single().Table!.Rows.Single()[0].ToString());
        Assert.Contains("\"injected-parameters\"", await client.ExecutedNotebookFileAsync(SampleCatalog.Succeeded, "gold.totals", ct), StringComparison.Ordinal);
        var copy = await client.CopyExecutedNotebookAsync(SampleCatalog.Succeeded, "gold.totals", ct);
        Assert.Equal("runs/gold.totals run_ok.ipynb", copy.Path);
        Assert.Equal(3, (await client.NotebookAsync(copy.Path, ct)).Cells.Count);
        foreach (var (run, job) in new[] { (SampleCatalog.Succeeded, "ingest.orders"), ("run_none", "gold.totals") })
            Assert.Equal(("FF6007", $"The job {job} of {run} has executed no notebook."), await RefusedAsync(run, job));

        // By default copies stay a year; this one is older, and still the newest of its job.
        var file = Path.Combine(folder, "gold.totals.ipynb");
        var other = Path.Combine(Directory.CreateDirectory(Path.Combine(runtime.Folder, "executed", "run_of_old")).FullName, "gold.totals.ipynb");
        File.Copy(file, other);
        foreach (var old in new[] { file, other }) File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-400));
        var report = await client.ExecutedNotebooksAsync(ct);
        Assert.Equal((365, 2L, 1L, "run_of_old", "gold.totals"), (report.Days, report.Copies, report.GoingCopies, Assert.Single(report.Going).Run, report.Going[0].Job));
        Assert.Equal(("the newest of its job", 1L), (Assert.Single(report.Kept).Reason, report.Kept[0].Files));
        Assert.True(File.Exists(other));
        Assert.Equal(report with { Going = [], Kept = [] }, await client.CleanExecutedNotebooksAsync(ct) with { Going = [], Kept = [] });
        Assert.Equal((true, false), (File.Exists(file), File.Exists(other)));
        Assert.Contains((await client.AuditAsync(ct: ct)), a => a is { By: "API", Action: "remove executed notebooks", Subject: "notebooks" } && a.Detail.EndsWith("executed more than 365 days ago: run_of_old/gold.totals", StringComparison.Ordinal));

        async Task<(string?, string)> RefusedAsync(string run, string job)
        {
            var e = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.ExecutedNotebookAsync(run, job, ct));
            return (e.Problem.Code, e.Message);
        }
    }

    [Fact]
    public async Task Export_Html_HoldsTextAndOutputsAndNothingThatRuns()
    {
        NotebookCellText[] cells = [new("m", NotebookCellKind.Markdown, "# Report <script>alert(1)</script>\n[x](javascript:alert(1))"), new("s", NotebookCellKind.Sql, "SELECT '<b>' AS x", "r")];
        var made = await client.CreateNotebookAsync(new CreateNotebook("export", cells), ct);
        await using var watch = await Watching.BeginAsync(client, made.Path);
        await client.RunNotebookAsync(made.Path, new RunNotebook(), ct);
        await watch.UntilAsync(w => w.State("s") is NotebookCellState.Succeeded, Patience);
        var html = await client.ExportNotebookAsync(made.Path, "html", ct);
        Assert.Contains("<td>&lt;b&gt;</td>", html, StringComparison.Ordinal);
        Assert.Contains("1 of 1 rows", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("javascript:", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\"nbformat\": 4", await client.ExportNotebookAsync(made.Path, "ipynb", ct), StringComparison.Ordinal);
        Assert.Equal("'pdf' is no format to export to.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.ExportNotebookAsync(made.Path, "pdf", ct))).Message);
        await client.StopKernelAsync(made.Path, ct);
    }
}
