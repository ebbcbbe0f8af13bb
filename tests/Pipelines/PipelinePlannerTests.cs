using System.Text.RegularExpressions;
using static FlowForge.Pipelines.Tests.Parsing;

namespace FlowForge.Pipelines.Tests;

public sealed partial class PipelinePlannerTests
{
    [Fact]
    public void Plan_Pools_AreTheJobsOwn_ElseThePipelines()
    {
        var plan = PipelinePlanner.Plan(Good("pipeline: p\npool: big\ningest:\n  a: { source_type: file_local, config: { path: a.csv }, pool: near }\n  b: { source_type: file_local, config: { path: b.csv } }\ngold:\n  c: { sql: SELECT 1, pool: gpu }\n  d: SELECT 1\n"), _ => [], _ => false);
        Assert.Equal(["ingest.a near", "ingest.b big", "gold.c gpu", "gold.d big"], plan.Jobs.Select(j => $"{j.Id} {j.Pool}"));
    }

    private const string Flights = """
        pipeline: flights
        ingest:
          flights: { source_type: file, config: { path: f.json } }
          airports: { source_type: file, is_reference: true, table: airport, config: { path: a.csv } }
          raw: { source_type: file, force_to_parquet: false, config: { path: r.csv } }
        gold:
          by_airport: SELECT * FROM silver.clean JOIN bronze.airport
          report: SELECT * FROM gold.by_airport
        silver:
          clean: SELECT * FROM bronze.flights WHERE x IN (SELECT y FROM bronze.elsewhere)
        """;

    [Fact]
    public void Plan_Flights_SortsReferencesFirstAndSaysWhy()
    {
        var plan = Plan(Flights, exists: ["bronze.elsewhere"]);
        Assert.True(plan.IsValid);
        Assert.Equal(
            [
                "ingest.airports → bronze.airport: reference table, read first",
                "ingest.flights → bronze.flights: reads its source",
                "ingest.raw → : lands files only",
                "silver.clean → silver.clean: reads bronze.flights (made by ingest.flights), bronze.elsewhere (in the lake)",
                "gold.by_airport → gold.by_airport: reads silver.clean (made by silver.clean), bronze.airport (made by ingest.airports)",
                "gold.report → gold.report: reads gold.by_airport (made by gold.by_airport)",
            ],
            plan.Jobs.Select(j => $"{j.Id} → {j.Writes}: {j.Reason}"));
        Assert.Equal(["silver.clean", "ingest.airports"], plan.Jobs[4].DependsOn);
        Assert.Equal(["bronze.flights", "bronze.elsewhere"], plan.Jobs[3].Reads);
        Assert.Equal([JobKind.Ingest, JobKind.Ingest, JobKind.Ingest, JobKind.Silver, JobKind.Gold, JobKind.Gold], plan.Jobs.Select(j => j.Kind));
        Assert.Equal((true, "airports"), (plan.Jobs[0].IsReference, plan.Jobs[0].Name));
    }

    [Fact]
    public void Plan_DatasetsOutOfOrder_AreSorted()
    {
        var plan = Plan("pipeline: p\nsilver:\n  c: SELECT * FROM silver.b\n  b: SELECT * FROM silver.a\n  a: SELECT 1\n");
        Assert.Equal(["silver.a", "silver.b", "silver.c"], plan.Jobs.Select(j => j.Id));
        Assert.Equal("reads no table", plan.Jobs[0].Reason);
    }

    [Fact]
    public void Plan_Cycle_IsNamedInFull()
    {
        var plan = Plan("""
            pipeline: p
            silver:
              a: SELECT * FROM silver.c
              b: SELECT * FROM silver.a
              c: SELECT * FROM silver.b
              waits: SELECT * FROM silver.a
              fine: SELECT 1
              x: SELECT * FROM silver.y JOIN silver.waits
              y: SELECT * FROM silver.x
            """);
        Assert.False(plan.IsValid);
        Assert.Equal(
            [
                "(3,1): error FF1504: The datasets read each other in a circle: silver.a → silver.c → silver.b → silver.a. [silver.a] Take one of these reads out.",
                "(8,1): error FF1504: The datasets read each other in a circle: silver.x → silver.y → silver.x. [silver.x] Take one of these reads out.",
            ],
            Texts(plan));
        Assert.Equal(["silver.fine"], plan.Jobs.Select(j => j.Id));
    }

    [Fact]
    public void Plan_ReadsItself_OnlyWhenNotBuiltInFull()
    {
        Assert.Equal(
            ["(3,1): error FF1504: gold.g reads itself. [gold.g] Only datasets that are not built in full (mode: append, merge, incremental) may read their own table."],
            Texts(Plan("pipeline: p\ngold:\n  g: SELECT * FROM gold.g\n")));
        var plan = Plan("pipeline: p\ngold:\n  g: { mode: append, sql: SELECT * FROM gold.g }\n");
        Assert.Equal(("reads its own last version", 0), (plan.Jobs.Single().Reason, plan.Jobs[0].DependsOn.Count));
        Assert.True(plan.IsValid);
    }

    [Theory]
    [InlineData("SELECT * FROM bronze.flihgts", "(4,24): error FF1502: silver.s reads bronze.flihgts, which no job makes and the lake does not have. [silver.s.sql] Did you mean bronze.flights?")]
    [InlineData("SELECT * FROM gold.flights", "(4,24): error FF1502: silver.s reads gold.flights, which no job makes and the lake does not have. [silver.s.sql] Did you mean bronze.flights?")]
    [InlineData("SELECT * FROM flights", "(4,24): error FF1503: silver.s reads 'flights' without saying of which layer. [silver.s.sql] Write bronze.flights.")]
    [InlineData("SELECT * FROM there", "(4,24): error FF1503: silver.s reads 'there' without saying of which layer. [silver.s.sql] Write gold.there.")]
    [InlineData("SELECT * FROM flihgts", "(4,24): error FF1503: silver.s reads 'flihgts' without saying of which layer. [silver.s.sql] Did you mean bronze.flights?")]
    [InlineData("SELECT * FROM bronze.xyz", "(4,24): error FF1502: silver.s reads bronze.xyz, which no job makes and the lake does not have. [silver.s.sql] The pipeline makes bronze.flights, silver.s, gold.g.")]
    [InlineData("SELECT * FROM bronze.raw", "(4,24): error FF1506: silver.s reads bronze.raw, but ingest.raw lands its files only. [silver.s.sql] Remove force_to_parquet: false from ingest.raw.")]
    [InlineData("SELECT * FROM gold.g", "(4,24): warning FF1505: silver.s reads gold.g, which is of a later layer. [silver.s.sql] Build it in gold, or move the input to silver.")]
    [InlineData("SELEC 1", "(4,10): error FF1501: The SQL of silver.s does not parse: syntax error at or near \"SELEC\" [silver.s.sql] A dataset is one SELECT in DuckDB's SQL.")]
    public void Plan_BadInput_IsSaidAtItsPlace(string sql, string expected) => Assert.Equal([expected], Texts(Plan(
        $"pipeline: p\nsilver:\n  s:\n    sql: {sql}\ngold:\n  g: SELECT 1\ningest:\n  flights: {{ source_type: file, config: {{ path: f.csv }} }}\n"
        + "  raw: { source_type: file, force_to_parquet: false, config: { path: r.csv } }\n", exists: ["gold.there"])));

    [Theory]
    [InlineData("SELECT * FROM BRONZE.Flights")]
    [InlineData("SELECT * FROM bronze.flights a JOIN bronze.flights b JOIN Bronze.FLIGHTS")]
    [InlineData("SELECT * FROM system.runs JOIN bronze.flights")]
    public void Plan_TableNamedInAnyCase_IsFound(string sql)
    {
        var plan = Plan($"pipeline: p\nsilver:\n  s: {sql}\ningest:\n  flights: {{ source_type: file, config: {{ path: f.csv }} }}\n");
        Assert.Empty(plan.Diagnostics);
        Assert.Equal(["bronze.flights"], plan.Jobs[1].Reads);
    }

    [Fact]
    public void Plan_SyntaxErrorInBlock_IsAtItsLineAndColumn() => Assert.Equal(
        ["(6,12): error FF1501: The SQL of silver.s does not parse: syntax error at or near \"FORM\" [silver.s.sql] A dataset is one SELECT in DuckDB's SQL."],
        Texts(Plan("pipeline: p\nsilver:\n  s:\n    sql: |\n      SELECT *\n      /**/ FORM bronze.x\n")));

    [Fact]
    public void Plan_UnknownTableInBlock_IsAtItsLineAndColumn() => Assert.Equal(
        ["(8,14): error FF1502: silver.s reads bronze.x, which no job makes and the lake does not have. [silver.s.sql] The pipeline makes silver.s."],
        Texts(Plan("pipeline: p\nsilver:\n  s:\n    sql: |\n\n      SELECT *\n\n        FROM bronze.x\n")));

    [Fact]
    public void Plan_SyntaxErrorInFoldedTextOrFile_NamesTheLine()
    {
        Assert.Equal(
            ["(5,1): error FF1501: The SQL of silver.s does not parse (line 1 of the SQL): syntax error at or near \"FORM\" [silver.s.sql] A dataset is one SELECT in DuckDB's SQL."],
            Texts(Plan("pipeline: p\nsilver:\n  s:\n    sql: >\n      SELECT *\n      FORM bronze.x\n")));
        var pipeline = Good("pipeline: p\nsilver:\n  s: { sql_file: s.sql }\n").WithSql(_ => "SELECT 1\nFORM x");
        Assert.Equal(
            ["(3,1): error FF1501: The SQL of silver.s does not parse (s.sql, line 2): syntax error at or near \"FORM\" [silver.s.sql_file] A dataset is one SELECT in DuckDB's SQL."],
            Texts(PipelinePlanner.Plan(pipeline, Read, _ => false)));
    }

    [Fact]
    public void Plan_SqlFileNotRead_IsSaid() => Assert.Equal(
        ["(3,1): error FF1507: The file 's.sql' of silver.s could not be read. [silver.s.sql_file] Check the path; it starts at the pipeline's folder."],
        Texts(Plan("pipeline: p\nsilver:\n  s: { sql_file: s.sql }\n")));

    [Fact]
    public void Plan_ReaderFails_IsADiagnostic() => Assert.Equal(
        ["(3,6): error FF1501: The SQL of silver.s does not parse: no engine [silver.s.sql] A dataset is one SELECT in DuckDB's SQL."],
        Texts(PipelinePlanner.Plan(Good("pipeline: p\nsilver:\n  s: SELECT 1\n"), _ => throw new InvalidOperationException("no engine\n"), _ => false)));

    [Fact]
    public void Select_SomeJobs_DropsWhatTheyWaitFor()
    {
        var plan = Plan(Flights, exists: ["bronze.elsewhere"]).Select(["gold.by_airport", "airports"]);
        Assert.Equal(["ingest.airports", "gold.by_airport"], plan.Jobs.Select(j => j.Id));
        Assert.Equal(["ingest.airports"], plan.Jobs[1].DependsOn);
        var error = Assert.Throws<ArgumentException>(() => plan.Select(["silver.x"]));
        Assert.Equal("The pipeline has no job 'silver.x'. Its jobs: ingest.airports, gold.by_airport. (Parameter 'jobs')", error.Message);
    }

    [Fact]
    public void Plan_ManyDatasets_IsQuick()
    {
        var text = "pipeline: p\nsilver:\n" + string.Concat(Enumerable.Range(0, 3_000).Select(i => $"  d{i}: SELECT * FROM silver.d{i + 1}\n")) + "  d3000: SELECT 1\n";
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal("silver.d3000", Plan(text).Jobs[0].Id);
        Assert.Equal(200, Plan(text.Replace("d3000: SELECT 1", "other: SELECT 1", StringComparison.Ordinal).Replace("silver.d", "silver.e", StringComparison.Ordinal)).Diagnostics.Count);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30);
    }

    private static PlanResult Plan(string text, params string[] exists) => PipelinePlanner.Plan(Good(text), Read, exists.Contains);

    private static string[] Texts(PlanResult plan) => [.. plan.Diagnostics.Select(d => d.ToString())];

    /// <summary>Enough of a SQL reader for these texts; the real one is DuckDB's parser, tested in its own room.</summary>
    private static IReadOnlyList<SqlReference> Read(string sql)
    {
        if (WrongWord().Match(sql) is { Success: true } wrong)
        {
            var before = sql[..wrong.Index];
            throw new SqlSyntaxException(
                $"syntax error at or near \"{wrong.Value}\"", before.Count(c => c == '\n') + 1, wrong.Index - before.LastIndexOf('\n'));
        }
        return [.. Tables().Matches(sql).Select(m => new SqlReference(m.Groups["schema"] is { Success: true } s ? s.Value : null, m.Groups["table"].Value))];
    }

    [GeneratedRegex(@"\b(SELEC|FORM)\b")]
    private static partial Regex WrongWord();

    [GeneratedRegex(@"\b(FROM|JOIN)\s+((?<schema>\w+)\.)?(?<table>\w+)")]
    private static partial Regex Tables();

    [Fact]
    public void Plan_ChecksThatReadTables_WaitForThem()
    {
        var plan = Plan("""
            pipeline: p
            ingest:
              flights:
                source_type: file_local
                config: { path: a.csv }
                checks: [ { foreign_key: { columns: origin, table: bronze.airports, references: iata } } ]
              airports:
                source_type: file_local
                config: { path: b.csv }
            gold:
              g:
                sql: SELECT 1 AS a
                checks: [ { expression: "a IN (SELECT a FROM silver.s)" }, { sql: SELECT * FROM this JOIN gold.g USING (a) } ]
            silver:
              s: SELECT 1 AS a
            """);
        Assert.Empty(plan.Diagnostics);
        Assert.Equal(["ingest.airports: reads its source", "ingest.flights: reads its source; its checks read bronze.airports", "silver.s: reads no table", "gold.g: reads silver.s (made by silver.s)"], plan.Jobs.Select(j => $"{j.Id}: {j.Reason}"));
        Assert.Equal(["ingest.airports"], plan.Jobs[1].DependsOn);
    }

    [Fact]
    public void Plan_TablesOfMacros_AreInputsOfTheirCallers()
    {
        var plan = Plan("pipeline: p\nmacros:\n  recent(n): SELECT * FROM silver.s WHERE x < n\ngold:\n  g: SELECT * FROM (recent(5))\nsilver:\n  s: SELECT 1 AS x\n");
        Assert.Empty(plan.Diagnostics);
        Assert.Equal(["silver.s", "gold.g"], plan.Jobs.Select(j => j.Id));
        Assert.Equal(["silver.s"], plan.Jobs[1].Reads);
    }

    [Fact]
    public void Plan_CheckWithBadSql_IsSaidAtItsLine()
    {
        var plan = PipelinePlanner.Plan(
            PipelineParser.Parse("pipeline: p\ngold:\n  g:\n    sql: SELECT 1 AS a\n    checks:\n      - expression: a >\n").Definition!,
            sql => sql.Contains("this", StringComparison.Ordinal) ? throw new SqlSyntaxException("syntax error at end of input") : [], _ => false);
        Assert.Equal(["(6,1): error FF1309: The SQL of the check expression(a >) does not parse: syntax error at end of input [gold.g.checks] An expression is a condition over one row; an sql check is one SELECT."], plan.Diagnostics.Select(d => d.ToString()));
    }
}
