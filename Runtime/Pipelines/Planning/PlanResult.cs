namespace FlowForge.Pipelines;

/// <summary>What a run would do. <see cref="Jobs"/> is sorted so that each job comes after those it depends on.</summary>
/// <param name="Jobs">Reference ingests, ingests, silver, gold, notebooks, deliveries. Jobs of a cycle are left out.</param>
/// <param name="Diagnostics">Ordered by line.</param>
public sealed record PlanResult(IReadOnlyList<PlanJob> Jobs, IReadOnlyList<Diagnostic> Diagnostics)
{
    /// <summary>True when nothing keeps the plan from running.</summary>
    public bool IsValid => Diagnostics.All(d => d.Severity != DiagnosticSeverity.Error);

    /// <summary>
    /// The plan of only these jobs (ids or bare names): what they would wait for outside the selection is taken as it is.
    /// </summary>
    /// <exception cref="ArgumentException">A job is not in the plan.</exception>
    public PlanResult Select(IReadOnlyCollection<string> jobs)
    {
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in jobs)
        {
            var found = Jobs.Where(j => j.Id == name || j.Name == name).Select(j => j.Id).ToArray();
            if (found.Length == 0)
            {
                throw new ArgumentException($"The pipeline has no job '{name}'. Its jobs: {string.Join(", ", Jobs.Select(j => j.Id))}.", nameof(jobs));
            }
            wanted.UnionWith(found);
        }
        return this with
        {
            Jobs = [.. Jobs.Where(j => wanted.Contains(j.Id)).Select(j => j with { DependsOn = [.. j.DependsOn.Where(wanted.Contains)] })],
        };
    }
}
