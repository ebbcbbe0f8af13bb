using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Notebooks.Sessions.Headless;

namespace FlowForge.Notebooks.Tests;

/// <summary>Notebooks run without people: parameters, pinned versions, and what ends a run.</summary>
public sealed class HeadlessTests(TestKernels kernels)
{
    [Fact]
    public void Parameters_OfBothLanguages_AreReadAndReplaced()
    {
        var document = NotebookDocument.Create();
        document.Insert(NotebookCellKind.Markdown, "int no = 1;").SetTag(NotebookParameters.Tag, true);
        var cell = document.Insert(NotebookCellKind.CSharp, """
            // int hidden = 1;
            var month = "2008-01"; int least = 5; // two in a line
            long most = 10L;
            decimal? share = 0.5m;
            var on = false;
            DateOnly day = DateOnly.Parse("2024-01-01");
            var since = new DateOnly(2024, 1, 1);
            Console.WriteLine(month == "x");
            month = "changed";
            """);
        cell.SetTag(NotebookParameters.Tag, true);
        Assert.Equal(["month Text string", "least Integer int", "most Integer long", "share Number decimal", "on Flag bool", "day Typed DateOnly", "since Typed DateOnly"],
            NotebookParameters.Of(document).Select(p => $"{p.Name} {p.Kind} {p.Type}"));
        NotebookParameters.Inject(document, new Dictionary<string, string> { ["month"] = "a\"\\\n\u2028", ["most"] = " 7 ", ["share"] = "1e-1", ["on"] = "TRUE", ["day"] = "2024-02-03" });
        NotebookParameters.Inject(document, new Dictionary<string, string> { ["month"] = "a\"\\\n\u2028", ["most"] = " 7 ", ["share"] = "0.25", ["on"] = "TRUE", ["day"] = "2024-02-03" });
        Assert.Equal(3, document.Cells.Count);
        Assert.Equal(["injected-parameters"], document.Cells[2].Tags);
        Assert.Equal("month = \"a\\\"\\\\\\u000a\\u2028\";\nmost = 7;\nshare = 0.25m;\non = true;\nday = DateOnly.Parse(\"2024-02-03\", System.Globalization.CultureInfo.InvariantCulture);", document.Cells[2].Source);

        Assert.Equal("The parameter most of the notebook is a whole number (its cell says 10L); '1; Evil()' is not.", Refused("most", "1; Evil()"));
        Assert.Equal("The notebook has no parameter 'hidden'. It has: month, least, most, share, on, day, since.", Refused("hidden", "1"));

        var sql = NotebookDocument.Create();
        sql.Insert(NotebookCellKind.Sql, "SET VARIABLE month = 'it''s; so'; -- SET VARIABLE no = 1\nSET VARIABLE least = 5;\nset session variable day = DATE '2024-01-01'").SetTag(NotebookParameters.Tag, true);
        NotebookParameters.Inject(sql, new Dictionary<string, string> { ["month"] = "o'clock", ["least"] = "-3", ["day"] = "2024-05-06" });
        Assert.Equal("SET VARIABLE month = 'o''clock';\nSET VARIABLE least = -3;\nSET VARIABLE day = DATE '2024-05-06';", sql.Cells[1].Source);
        Assert.Equal("The notebook has no parameter 'x': none of its cells has the tag 'parameters'.", Assert.Throws<ParameterException>(() => NotebookParameters.Inject(NotebookDocument.Create(), new Dictionary<string, string> { ["x"] = "1" })).Message);

        string Refused(string name, string value) => Assert.Throws<ParameterException>(() => NotebookParameters.Inject(document, new Dictionary<string, string> { [name] = value })).Message;
    }

    [Fact]
    public async Task RunAsync_PinnedTable_VariablesOfBothLanguages_AndACollectionAsResult()
    {
        var document = NotebookDocument.Create();
        document.Insert(NotebookCellKind.CSharp, "var least = 100; var day = new DateOnly(2024, 5, 6);");
        document.Insert(NotebookCellKind.Sql, "SET VARIABLE letter = 'K'; SET VARIABLE n = 7");
        document.Insert(NotebookCellKind.Sql, "SELECT name, people - getvariable('least') AS over, getvariable('n') AS n, getvariable('day') AS day, getvariable('given') AS given FROM silver.cities WHERE name[1] = getvariable('letter') OR people > 300").ResultName = "now";
        document.Insert(NotebookCellKind.Sql, "SELECT count(*) AS all_of_them FROM silver.cities AT (VERSION => getvariable('n') - 6)").ResultName = "later";
        document.Insert(NotebookCellKind.CSharp, "var rows = now.Select(r => new { Name = (string)r[\"name\"], Twice = 2 * r.Get<int>(\"over\") }).ToList();\n$\"{now.Count()} {later.First()[\"all_of_them\"]}\"");
        var file = Path.Combine(kernels.Folder, $"{Guid.NewGuid():n}.parquet");
        var cells = new List<string>();
        var outcome = await new HeadlessRunner(kernels.Pool).RunAsync(new HeadlessRequest
        {
            Document = document, Versions = new Dictionary<string, long> { ["silver.cities"] = 0 }, Variables = new Dictionary<string, string> { ["given"] = "-1" }, RowsFile = file, Result = "rows",
            Keep = d => cells.Add(string.Concat(d.Cells.Select(c => c.ExecutionCount is null ? '.' : 'x'))),
        }, null, TestContext.Current.CancellationToken);

        Assert.Equal((5, 1L), (outcome.Cells, outcome.Rows!.Value));
        Assert.Equal(["silver.cities@0", "silver.cities@1"], outcome.Reads);
        Assert.Equal([".....", "x....", "xx...", "xxx..", "xxxx.", "xxxxx"], cells);
        Assert.Equal("""[["Kiel",146,7,"2024-05-06",-1]]""", document.Cells[2].Outputs[0]!["data"]!["application/vnd.flowforge.table+json"]!["rows"]!.ToJsonString());
        Assert.Contains("1 2", document.Cells[4].Outputs.ToJsonString(), StringComparison.Ordinal);
        using var database = FlowForge.Duck.DuckDatabase.Open(new FlowForge.Duck.DuckOptions { Threads = 1 });
        using var session = database.Connect();
        Assert.Equal(["Kiel|292"], session.Rows($"FROM read_parquet('{file}')").Select(r => string.Join('|', r)));
        await NbformatRules.CheckAsync(document.Write());
        await NbformatRules.RefusesAsync(document.Write().Replace("\"output_type\": \"execute_result\"", "\"output_type\": \"result\"", StringComparison.Ordinal));
        await NbformatRules.RefusesAsync(document.Write().Replace("\"metadata\": {},", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunAsync_KernelKilledBetweenTwoCells_EndsTheRun_ForAnotherOneKnowsNeitherVersionsNorVariables()
    {
        var document = NotebookDocument.Create();
        var note = Path.Combine(kernels.Folder, $"{Guid.NewGuid():n}.pid");
        document.Insert(NotebookCellKind.CSharp, $"System.IO.File.WriteAllText(\"{note}\", Environment.ProcessId.ToString());");
        document.Insert(NotebookCellKind.Sql, "SELECT * FROM silver.cities WHERE getvariable('given') IS NULL");
        var killed = false;
        var failure = await Assert.ThrowsAsync<HeadlessException>(() => new HeadlessRunner(kernels.Pool).RunAsync(new HeadlessRequest
        {
            Document = document, Versions = new Dictionary<string, long> { ["silver.cities"] = 0 }, Variables = new Dictionary<string, string> { ["given"] = "1" },
            RowsFile = Path.Combine(kernels.Folder, $"{Guid.NewGuid():n}.parquet"), Keep = Kill,
        }, null, TestContext.Current.CancellationToken));
        Assert.True(killed);
        Assert.Equal((2, "Kernel died", true), (failure.Cell, failure.Kind, failure.IsPassing));

        void Kill(NotebookDocument kept)
        {
            if (killed || kept.Cells[0].ExecutionCount is null) return;
            using var kernel = System.Diagnostics.Process.GetProcessById(int.Parse(File.ReadAllText(note), System.Globalization.CultureInfo.InvariantCulture));
            kernel.Kill();
            kernel.WaitForExit();
            killed = true;
        }
    }

    [Fact]
    public async Task RunAsync_NoSuchResult_OrNoRows_OrAStackOverflow_SaysWhatAndWhere()
    {
        var file = Path.Combine(kernels.Folder, $"{Guid.NewGuid():n}.parquet");
        Assert.Equal("There is neither a SQL result nor a collection of C# named 'nope'. SQL results: one.", (await FailAsync("nope", (NotebookCellKind.Sql, "SELECT 1 AS n"))).Message);
        Assert.Equal("None of its SQL cells gave rows. Name a C# collection as the result, or end with a SELECT.", (await FailAsync(null, (NotebookCellKind.CSharp, "1 + 1"))).Message);
        var broken = await FailAsync(null, (NotebookCellKind.CSharp, "var a = 1;"), (NotebookCellKind.CSharp, "int Deep(int n) => 1 + Deep(n + 1);\nDeep(0)"), (NotebookCellKind.Sql, "SELECT 1"));
        Assert.Equal((2, "Kernel died", false), (broken.Cell, broken.Kind, broken.IsPassing));
        Assert.StartsWith("The cell ended the kernel with a stack overflow", broken.Message, StringComparison.Ordinal);

        async Task<HeadlessException> FailAsync(string? result, params (NotebookCellKind Kind, string Source)[] cells)
        {
            var document = NotebookDocument.Create();
            foreach (var (kind, source) in cells) document.Insert(kind, source).ResultName = kind == NotebookCellKind.Sql ? "one" : null;
            return await Assert.ThrowsAsync<HeadlessException>(() => new HeadlessRunner(kernels.Pool).RunAsync(new HeadlessRequest { Document = document, RowsFile = file, Result = result }, null, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task SqlCell_FileInTheUploadFolder_IsReadByItsName()
    {
        var uploads = Directory.CreateDirectory(Path.Combine(kernels.Pool.Options.WorkingFolder, "uploads")).FullName;
        await File.WriteAllTextAsync(Path.Combine(uploads, "dropped.csv"), "id,name\n1,a\n2,b\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(uploads, "dropped.json"), "[{\"id\":3}]", TestContext.Current.CancellationToken);
        await using var session = await FlowForge.Notebooks.Sessions.NotebookSession.OpenAsync(kernels.Pool);
        var run = await CellRun.Sql(session, "COPY (SELECT 4 AS id) TO 'uploads/dropped.parquet'", null);
        Assert.Null(run.Error);
        run = await CellRun.Sql(session, "SELECT list(id ORDER BY id)::VARCHAR AS ids FROM (SELECT id FROM 'dropped.csv' UNION ALL SELECT id FROM 'dropped.json' UNION ALL SELECT id FROM 'dropped.parquet')", "all_ids");
        Assert.Null(run.Error);
        Assert.Equal("[\"[1, 2, 3, 4]\"]", run.Rows);
    }
}
