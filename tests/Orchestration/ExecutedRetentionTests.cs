using FlowForge.Catalog;
using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Orchestration.Notebooks;
using FlowForge.Pipelines;

namespace FlowForge.Orchestration.Tests;

/// <summary>What goes of the notebooks that runs have executed, and what stays.</summary>
public sealed class ExecutedRetentionTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("ff-executed-").FullName;
    private readonly CatalogDatabase _catalog;
    private readonly ExecutedNotebooks _copies;

    public ExecutedRetentionTests()
    {
        _catalog = CatalogDatabase.Open(Path.Combine(_folder, "catalog.db"));
        _copies = new ExecutedNotebooks(Path.Combine(_folder, "executed"));
    }

    [Fact]
    public void Remove_OldCopies_GoAndAreInTheAudit_ButNotTheNewestOfAJobNorThoseOfOpenRuns()
    {
        Keep("run_1", "gold.report", days: 50, RunState.Succeeded);
        Keep("run_1", "notebook.note", days: 50, null);
        Keep("run_2", "gold.report", days: 40, RunState.Failed);
        Keep("run_3", "gold.report", days: 35, RunState.Running);
        Keep("run_4", "gold.report", days: 10, RunState.Succeeded);
        Keep("run_unknown", "gold.other", days: 31, null);
        var retention = new ExecutedRetention(_copies, _catalog, days: 30);
        var plan = retention.Plan(Now);
        Assert.Equal((30, 6, 3), (plan.Days, plan.All.Count, plan.Going.Count));
        Assert.Equal(["run_1/gold.report", "run_2/gold.report", "run_unknown/gold.other"], plan.Going.Select(c => $"{c.Run}/{c.Job}"));
        Assert.Equal(["run_1/notebook.note the newest of its job", "run_3/gold.report a run that is not over"], plan.Kept.Select(k => $"{k.Copy.Run}/{k.Copy.Job} {k.Reason}"));
        Assert.Equal(6, _copies.All().Count);
        Assert.Empty(_catalog.Audit.List());

        var bytes = plan.Going.Sum(c => c.Bytes);
        retention.Remove("runtime", Now);
        Assert.Equal(["run_1/notebook.note", "run_3/gold.report", "run_4/gold.report"], _copies.All().Select(c => $"{c.Run}/{c.Job}").Order(StringComparer.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(_folder, "executed", "run_2")));
        Assert.Null(_copies.Find("run_1", "gold.report"));
        Assert.NotNull(_copies.Find("run_1", "notebook.note"));
        var noted = Assert.Single(_catalog.Audit.List());
        Assert.Equal(("runtime", "remove executed notebooks", "notebooks", Now, $"3 copies, {bytes} bytes, executed more than 30 days ago: run_1/gold.report, run_2/gold.report, run_unknown/gold.other"), (noted.By, noted.Action, noted.Subject, noted.At, noted.Detail));

        // Nothing is left to do, and nothing is noted.
        Assert.Empty(retention.Remove("runtime", Now).Going);
        Assert.Single(_catalog.Audit.List());
    }

    [Fact]
    public void Remove_WithoutASetting_OrWithoutAFolder_RemovesNothing()
    {
        Assert.Equal((0, 0), (new ExecutedRetention(_copies, _catalog, days: 1).Remove("runtime", Now).All.Count, _catalog.Audit.List().Count));
        Keep("run_1", "gold.report", days: 5000, RunState.Succeeded);
        Keep("run_2", "gold.report", days: 1, RunState.Succeeded);
        var plan = new ExecutedRetention(_copies, _catalog, days: null).Remove("runtime", Now);
        Assert.Equal((null, 2, 0, 0), (plan.Days, plan.All.Count, plan.Going.Count, plan.Kept.Count));
        Assert.Equal(2, _copies.All().Count);
    }

    [Fact]
    public void Remove_CopyThatWasWrittenAnewMeanwhile_Stays()
    {
        Keep("run_1", "gold.report", days: 50, RunState.Succeeded);
        var listed = Assert.Single(_copies.All());
        Keep("run_1", "gold.report", days: 0, null);
        _copies.Remove(listed);
        Assert.Single(_copies.All());
        _copies.Remove(_copies.All()[0]);
        Assert.Empty(_copies.All());
        _copies.Remove(listed);
    }

    public void Dispose()
    {
        _catalog.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <param name="state">Null: the run is there already, or never was.</param>
    private void Keep(string run, string job, int days, RunState? state)
    {
        _copies.Keep(run, job, NotebookDocument.Create());
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "executed", run, job + ".ipynb"), Now.AddDays(-days).UtcDateTime);
        if (state is not { } s) return;
        _catalog.Runs.Create(new RunRecord { RunId = run, Pipeline = "shop", PipelineVersion = 1, State = RunState.Queued, QueuedAt = Now.AddDays(-days) });
        _catalog.Runs.SetState(run, RunState.Running, null, Now.AddDays(-days));
        if (s.IsFinal()) _catalog.Runs.SetState(run, s, null, Now.AddDays(-days));
    }
}
