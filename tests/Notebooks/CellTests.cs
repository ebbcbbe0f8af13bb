using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions;

namespace FlowForge.Notebooks.Tests;

/// <summary>What cells do, in one kernel after another: each test uses names of its own.</summary>
public sealed class CellTests(TestKernels kernels, CellTests.OpenSession open) : IClassFixture<CellTests.OpenSession>
{
    private readonly NotebookSession _session = open.Session;

    [Fact]
    public async Task Sql_LakeTable_ReadsTheNewestVersionAndSaysWhich()
    {
        var run = await CellRun.Sql(_session, "SELECT name, people FROM silver.cities ORDER BY people;");

        Assert.Null(run.Error);
        Assert.Equal("[\"Kiel\",246]\n[\"Bonn\",335]", run.Rows);
        Assert.Equal([new TableColumn("name", "VARCHAR"), new TableColumn("people", "INTEGER")], run.Table.Columns);
        Assert.Equal(["silver.cities@1"], run.Table.Reads);
        Assert.Equal(2, run.FirstRows.Total);
    }

    [Theory]
    [InlineData("SELECT count(*) FROM silver.cities AT (VERSION => 0)", "[1]", "silver.cities@0")]
    [InlineData("SELECT c.name FROM silver.cities AS c AT /* then */ (VERSION => 1 - 1) WHERE c.people > 0", "[\"Kiel\"]", "silver.cities@0")]
    [InlineData("SELECT cities.name FROM silver.cities AT (TIMESTAMP => now()) ORDER BY 1 LIMIT 1", "[\"Bonn\"]", "silver.cities@1")]
    [InlineData("-- é\nWITH cities AS (SELECT 'é' AS x) SELECT x FROM cities, silver.\"cities\" s AT (VERSION => 0)", "[\"é\"]", "silver.cities@0")]
    public async Task Sql_PinnedVersion_ReadsThatVersion(string sql, string rows, string reads)
    {
        var run = await CellRun.Sql(_session, sql);

        Assert.Null(run.Error);
        Assert.Equal(rows, run.Rows);
        Assert.Equal([reads], run.Table.Reads);
    }

    [Theory]
    [InlineData("SELECT 1,\n  nix FROM silver.cities AT (VERSION => 0)", "Binder Error", 2, 3)]
    [InlineData("SELECT name FROM silver.cities, silver.cities c2,\n\n  gold.nix", "Catalog Error", 3, 3)]
    [InlineData("SELECT 1\nFROM FROM", "Parser Error", 2, 6)]
    public async Task Sql_Mistake_NamesThePlaceInTheCell(string sql, string kind, int line, int column)
    {
        var run = await CellRun.Sql(_session, sql);

        Assert.Equal(CellState.Failed, run.State);
        Assert.Equal((kind, line, column), (run.Error!.Kind, run.Error.Line, run.Error.Column));
        Assert.DoesNotContain("LINE", run.Error.Message);
    }

    [Fact]
    public async Task Sql_VersionThatIsNot_SaysSo()
    {
        var run = await CellRun.Sql(_session, "FROM silver.cities AT (VERSION => 7)");

        Assert.Equal("Table silver.cities has no version 7; the newest is version 1.", run.Error!.Message);
    }

    [Fact]
    public async Task Sql_HugeResult_ShowsFirstRowsAndPagesOn()
    {
        var run = await CellRun.Sql(_session, "SELECT i, i % 7 AS seven FROM range(100000000) t(i)");

        Assert.Equal(100, run.FirstRows.Rows.Count);
        Assert.Null(run.FirstRows.Total);
        var page = await _session.RowsAsync(run.Table.Result, 5_000, 2);
        Assert.Equal("[5000,2]\n[5001,3]", CellRun.Show(page.Rows));
        // Beyond what is kept the query is read again.
        page = await _session.RowsAsync(run.Table.Result, 99_999_999, 10);
        Assert.Equal("[99999999,1]", CellRun.Show(page.Rows));
        Assert.Equal(100_000_000, await _session.CountAsync(run.Table.Result));
    }

    [Fact]
    public async Task Rows_ReleasedTable_IsRefused()
    {
        var run = await CellRun.Sql(_session, "SELECT 1 AS a");
        _session.Release(run.Table.Result);

        KernelException? refused = null;
        while (refused is null)
        {
            try
            {
                await _session.RowsAsync(run.Table.Result, 0, 1, TestContext.Current.CancellationToken);
            }
            catch (KernelException e)
            {
                refused = e;
            }
        }
        Assert.Equal($"Table {run.Table.Result} is no longer held by the kernel: run its cell again.", refused.Message);
    }

    [Fact]
    public async Task Sql_NamedResult_IsReadByLaterSqlAndCSharp()
    {
        await CellRun.Sql(_session, "SELECT name, people FROM silver.cities", "towns");

        Assert.Equal("[581]", (await CellRun.Sql(_session, "SELECT sum(people)::INT FROM towns")).Rows);
        var rows = await CellRun.CSharp(_session, "record Town(string Name, long People);\nstring.Join(\" \", towns.As<Town>().OrderBy(t => t.People).Select(t => $\"{t.Name}={t.People}\"))");
        Assert.Null(rows.Error);
        Assert.Equal("Kiel=246 Bonn=335", rows.Result);
        Assert.Equal("2", (await CellRun.CSharp(_session, "int n = 0; foreach (dynamic town in towns) if (town.people > 0) n++; n")).Result);
    }

    [Fact]
    public async Task Sql_NameGivenAgain_MayReadItsOwnPast()
    {
        await CellRun.Sql(_session, "SELECT 1 AS a", "step");
        var again = await CellRun.Sql(_session, "SELECT a + 1 AS a FROM step", "step");
        Assert.Null(again.Error);
        Assert.Equal("[2]", (await CellRun.Sql(_session, "FROM step")).Rows);
    }

    [Fact]
    public async Task Sql_CSharpCollection_IsATable()
    {
        await CellRun.CSharp(_session, "var prices = new[] { new { Item = \"tea\", Price = 2.50m, On = (DateOnly?)new DateOnly(2026, 1, 2) }, new { Item = \"salt\", Price = 1m, On = (DateOnly?)null } };");

        var run = await CellRun.Sql(_session, "SELECT Item, Price, \"On\" FROM prices ORDER BY Price");

        Assert.Null(run.Error);
        Assert.Equal("[\"salt\",\"1.000000000\",null]\n[\"tea\",\"2.500000000\",\"2026-01-02\"]", run.Rows);
    }

    [Fact]
    public async Task Sql_OtherStatements_Last()
    {
        Assert.Null((await CellRun.Sql(_session, "CREATE TABLE kept AS SELECT name FROM silver.cities; INSERT INTO kept VALUES ('Ulm')")).Error);

        Assert.Equal("[3]", (await CellRun.Sql(_session, "SELECT count(*) FROM kept")).Rows);
    }

    [Fact]
    public async Task CSharp_Cells_KeepState()
    {
        await CellRun.CSharp(_session, "var xs = new List<int> { 1, 2 };\nint Twice(int x) => 2 * x;");
        await CellRun.CSharp(_session, "xs.Add(await Task.FromResult(39));");

        Assert.Equal("84", (await CellRun.CSharp(_session, "Twice(xs.Sum())")).Result);
    }

    [Fact]
    public async Task CSharp_Output_ComesInOrder()
    {
        var run = await CellRun.CSharp(_session, "Console.Write(\"a\");\nDisplay(Html(\"<b>x</b>\"));\nConsole.Error.WriteLine(\"b\");\nnew[] { 1, 2 }");

        Assert.Equal(
            ["CellStartedNotification", "text a", "display text/html=<b>x</b>", "error b\n", "result {\"columns\":[{\"name\":\"value\",\"type\":\"Int32\"}],\"rows\":[[1],[2]],\"total\":2}", "CellFinishedNotification"],
            run.All.Select(w => w switch
            {
                TextNotification t => (t.IsError ? "error " : "text ") + t.Text,
                DisplayNotification { IsResult: true } d => "result " + d.Content[TableMedia.Type],
                DisplayNotification d => $"display {d.Content.First().Key}={d.Content.First().Value}",
                _ => w.GetType().Name,
            }));
    }

    [Fact]
    public async Task CSharp_Displays_AreWholeOrNotShown_AndBounded()
    {
        var large = await CellRun.CSharp(_session, "Display(new FlowForge.Notebooks.Kernel.CSharp.MediaText(\"application/json\", new string('1', 5_000_000)));");
        Assert.Equal(["text/plain=(application/json of 5,000,000 characters is too large to be shown)"], large.All.OfType<DisplayNotification>().SelectMany(d => d.Content).Select(c => $"{c.Key}={c.Value}"));
        var many = await CellRun.CSharp(_session, "for (var i = 0; i < 3000; i++) Display(i);\n\"end\"");
        var shown = many.All.OfType<DisplayNotification>().Select(d => d.Content["text/plain"]).ToList();
        Assert.Equal(1002, shown.Count);
        Assert.Equal(["999", "… this cell has shown too much; the rest is dropped.", "end"], shown[^3..]);
    }

    [Fact]
    public async Task CSharp_ChildProcess_CannotWriteIntoTheWire()
    {
        var run = await CellRun.CSharp(_session, "var echo = System.Diagnostics.Process.Start(\"printf\", \"garbage\");\necho.WaitForExit();\necho.ExitCode");

        Assert.Equal((null, "0"), (run.Error?.Message, run.Result));
    }

    [Fact]
    public async Task CSharp_Throws_NamesTheLineAndKeepsWhatWasSet()
    {
        var run = await CellRun.CSharp(_session, "var before = 5;\nint zero = 0;\nint Divide(int by) => before / by;\n\nDivide(zero)");

        Assert.Equal(CellState.Failed, run.State);
        Assert.Equal(("System.DivideByZeroException", "Attempted to divide by zero.", 3), (run.Error!.Kind, run.Error.Message, run.Error.Line));
        Assert.Equal(["Divide in cell:c1 line 3", "cell in cell:c1 line 5"], run.Error.Trace);
        Assert.Equal("5", (await CellRun.CSharp(_session, "before")).Result);
    }

    [Fact]
    public async Task CSharp_DoesNotCompile_NamesThePlace()
    {
        var run = await CellRun.CSharp(_session, "var a = 1;\n  Consol.WriteLine(a);");

        Assert.Equal(("CS0103", "The name 'Consol' does not exist in the current context", 2, 3), (run.Error!.Kind, run.Error.Message, run.Error.Line, run.Error.Column));
    }

    [Fact]
    public async Task CSharp_TooMuchMemory_IsAnErrorOfTheCell()
    {
        var run = await CellRun.CSharp(_session, "var huge = new byte[2_000_000_000];");

        Assert.Equal("System.OutOfMemoryException", run.Error!.Kind);
        Assert.Equal("3", (await CellRun.CSharp(_session, "1 + 2")).Result);
    }

    [Fact]
    public async Task Complete_MembersAndNames_AreOffered()
    {
        await CellRun.CSharp(_session, "var someone = new { FirstName = \"Ada\", Age = 36 };");

        var members = await _session.CompleteAsync("someone.", 8);
        Assert.Equal(["Age", "Equals", "FirstName", "GetHashCode", "GetType", "ToString"], members.Items.Select(i => i.Text));
        var names = await _session.CompleteAsync("var x = some", 12);
        Assert.Equal((8, 4, "someone"), (names.Start, names.Length, Assert.Single(names.Items).Text));
        var method = Assert.Single((await _session.CompleteAsync("Console.WriteL", 14)).Items);
        Assert.Equal(("WriteLine", "method"), (method.Text, method.Kind));
        Assert.StartsWith("void Console.WriteLine() (+", method.Detail);
    }

    [Fact]
    public async Task Memory_Asked_IsReported()
    {
        var memory = await _session.MemoryAsync();

        Assert.InRange(memory.WorkingSet, 20 << 20, kernels.Pool.Options.MemoryLimitBytes);
        Assert.InRange(memory.Managed, 1, memory.WorkingSet);
    }

    public sealed class OpenSession(TestKernels kernels) : IAsyncLifetime
    {
        public NotebookSession Session { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Session = await NotebookSession.OpenAsync(kernels.Pool);

        public async ValueTask DisposeAsync() => await Session.DisposeAsync();
    }
}
