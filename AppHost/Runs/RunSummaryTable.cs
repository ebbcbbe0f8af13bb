using FlowForge.Contracts;
using Spectre.Console;
using TableColumn = Spectre.Console.TableColumn;

namespace FlowForge.AppHost.Runs;

/// <summary>What a finished run did: jobs with their row equation, then tables.</summary>
internal static class RunSummaryTable
{
    public static void Write(IAnsiConsole console, RunDetail run)
    {
        var jobs = new Table().Border(TableBorder.Simple).AddColumn("").AddColumn("job");
        foreach (var head in new[] { "read", "loaded", "rejected", "deduplicated", "filtered", "bytes", "time" })
            jobs.AddColumn(new TableColumn(head).RightAligned());
        foreach (var job in run.Jobs)
            jobs.AddRow(JobMarks.Of(job.State), Markup.Escape(job.Id), Figures.Rows(job.Rows.Read), Figures.Rows(job.Rows.Loaded), Figures.Rows(job.Rows.Rejected),
                Figures.Rows(job.Rows.Deduplicated), Figures.Rows(job.Rows.Filtered), Figures.Bytes(job.Bytes), Figures.Seconds(job.Seconds));
        console.Write(jobs);

        if (run.Tables.Count > 0)
        {
            var tables = new Table().Border(TableBorder.Simple).AddColumn("table").AddColumn(new TableColumn("version").RightAligned())
                .AddColumn(new TableColumn("rows").RightAligned());
            foreach (var table in run.Tables)
                tables.AddRow(Markup.Escape(table.Table), Figures.Rows(table.Version), Figures.Rows(table.Rows));
            console.Write(tables);
        }
        console.MarkupLineInterpolated($"{run.Pipeline} [bold]{run.State.ToString().ToLowerInvariant()}[/] in {Figures.Seconds(run.Seconds)} (run {run.Run})");
    }

    /// <summary>Why jobs failed and what to do, and which checks did not hold.</summary>
    public static void WriteErrors(IAnsiConsole console, RunDetail run)
    {
        foreach (var job in run.Jobs)
        {
            if (job.Error is { } error && job.State == RunState.Failed)
            {
                console.MarkupLineInterpolated($"[red]{job.Id} failed:[/] {error.Code} {error.Message}");
                if (error.Suggestion is not null)
                    console.MarkupLineInterpolated($"    {error.Suggestion}");
            }
            foreach (var check in job.Checks.Where(c => !c.Passed))
                console.MarkupLineInterpolated($"[yellow]{job.Id}: check {check.Name} found {Figures.Rows(check.Failing)} rows[/] {check.Message ?? ""}");
        }
        if (run.State == RunState.Failed && run.Error is { } why && run.Jobs.All(j => j.Error is null))
            console.MarkupLineInterpolated($"[red]run failed:[/] {why}");
    }
}
