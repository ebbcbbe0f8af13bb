using System.Globalization;
using FlowForge.Catalog;

namespace FlowForge.Orchestration.Notebooks;

/// <summary>What retention would remove of the notebooks that runs have executed.</summary>
/// <param name="Days">The age from which they go; null keeps all.</param>
/// <param name="All">Copies that are there.</param>
/// <param name="Going">Those that would go, oldest first.</param>
/// <param name="Kept">Old ones that stay, each with the reason.</param>
public sealed record ExecutedPlan(int? Days, IReadOnlyList<ExecutedCopy> All, IReadOnlyList<ExecutedCopy> Going, IReadOnlyList<(ExecutedCopy Copy, string Reason)> Kept);

/// <summary>
/// <c>Notebooks:ExecutedDays</c>: executed copies that were written longer ago. The newest copy of each job stays, and so do those of runs that are not over; the runs themselves stay in any case. Thread-safe.
/// </summary>
/// <param name="days">Null keeps all.</param>
public sealed class ExecutedRetention(ExecutedNotebooks copies, CatalogDatabase catalog, int? days)
{
    private const int Named = 20;

    /// <summary>What would go now. Changes nothing.</summary>
    public ExecutedPlan Plan(DateTimeOffset now)
    {
        var all = copies.All();
        if (days is not { } age) return new ExecutedPlan(null, all, [], []);
        var due = now.AddDays(-age);
        if (!all.Any(c => c.At < due)) return new ExecutedPlan(age, all, [], []);
        var runs = all.Select(c => c.Run).Distinct(StringComparer.Ordinal).ToDictionary(r => r, catalog.Runs.Get, StringComparer.Ordinal);
        // A run that the catalog no longer has is nobody's newest.
        var newest = all.Where(c => runs[c.Run] is not null).GroupBy(c => (runs[c.Run]!.Pipeline, c.Job)).Select(g => g.MaxBy(c => c.At)!).ToHashSet();
        var old = all.Where(c => c.At < due).OrderBy(c => c.At).Select(c => (Copy: c, Reason: runs[c.Run] is { } run && !run.State.IsFinal() ? "a run that is not over" : newest.Contains(c) ? "the newest of its job" : null)).ToList();
        return new ExecutedPlan(age, all, [.. old.Where(o => o.Reason is null).Select(o => o.Copy)], [.. old.Where(o => o.Reason is not null).Select(o => (o.Copy, o.Reason!))]);
    }

    /// <summary>Removes what is to go, and notes it first. What a kill leaves goes next time.</summary>
    /// <param name="by">Who asks.</param>
    /// <returns>What went.</returns>
    public ExecutedPlan Remove(string by, DateTimeOffset now)
    {
        var plan = Plan(now);
        if (plan.Going.Count == 0) return plan;
        var names = string.Join(", ", plan.Going.Take(Named).Select(c => $"{c.Run}/{c.Job}"));
        catalog.Audit.Add(by, "remove executed notebooks", "notebooks", string.Create(CultureInfo.InvariantCulture,
            $"{plan.Going.Count} {(plan.Going.Count == 1 ? "copy" : "copies")}, {plan.Going.Sum(c => c.Bytes)} bytes, executed more than {plan.Days} days ago: {names}{(plan.Going.Count > Named ? " …" : "")}"), now);
        foreach (var copy in plan.Going) copies.Remove(copy);
        return plan;
    }
}
