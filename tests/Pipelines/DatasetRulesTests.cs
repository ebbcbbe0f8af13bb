using static FlowForge.Pipelines.Tests.Parsing;

namespace FlowForge.Pipelines.Tests;

public sealed class DatasetRulesTests
{
    [Fact]
    public void Dataset_EveryField_IsRead()
    {
        var dataset = GoodDataset("sql: SELECT 1", "description: d", "mode: merge", "keys: [a, b]", "partition_by: day", "checks: [ { unique: a } ]");
        Assert.Equal(("silver", "clean", "silver.clean", "SELECT 1", null, "d", DatasetMode.Merge, 3),
            (dataset.Layer, dataset.Name, dataset.Table, dataset.Sql, dataset.SqlFile, dataset.Description, dataset.Mode, dataset.Line));
        Assert.Equal(["a", "b"], dataset.Keys);
        Assert.Equal(["day"], dataset.PartitionBy);
        Assert.Equal("day", GoodDataset("mode: incremental", "time_column: day").TimeColumn);
    }

    [Theory]
    [InlineData("sql: ''", "(4,10): error FF1301: The dataset's SQL is empty. [silver.clean.sql] Write a SELECT.")]
    [InlineData("sql:", "(3,3): error FF1301: The dataset has no SQL. [silver.clean] Add sql, sql_file or notebook.")]
    [InlineData("sql: SELECT 1\n    sql_file: a.sql", "(5,15): error FF1302: The dataset has both sql and sql_file. [silver.clean.sql_file] Remove one of them.")]
    [InlineData("mode: merge", "(4,11): error FF1303: mode: merge needs keys. [silver.clean.mode] Name the key columns: keys: [id].")]
    [InlineData("mode: incremental", "(4,11): error FF1304: mode: incremental needs time_column. [silver.clean.mode] Name the column that holds the time.")]
    [InlineData("mode: overwrite", "(4,11): error FF1104: 'mode' is 'overwrite'; it may be full, append, merge, incremental, scd2. [silver.clean.mode]")]
    [InlineData("keys: id", "(4,5): warning FF1109: 'keys' has no effect: it is only read when mode is merge or scd2. [silver.clean.keys] Set that, or remove this.")]
    [InlineData("mode: scd2", "(4,11): error FF1303: mode: scd2 needs keys. [silver.clean.mode] Name the key columns: keys: [id].")]
    [InlineData("lookback: 2d", "(4,5): warning FF1109: 'lookback' has no effect: it is only read when mode is incremental. [silver.clean.lookback] Set that, or remove this.")]
    [InlineData("close_missing: true", "(4,5): warning FF1109: 'close_missing' has no effect: it is only read when mode is scd2. [silver.clean.close_missing] Set that, or remove this.")]
    [InlineData("rebuild: never", "(4,14): error FF1104: 'rebuild' is 'never'; it may be changed, always. [silver.clean.rebuild]")]
    [InlineData("checks: { not_null: id }", "(4,13): error FF1102: 'checks' must be a list, not a mapping. [silver.clean.checks] Write '- not_null: id' under 'checks:'.")]
    public void Dataset_RuleBroken_IsSaid(string line, string expected) => Assert.Equal([expected], BadDataset(line));

    [Fact]
    public void Dataset_ModesOfTime_AreRead()
    {
        var late = GoodDataset("mode: incremental", "time_column: day", "lookback: 36h", "rebuild: always");
        Assert.Equal((TimeSpan.FromHours(36), RebuildPolicy.Always), (late.Lookback, late.Rebuild));
        Assert.True(GoodDataset("mode: scd2", "keys: id", "close_missing: true").CloseMissing);
    }

    [Fact]
    public void Tests_AreRead()
    {
        var test = Good("pipeline: p\nsilver:\n  a: SELECT 1\ntests:\n  one:\n    dataset: silver.a\n    parameters: { x: 5 }\n    given: { bronze.t: [ { id: 1 }, { Name: ~, id: 2 } ], bronze.u: SELECT 1; }\n    expect: []\n").Tests.Single();
        Assert.Equal(("one", "silver.a", "5", 5), (test.Name, test.Dataset, test.Parameters["x"], test.Line));
        Assert.Equal(["id", "Name"], test.Given["bronze.t"].Columns);
        Assert.Equal("SELECT 1", test.Given["bronze.u"].Sql);
        Assert.Empty(test.Expect.Rows);
    }

    [Theory]
    [InlineData("dataset: silver.b\n    expect: []", "(6,14): error FF1311: There is no dataset 'silver.b'. [tests.one.dataset] Did you mean 'silver.a'?")]
    [InlineData("dataset: silver.a", "(5,3): error FF1103: A test needs 'expect'. [tests.one.expect] The rows that the SQL must give, in any order; columns that no row names are not compared.")]
    [InlineData("dataset: silver.a\n    expect: [ 1 ]", "(7,15): error FF1311: Rows are a list of mappings, or a SELECT, not a list with a number. [tests.one.expect] Write '- { id: 1, name: x }'.")]
    public void Test_Mistake_IsSaid(string lines, string expected) => Assert.Equal([expected], Bad($"pipeline: p\nsilver:\n  a: SELECT 1\ntests:\n  one:\n    {lines}\n"));

    [Fact]
    public void Macros_AreReadAndGivenToAllDatasets()
    {
        var pipeline = Good("pipeline: p\nmacros:\n  cents(x): x / 100.0\n  recent(days := 30, least): SELECT * FROM bronze.a WHERE age < days;\nsilver:\n  a: SELECT cents(1)\n");
        Assert.Equal(["CREATE MACRO \"cents\"(x) AS (x / 100.0\n)", "CREATE MACRO \"recent\"(days := 30, least) AS TABLE SELECT * FROM bronze.a WHERE age < days"], pipeline.Datasets[0].Macros.Select(m => m.CreateSql));
        Assert.Equal(["cents"], MacroDefinition.CalledBy("SELECT Cents (1), mycents(2), cents", pipeline.Macros).Select(m => m.Name));
    }

    [Theory]
    [InlineData("Cents(x): 1", "(3,3): error FF1310: 'Cents(x)' is no name of a macro. [macros.Cents(x)] Write name(a, b): a lower-case name and its parameters.")]
    [InlineData("cents: 1", "(3,3): error FF1310: 'cents' is no name of a macro. [macros.cents] Write name(a, b): a lower-case name and its parameters.")]
    [InlineData("cents(x):", "(3,12): error FF1310: The macro cents(x) has no SQL, but nothing. [macros.cents(x)] Write an expression or a SELECT.")]
    [InlineData("a(x): 1\n  a(y): 2", "(4,3): error FF1310: There are two macros 'a'. [macros.a(y)] Rename one of them.")]
    public void Macro_Mistake_IsSaid(string macro, string expected) => Assert.Equal([expected], Bad($"pipeline: p\nmacros:\n  {macro}\nsilver:\n  a: SELECT 1\n"));

    [Fact]
    public void WithSql_Files_AreReadAndLeftNullWhenAbsent()
    {
        var pipeline = Good("pipeline: p\nsilver:\n  a: { sql_file: a.sql }\n  b: SELECT 2\n  c: { sql_file: c.sql }\n");
        Assert.Equal(["SELECT 1", "SELECT 2", null], pipeline.WithSql(f => f == "a.sql" ? "SELECT 1" : null).Datasets.Select(d => d.Sql));
        Assert.Throws<FileNotFoundException>(() => pipeline.WithSql(_ => throw new FileNotFoundException()));
    }

    [Theory]
    [InlineData("{ not_null: a }", "not_null(a)")]
    [InlineData("{ not_null: [a, b] }", "not_null(a, b)")]
    [InlineData("{ not_null: { columns: a, on_fail: quarantine } }", "not_null(a)", CheckAction.Quarantine)]
    [InlineData("{ unique: [id], on_fail: warn }", "unique(id)", CheckAction.Warn)]
    [InlineData("{ unique: { columns: [a, b] } }", "unique(a, b)")]
    [InlineData("{ accepted_values: { column: c, values: [1, x, null] }, on_fail: quarantine }", "accepted_values(c)", CheckAction.Quarantine)]
    [InlineData("{ range: { column: delay, min: -120, max: 1e3 } }", "range(delay, -120..1e3)")]
    [InlineData("{ range: { column: day, max: 2030-01-01, on_fail: warn } }", "range(day, ..2030-01-01)", CheckAction.Warn)]
    [InlineData("{ row_count: { min: 1 } }", "row_count(1..)")]
    [InlineData("{ regex: { column: code, pattern: '[A-Z]{3}', on_fail: drop } }", "regex(code, [A-Z]{3})", CheckAction.Drop)]
    [InlineData("{ expression: a <= b }", "expression(a <= b)")]
    [InlineData("{ expression: { condition: a <= b, name: order } }", "expression(order)")]
    [InlineData("{ foreign_key: { columns: origin, table: bronze.airports, references: iata }, on_fail: quarantine }", "foreign_key(origin in bronze.airports)", CheckAction.Quarantine)]
    [InlineData("{ sql: SELECT * FROM this WHERE a > 1; }", "sql(SELECT * FROM this WHERE a > 1)")]
    [InlineData("{ freshness: { column: at, max_age: 36h } }", "freshness(at, 36h)")]
    [InlineData("{ anomaly: row_count }", "anomaly(row_count)")]
    [InlineData("{ anomaly: { metric: null_share, column: a, runs: 30, sensitivity: 4 } }", "anomaly(null_share, a)")]
    public void Check_Form_IsRead(string check, string title, CheckAction action = CheckAction.Fail)
    {
        var read = GoodDataset($"checks: [ {check} ]").Checks.Single();
        Assert.Equal((title, action, 4), (read.Title, read.OnFail, read.Line));
    }

    [Fact]
    public void Check_AcceptedValues_KeepTextAndNull() =>
        Assert.Equal(["1", "x", null, "null"], GoodDataset("checks: [ { accepted_values: { column: c, values: [1, x, ~, 'null'] } } ]").Checks[0].Values);

    [Theory]
    [InlineData("{ not_nul: a }", "(4,17): error FF1305: There is no check 'not_nul'. [silver.clean.checks[0].not_nul] Did you mean 'not_null'?")]
    [InlineData("{ xyz: a }", "(4,17): error FF1305: There is no check 'xyz'. [silver.clean.checks[0].xyz] Known: not_null, unique, accepted_values, range, row_count, regex, expression, foreign_key, sql, freshness, anomaly.")]
    [InlineData("{ regex: { column: a } }", "(4,17): error FF1103: A regex check needs 'pattern'. [silver.clean.checks[0].regex.pattern] Regular expression (RE2) that the whole value must match; NULL passes.")]
    [InlineData("{ expression: '' }", "(4,29): error FF1306: expression has an empty condition. [silver.clean.checks[0].expression.condition] Write SQL.")]
    [InlineData("{ sql: SELECT 1, on_fail: drop }", "(4,17): error FF1307: sql cannot drop: it is about the table, not about single rows. [silver.clean.checks[0].on_fail] Use warn or fail.")]
    [InlineData("{ foreign_key: { columns: [a, b], table: bronze.k, references: x } }", "(4,78): error FF1306: foreign_key has 2 columns and references 1. [silver.clean.checks[0].foreign_key.references] Name as many as under 'columns'.")]
    [InlineData("{ foreign_key: { columns: a, table: airports } }", "(4,51): error FF1306: 'airports' is no table of the lake. [silver.clean.checks[0].foreign_key.table] Name it with its layer: bronze.airports.")]
    [InlineData("{ freshness: { column: a, max_age: old } }", "(4,50): error FF1111: 'old' is no duration. [silver.clean.checks[0].freshness.max_age] Write a number with ms, s, m, h or d: 30s, 5m, 2h.")]
    [InlineData("{ anomaly: mean }", "(4,17): error FF1306: anomaly of mean names no column. [silver.clean.checks[0].anomaly] Add column.")]
    [InlineData("{ anomaly: { min_runs: 20 } }", "(4,38): error FF1306: min_runs 20 is more than runs 10, so nothing would ever be judged. [silver.clean.checks[0].anomaly.min_runs] Raise runs.")]
    [InlineData("not_null", "(4,15): error FF1102: A check is a mapping such as 'not_null: id', not a text. [silver.clean.checks[0]]")]
    [InlineData("{ not_null: a, unique: a }", "(4,15): error FF1306: One check has several kinds: not_null, unique. [silver.clean.checks[0]] Begin each check with its own '-'.")]
    [InlineData("{ on_fail: warn }", "(4,15): error FF1306: The check has no kind. [silver.clean.checks[0]] Begin each check with its own '-'.")]
    [InlineData("{ not_null: [] }", "(4,27): error FF1306: not_null names no column. [silver.clean.checks[0].not_null.columns] Name at least one.")]
    [InlineData("{ not_null: ~ }", "(4,17): error FF1102: 'not_null' must be a not_null check with its fields, not nothing. [silver.clean.checks[0].not_null] Begin with 'columns:'.")]
    [InlineData("{ range: delay }", "(4,24): error FF1102: 'range' must be a range check with its fields, not a text. [silver.clean.checks[0].range] Begin with 'column:'.")]
    [InlineData("{ range: { column: a } }", "(4,17): error FF1306: range has neither min nor max. [silver.clean.checks[0].range] Give at least one bound.")]
    [InlineData("{ range: { column: a, min: 10, max: 9 } }", "(4,42): error FF1306: min 10 lies above max 9, so every row would fail. [silver.clean.checks[0].range.min] Swap them.")]
    [InlineData("{ range: { min: 10 } }", "(4,17): error FF1103: A range check needs 'column'. [silver.clean.checks[0].range.column] The column.")]
    [InlineData("{ accepted_values: { column: a, values: [] } }", "(4,55): error FF1306: accepted_values lists no value, so every row would fail. [silver.clean.checks[0].accepted_values.values] List the values that are allowed.")]
    [InlineData("{ row_count: { min: many } }", "(4,35): error FF1102: 'min' must be a whole number, not a text. [silver.clean.checks[0].row_count.min]")]
    [InlineData("{ row_count: { min: 1 }, on_fail: quarantine }", "(4,17): error FF1307: row_count cannot quarantine: it is about the table, not about single rows. [silver.clean.checks[0].on_fail] Use warn or fail.")]
    [InlineData("{ unique: a, on_fail: ignore }", "(4,37): error FF1104: 'on_fail' is 'ignore'; it may be warn, drop, quarantine, fail. [silver.clean.checks[0].on_fail]")]
    public void Check_Mistake_IsSaid(string check, string expected) => Assert.Equal([expected], BadDataset($"checks: [ {check} ]"));

    [Fact]
    public void Check_GivenTwice_IsKeptOnce()
    {
        var text = Dataset("checks: [ { unique: a }, { unique: [a] } ]");
        Assert.Equal(["(4,30): warning FF1308: The check unique(a) stands here twice. [silver.clean.checks[1]] Remove one of them."], Bad(text));
        Assert.Single(PipelineParser.Parse(text).Definition!.Datasets[0].Checks);
    }

    [Theory]
    [InlineData("schedule: 0 2 * *", "(2,11): error FF1401: '0 2 * *' is no schedule: it has 4 fields. [schedule.cron] Five fields: minute hour day-of-month month day-of-week, for example 0 2 * * *.")]
    [InlineData("schedule: 61 2 * * *", "(2,11): error FF1401: '61 2 * * *' is no schedule: '61' is no minute; it goes from 0 to 59. [schedule.cron] Five fields: minute hour day-of-month month day-of-week, for example 0 2 * * *.")]
    [InlineData("schedule: '@often'", "(2,11): error FF1401: '@often' is no schedule: there is no such short name. [schedule.cron] Five fields: minute hour day-of-month month day-of-week, for example 0 2 * * *.")]
    [InlineData("schedule: { cron: 0 2 * * *, timezone: Europe/Berlinn }", "(2,40): error FF1402: There is no time zone 'Europe/Berlinn'. [schedule.timezone] Did you mean 'Europe/Berlin'?")]
    [InlineData("schedule: { cron: 0 2 * * *, timezone: Mars }", "(2,40): error FF1402: There is no time zone 'Mars'. [schedule.timezone] Use an IANA name such as Europe/Berlin.")]
    [InlineData("schedule: 0 2 30 2 *", "(2,11): warning FF1403: The schedule '0 2 30 2 *' never comes due. [schedule.cron] Check the day, the month and the end.")]
    [InlineData("schedule: { cron: 0 2 * * *, end: 2024-05-01 }", "(2,19): warning FF1403: The schedule '0 2 * * *' never comes due before its end. [schedule.cron] Check the day, the month and the end.")]
    [InlineData("schedule: { cron: 0 2 * * *, start: soon }", "(2,37): error FF1112: 'soon' is no time. [schedule.start] Write 2024-05-17 or 2024-05-17T02:00:00+02:00.")]
    [InlineData("schedule: { timezone: UTC }", "(2,1): error FF1103: A schedule needs 'cron'. [schedule.cron] When to run: minute hour day-of-month month day-of-week, for example 0 2 * * * for every night at two.")]
    [InlineData("retry: { delay: soon }", "(2,17): error FF1111: 'soon' is no duration. [retry.delay] Write a number with ms, s, m, h or d: 30s, 5m, 2h.")]
    [InlineData("retry: { delay: 5 }", "(2,17): error FF1111: '5' is no duration. [retry.delay] Write a number with ms, s, m, h or d: 30s, 5m, 2h.")]
    [InlineData("retry: { max_attempts: 0 }", "(2,24): error FF1105: 'max_attempts' is 0; it may be 1 to 100. [retry.max_attempts]")]
    [InlineData("retry: { backoff: 0.5 }", "(2,19): error FF1105: 'backoff' is 0.5; it may be 1 to 10. [retry.backoff]")]
    public void Pipeline_ScheduleOrRetryMistake_IsSaid(string line, string expected) => Assert.Equal([expected], Bad($"pipeline: p\n{line}\ngold:\n  g: SELECT 1\n"));
}
