using FlowForge.Contracts;
using Spectre.Console;
using TableColumn = Spectre.Console.TableColumn;

namespace FlowForge.AppHost.Runs;

/// <summary>What a finished run did: jobs with their row equation, then tables.</summary>
internal static class RunSummaryTable
{
    public static void Write(IAnsiConsole console, RunDetail run)
    {
        // What is zero in every job says nothing, and would not fit into 80 columns.
        (string Head, Func<RowCounts, long> Of)[] counts =
        [
            ("read", r => r.Read), ("loaded", r => r.Loaded), ("rejected", r => r.Rejected), ("deduplicated", r => r.Deduplicated), ("filtered", r => r.Filtered)
        ];
        counts = [.. counts.Where((c, i) => i < 2 || run.Jobs.Any(j => c.Of(j.Rows) != 0))];
        var jobs = new Table().Border(TableBorder.Simple).AddColumn("").AddColumn(new TableColumn("job").NoWrap()).AddColumn(new TableColumn("kind").NoWrap());
        foreach (var head in counts.Select(c => c.Head).Append("bytes").Append("time"))
            jobs.AddColumn(new TableColumn(head).RightAligned().NoWrap());
        foreach (var job in run.Jobs)
            jobs.AddRow([JobMarks.Of(job.State), Markup.Escape(job.Name), job.Kind.ToString().ToLowerInvariant(), .. counts.Select(c => Figures.Rows(c.Of(job.Rows))),
                Figures.Bytes(job.Bytes), Figures.Seconds(job.Seconds)]);
        console.Write(jobs);

        if (run.Tables.Count > 0)
        {
            var tables = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("table").NoWrap()).AddColumn(new TableColumn("version").RightAligned())
                .AddColumn(new TableColumn("rows").RightAligned());
            foreach (var table in run.Tables)
                tables.AddRow(Markup.Escape(table.Table), Figures.Rows(table.Version), Figures.Rows(table.Rows));
            console.Write(tables);
        }
        console.MarkupLineInterpolated($"{run.Pipeline} [bold]{run.State.ToString().ToLowerInvariant()}[/] in {Figures.Seconds(run.Seconds)} (run {run.Run})");
    }

    /// <summary>Why jobs failed and what to do, and which checks did not hold. Whole lines, never broken at the terminal's width.</summary>
    public static void WriteErrors(IAnsiConsole console, RunDetail run)
    {
        var writer = console.Profile.Out.Writer;
        foreach (var job in run.Jobs)
        {
            if (job.State is RunState.Failed or RunState.Held && job.Error is { } error)
            {
                writer.WriteLine($"{(job.State == RunState.Held ? Coloured(console, 33, job.Id + " is held:") : Coloured(console, 31, job.Id + " failed:"))} {error.Code} {error.Message}");
                if (error.Suggestion is not null)
                    writer.WriteLine($"    {error.Suggestion}");
            }
            foreach (var check in job.Checks.Where(c => !c.Passed))
                writer.WriteLine(Coloured(console, 33, $"{job.Id}: check {check.Name} does not hold: ") + (check.Message ?? $"{Figures.Rows(check.Failing)} rows"));
        }
        if (run.State == RunState.Failed && run.Error is { } why && run.Jobs.All(j => j.Error is null))
            writer.WriteLine($"{Coloured(console, 31, "run failed:")} {why}");
    }

    private static string Coloured(IAnsiConsole console, int colour, string text) =>
        console.Profile.Capabilities.Ansi ? $"\e[{colour}m{text}\e[0m" : text;
}
