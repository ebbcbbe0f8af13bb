using System.CommandLine;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge backfills …</c></summary>
internal static class BackfillCommands
{
    public static Command Create(SharedOptions shared)
    {
        var pipeline = new Argument<string>("pipeline") { Description = "Name of the pipeline." };
        var backfill = new Argument<string>("backfill") { Description = "Id of the backfill." };
        var from = new Option<string>("--from") { Description = "Start of the range, ISO 8601; UTC without an offset.", Required = true };
        var to = new Option<string>("--to") { Description = "End of the range, not included.", Required = true };
        var step = new Option<string?>("--step") { Description = "Length of an interval (1d, 6h) or schedule; by default the schedule, else a day." };
        var only = new Option<BackfillOnly>("--only") { Description = "All, Missing, Failed, or NotSucceeded: missing and failed ones.", DefaultValueFactory = _ => BackfillOnly.NotSucceeded };
        var parallel = new Option<int>("--max-parallel") { Description = "Runs at once.", DefaultValueFactory = _ => 1 };
        var jobs = new Option<string[]>("--job") { Description = "Only this job (ingest.flights). May be repeated." };
        var dry = new Option<bool>("--dry-run") { Description = "Only tell which intervals would run." };
        var group = new Command("backfills", "Run a pipeline over a range of time, once for each interval.");

        Add("start", "Starts a backfill and prints its id.", [pipeline, from, to, step, only, parallel, jobs, dry], c => Start(c, c.Value(pipeline), new StartBackfill(
            Intervals.Time("--from", c.Value(from)!), Intervals.Time("--to", c.Value(to)!), c.Value(step), c.Value(only), c.Value(parallel), c.Value(jobs)), c.Value(dry)));
        Add("list", "Backfills of a pipeline, newest first.", [pipeline], c => List(c, c.Value(pipeline)));
        Add("show", "One backfill: progress and runs.", [backfill], c => Show(c, c.Value(backfill)));
        Add("cancel", "Cancels its runs under way and starts no more.", [backfill], async c =>
        {
            await c.Client.CancelBackfillAsync(c.Value(backfill), c.Ct);
            Console.Error.WriteLine($"{c.Value(backfill)} is being cancelled.");
            return 0;
        });
        return group;

        void Add(string verb, string description, Symbol[] symbols, Func<CommandContext, Task<int>> run) => group.Subcommands.Add(Verb.Create(verb, description, symbols, shared, run));
    }

    private static async Task<int> Start(CommandContext c, string pipeline, StartBackfill body, bool dry)
    {
        if (!dry)
            return c.Answer(await c.Client.StartBackfillAsync(pipeline, body, c.Ct), s => Console.Out.WriteLine(s.Backfill));
        return c.Answer(await c.Client.PreviewBackfillAsync(pipeline, body, c.Ct), p =>
        {
            TextTable.Write(Console.Out, ["from", "to", "runs", "reason"], p.Intervals.Select(i => new[] { Lines.Time(i.Interval.Start), Lines.Time(i.Interval.End), i.Runs ? "yes" : "no", i.Reason }));
            Console.Out.WriteLine($"{p.Runs} of {p.Intervals.Count} intervals would run.");
        });
    }

    private static async Task<int> List(CommandContext c, string pipeline)
    {
        var found = await Pages.AllAsync(page => c.Client.BackfillsAsync(pipeline, page, 500, c.Ct));
        return c.Answer(found, ["backfill", "state", "from", "to", "step", "done", "failed", "of"], b =>
            [b.Backfill, Lines.Word(b.State), Lines.Time(b.Range.Start), Lines.Time(b.Range.End), b.Step, Lines.Count(b.Succeeded), Lines.Count(b.Failed), Lines.Count(b.Total)]);
    }

    private static async Task<int> Show(CommandContext c, string id)
    {
        var backfill = await c.Client.BackfillAsync(id, c.Ct);
        var runs = await Pages.AllAsync(page => c.Client.RunsAsync(new RunQuery { Backfill = id, Page = page, Size = 500 }, c.Ct));
        return c.Answer(new { backfill, runs }, _ =>
        {
            Console.Out.WriteLine($"{id}: {backfill.Pipeline} version {backfill.PipelineVersion}, {Lines.Word(backfill.State)}, {backfill.Succeeded} of {backfill.Total} intervals succeeded, {backfill.Failed} failed");
            TextTable.Write(Console.Out, ["run", "from", "to", "state", "error"], runs.Select(r => new[] { r.Run, Lines.Time(r.Interval?.Start), Lines.Time(r.Interval?.End), Lines.State(r), r.Error }));
        });
    }
}
