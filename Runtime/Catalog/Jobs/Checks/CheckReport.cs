namespace FlowForge.Catalog;

/// <summary>What the checks of a job found.</summary>
/// <param name="Outcomes">In the order of the definitions.</param>
/// <param name="Samples">By title of a failed check: failing rows as JSON, at most <see cref="MostSamples"/>.</param>
public sealed record CheckReport(IReadOnlyList<CheckOutcome> Outcomes, IReadOnlyDictionary<string, IReadOnlyList<string>> Samples)
{
    /// <summary>Failing rows kept of each check, to be looked at; their number is counted in full.</summary>
    public const int MostSamples = 100;

    public static CheckReport Empty { get; } = new([], new Dictionary<string, IReadOnlyList<string>>());

    /// <summary>The outcomes that forbid the commit.</summary>
    public IReadOnlyList<CheckOutcome> Fatal => [.. Outcomes.Where(c => c is { Passed: false, OnFail: Pipelines.CheckAction.Fail })];
}
