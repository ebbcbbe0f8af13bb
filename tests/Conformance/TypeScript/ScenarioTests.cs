namespace FlowForge.Conformance.Tests.TypeScript;

/// <summary>Runs all scenario files once; the tests below look up their results. A worker's cache of open runs is on or off.</summary>
public abstract class ScenarioFixture(bool cache) : IAsyncLifetime
{
    public static readonly string[] Files = ["basics.js", "activities.js", "updates.js", "children.js", "chains.js", "schedules.js", "visibility.js", "operations.js", "features.js", "more-features.js"];

    private IReadOnlyDictionary<string, ScenarioResult> _results = new Dictionary<string, ScenarioResult>();

    public async ValueTask InitializeAsync() => _results = await ScenarioRun.RunAsync(FilesOfThisRun, cache, TestContext.Current.CancellationToken);

    protected virtual IReadOnlyList<string> FilesOfThisRun => Files;

    public void AssertPassed(string name)
    {
        Assert.True(_results.TryGetValue(name, out var result), $"{name} gave no result: the process ended before it");
        Assert.True(result.Ok, result.Error);
    }

    public void AssertAllPassed()
    {
        Assert.NotEmpty(_results);
        Assert.Equal([], _results.Values.Where(r => !r.Ok).Select(r => $"{r.Name}: {r.Error}"));
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

public sealed class CachedFixture() : ScenarioFixture(cache: true);

/// <summary>Without a cache every task replays the whole history: what depends on sticky queues need not run again.</summary>
public sealed class UncachedFixture() : ScenarioFixture(cache: false)
{
    protected override IReadOnlyList<string> FilesOfThisRun => ["basics.js", "updates.js", "children.js", "chains.js"];
}

/// <summary>The official client and worker with the sticky cache on, scenario by scenario.</summary>
public sealed class ScenarioTests(CachedFixture fixture) : IClassFixture<CachedFixture>
{
    public static TheoryData<string> Scenarios => [.. ScenarioFixture.Files.SelectMany(ScenarioRun.Names)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void OfficialSdk_Scenario_Passes(string name) => fixture.AssertPassed(name);

    [Fact]
    public void OfficialSdk_ScenariosMadeInLoops_PassToo() => fixture.AssertAllPassed();
}

/// <summary>The same without a cache.</summary>
public sealed class UncachedScenarioTests(UncachedFixture fixture) : IClassFixture<UncachedFixture>
{
    [Fact]
    public void OfficialSdk_WithoutStickyCache_EveryScenarioPasses() => fixture.AssertAllPassed();
}
