using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Datasets.Tests;

/// <summary>Sample functions. This assembly is the plugin.</summary>
public static class SampleFunctions
{
    public sealed record Day(DateOnly Date, string Name, bool? IsWeekend);

    [SqlFunction("distance_km", Description = "Kilometres between two points of the earth.")]
    public static double DistanceKm(double lat1, double lon1, double lat2, double lon2)
    {
        const double radian = Math.PI / 180;
        var h = Math.Pow(Math.Sin((lat2 - lat1) * radian / 2), 2) + Math.Cos(lat1 * radian) * Math.Cos(lat2 * radian) * Math.Pow(Math.Sin((lon2 - lon1) * radian / 2), 2);
        return 2 * 6371 * Math.Asin(Math.Sqrt(h));
    }

    [SqlFunction("initials")]
    public static string? Initials(string name) => name.Length == 0 ? null : string.Concat(name.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => char.ToUpperInvariant(p[0])));

    [SqlFunction("or_unknown")]
    public static string OrUnknown(string? text, int? times) => $"{text ?? "unknown"}×{times ?? 0}";

    [SqlFunction("next_day")]
    public static DateOnly NextDay(DateOnly day) => day.AddDays(1);

    [SqlFunction("hour_utc")]
    public static DateTimeOffset HourUtc(DateTimeOffset moment) => new(moment.Year, moment.Month, moment.Day, moment.Hour, 0, 0, moment.Offset);

    [SqlFunction("same_values")]
    public static Guid SameValues(Guid id, byte[] bytes, DateTime time, bool yes, long big, float half) =>
        yes && bytes is [1, 2] && time == new DateTime(2024, 2, 29, 12, 0, 0) && big == long.MinValue && half == 0.5f ? id : Guid.Empty;

    [SqlFunction("squares")]
    public static Int64Array Squares(Int64Array values)
    {
        var builder = new Int64Array.Builder();
        for (var i = 0; i < values.Length; i++)
        {
            if (values.GetValue(i) is { } value) builder.Append(checked(value * value));
            else builder.Append(-1);
        }
        return (Int64Array)builder.Build();
    }

    [SqlFunction("unlucky")]
    public static long Unlucky(long value) => value == 13 ? throw new TerminalException("13 is unlucky.", "Leave it out.") : value;

    [SqlFunction("throw_dice", IsVolatile = true)]
    public static int ThrowDice(int sides) => Random.Shared.Next(sides);

    [SqlFunction("days_of")]
    public static IEnumerable<Day> DaysOf(int year, bool workdays)
    {
        for (var day = new DateOnly(year, 1, 1); day.Year == year; day = day.AddDays(1))
        {
            var weekend = day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
            if (!workdays || !weekend) yield return new Day(day, day.DayOfWeek.ToString(), weekend);
        }
    }
}

public sealed class SqlFunctionTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("flowforge-functions-").FullName;
    private static readonly string Version = typeof(SampleFunctions).Assembly.GetName().Version!.ToString(3);
    private readonly PluginRegistry plugins;
    private readonly DatasetFixture fixture;

    public SqlFunctionTests()
    {
        Plugin("FlowForge.Datasets.Tests");
        plugins = PluginRegistry.Scan(Path.Combine(folder, "plugins"), Path.Combine(folder, "shadow"));
        fixture = new DatasetFixture(plugins);
    }

    public void Dispose()
    {
        fixture.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private void Plugin(string name)
    {
        var plugin = Directory.CreateDirectory(Path.Combine(folder, "plugins", name)).FullName;
        foreach (var file in (string[])["FlowForge.Datasets.Tests.dll", "FlowForge.Datasets.Tests.deps.json"]) File.Copy(Path.Combine(AppContext.BaseDirectory, file), Path.Combine(plugin, file));
    }

    private string One(string expressions)
    {
        fixture.Run(DatasetFixture.Dataset($"SELECT {expressions}"));
        return fixture.Rows("silver.t", "COLUMNS(*)::VARCHAR");
    }

    [Fact]
    public void Run_FunctionOverValues_GivesItsValueAndNullWhereAnArgumentIsNull()
    {
        Assert.Equal("343|∅|AL|∅|unknown×0|x×2", One(
            "round(distance_km(51.5, -0.13, 48.85, 2.35))::INT AS km, distance_km(51.5, NULL, 48.85, 2.35) AS none, initials('ada lovelace') AS i, initials('') AS empty, or_unknown(NULL, NULL) AS u, or_unknown('x', 2) AS x"));
        Assert.Equal("2024-03-01|2024-05-17 10:00:00+00|0b00e3b2-6b3a-4a43-9c3f-111111111111", One(
            "next_day(DATE '2024-02-29') AS d, hour_utc(TIMESTAMPTZ '2024-05-17 12:34:56+02') AS h, same_values('0b00e3b2-6b3a-4a43-9c3f-111111111111'::UUID, '\\x01\\x02'::BLOB, TIMESTAMP '2024-02-29 12:00:00', true, -9223372036854775808, 0.5) AS s"));
    }

    [Fact]
    public void Run_FunctionOverColumnsAndManyRows_SeesNullsAndLosesNoRow()
    {
        fixture.Run(DatasetFixture.Dataset("SELECT i, squares(CASE WHEN i % 3 = 0 THEN NULL ELSE i END) AS s FROM range(100_000) t(i)"));
        Assert.Equal("100000|33334|222215555588889|-1", fixture.Rows("silver.t", "count(*), count(*) FILTER (s = -1), sum(s) FILTER (s > 0), min(s)"));
    }

    [Fact]
    public void Run_TableFunction_GivesItsRecordsAsRows()
    {
        fixture.Run(DatasetFixture.Dataset("SELECT * FROM days_of(2024, false)"));
        Assert.Equal("366|2024-12-31|104", fixture.Rows("silver.t", "count(*), max(\"Date\")::VARCHAR, count(*) FILTER (\"IsWeekend\")"));
        fixture.Run(DatasetFixture.Dataset("SELECT count(*) AS n FROM days_of(2024, true)"));
        Assert.Equal("262", fixture.Rows("silver.t", "*"));
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(DatasetFixture.Dataset("SELECT * FROM days_of(NULL, true)")));
        Assert.Equal(("FF3232", $"A function that the SQL of silver.t calls failed: days_of (plugin FlowForge.Datasets.Tests {Version}): 'year' must not be NULL"), (error.Code, error.Message));
    }

    [Fact]
    public void Run_FunctionFails_SaysWhichAndWhyAndPublishesNothing()
    {
        var error = Assert.Throws<JobFailedException>(() => fixture.Run(DatasetFixture.Dataset("SELECT unlucky(i) AS u FROM range(20) t(i)")));
        Assert.Equal(("FF3232", $"A function that the SQL of silver.t calls failed: unlucky (plugin FlowForge.Datasets.Tests {Version}): 13 is unlucky.", "Leave it out.", false), (error.Code, error.Message, error.Suggestion, error.Transient));
        Assert.Null(fixture.Table("silver.t").Latest());
    }

    [Fact]
    public void Run_CheckAndMacroCallAFunction_Works()
    {
        var check = new CheckDefinition { Kind = CheckKind.Expression, Sql = "unlucky(id) < 5", OnFail = CheckAction.Drop };
        var macro = new MacroDefinition("twice", ["x"], "squares(x) + squares(x)", 1);
        var outcome = fixture.Run(DatasetFixture.Dataset("SELECT i AS id, twice(i) AS t FROM range(8) r(i)") with { Checks = [check], Macros = [macro] });
        Assert.Equal(new RowCounts(8, 5, 0, 0, 3), outcome.Counts);
        Assert.Equal("60", fixture.Rows("silver.t", "sum(t)"));
    }

    [Fact]
    public void Ask_SameCode_IsUnchanged_AndAVolatileFunctionIsBuiltAlways()
    {
        var dataset = DatasetFixture.Dataset("SELECT squares(2) AS s");
        fixture.Run(dataset);
        Assert.Equal("nothing changed", fixture.Run(dataset).Note);
        var dice = DatasetFixture.Dataset("SELECT throw_dice(6) AS d");
        Assert.Equal(["its SQL asks for throw_dice"], fixture.Runner.Ask(dice, fixture.Request()).Reasons);
    }

    [Fact]
    public void Run_NameTwice_IsRefusedOnlyWhereItIsCalled()
    {
        Plugin("Other");
        Assert.Equal("1", One("1 AS one"));
        var error = Assert.Throws<JobFailedException>(() => One("squares(2) AS s"));
        Assert.Equal(("FF3233", "The function 'squares' is given by several plugins: FlowForge.Datasets.Tests, Other. Remove one of them."), (error.Code, error.Message));
    }

    [Fact]
    public async Task Query_OverTheLake_MayCallThem()
    {
        var query = new LakeQuery(fixture.Lake, fixture.Catalog, new DatasetOptions { MemoryLimitBytes = 256L << 20, Threads = 1 }, plugins);
        var result = await query.RunAsync("SELECT initials('grace hopper') AS i, (SELECT count(*) FROM days_of(2023, false)) AS n", 10, DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken);
        Assert.Equal(["GH", 365L], result.Rows.Single());
    }
}
