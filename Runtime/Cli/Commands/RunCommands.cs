using System.CommandLine;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge runs …</c></summary>
internal static class RunCommands
{
    public static Command Create(SharedOptions shared)
    {
        var run = new Argument<string>("run") { Description = "Id of the run." };
        var pipeline = new Argument<string>("pipeline") { Description = "Name of the pipeline." };
        var jobs = new Option<string[]>("--job") { Description = "Only this job (ingest.flights). May be repeated." };
        var parameters = new Option<string[]>("--set") { Description = "A parameter of the pipeline. May be repeated.", HelpName = "NAME=VALUE" };
        var from = new Option<string?>("--from") { Description = "Start of the data interval, ISO 8601; UTC without an offset." };
        var to = new Option<string?>("--to") { Description = "End of the data interval, not included." };
        var full = new Option<bool>("--full-refresh") { Description = "Build datasets from scratch, although nothing may have changed." };
        var watch = new Option<bool>("--watch") { Description = "Follow the run to its end; exit code 0 when it succeeded, else 1." };
        var of = new Option<string?>("--pipeline") { Description = "Only runs of this pipeline." };
        var state = new Option<RunState?>("--state") { Description = "Only runs in this state." };
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 20 };
        var level = new Option<RunLogLevel>("--level") { Description = "This level and heavier.", DefaultValueFactory = _ => RunLogLevel.Info };
        var job = new Option<string?>("--job") { Description = "Only lines of this job." };
        var search = new Option<string?>("--search") { Description = "Only lines that hold this text." };
        var group = new Command("runs", "Start, follow and inspect runs.");

        Add("start", "Starts a run.", [pipeline, jobs, parameters, from, to, full, watch], c => Start(c, c.Value(pipeline), c.Value(jobs) ?? [], c.Value(parameters) ?? [], Intervals.Read(c.Value(from), c.Value(to)), c.Value(full), c.Value(watch)));
        Add("list", "Runs, newest first.", [of, state, limit], c => List(c, new RunQuery { Pipeline = c.Value(of), State = c.Value(state), Size = Math.Clamp(c.Value(limit), 1, 500) }));
        Add("show", "One run: jobs, row equations, errors.", [run], async c => c.Answer(await c.Client.RunAsync(c.Value(run), c.Ct), RunText.Write));
        Add("watch", "Follows a run to its end.", [run], c => Watch(c, c.Value(run)));
        Add("cancel", "Asks a run to end.", [run], async c => await Done(c.Client.CancelRunAsync(c.Value(run), c.Ct), $"{c.Value(run)} is being cancelled."));
        Add("pause", "Holds a run: what runs goes on, nothing new starts.", [run], async c => await Done(c.Client.PauseRunAsync(c.Value(run), c.Ct), $"{c.Value(run)} is paused."));
        Add("resume", "Lets a held run go on.", [run], async c => await Done(c.Client.ResumeRunAsync(c.Value(run), c.Ct), $"{c.Value(run)} goes on."));
        Add("retry", "Runs again what did not succeed.", [run, watch], c => Retry(c, c.Value(run), c.Value(watch)));
        Add("logs", "Log lines of a run.", [run, level, job, search], c => Logs(c, c.Value(run), new LogQuery { Level = c.Value(level), Job = c.Value(job), Search = c.Value(search), Limit = 5000 }));
        return group;

        void Add(string verb, string description, Symbol[] symbols, Func<CommandContext, Task<int>> action) => group.Subcommands.Add(Verb.Create(verb, description, symbols, shared, action));
    }

    private static async Task<int> Start(CommandContext c, string pipeline, string[] jobs, string[] settings, DataInterval? interval, bool full, bool watch)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var setting in settings)
        {
            var cut = setting.IndexOf('=', StringComparison.Ordinal);
            if (cut < 1)
                throw new CliException($"'{setting}' sets nothing.", "Write --set name=value.");
            parameters[setting[..cut]] = setting[(cut + 1)..];
        }
        return await Started(c, await c.Client.StartRunAsync(new StartRun(pipeline, jobs, parameters, Trigger: "cli", Interval: interval, FullRefresh: full), c.Ct), watch);
    }

    private static async Task<int> Retry(CommandContext c, string run, bool watch) => await Started(c, await c.Client.RetryRunAsync(run, c.Ct), watch);

    internal static async Task<int> Started(CommandContext c, RunStarted started, bool watch) =>
        watch ? await Watch(c, started.Run) : c.Answer(started, s => Console.Out.WriteLine(s.Run));

    private static async Task<int> List(CommandContext c, RunQuery query)
    {
        var page = await c.Client.RunsAsync(query, c.Ct);
        return c.Answer(page.Items, ["run", "pipeline", "state", "trigger", "queued", "seconds", "read", "loaded", "rejected"], r =>
        [
            r.Run, r.Pipeline, Lines.State(r), r.Trigger, Lines.Time(r.QueuedAt), Lines.Seconds(r.Seconds), Lines.Count(r.Rows.Read), Lines.Count(r.Rows.Loaded),
            Lines.Count(r.Rows.Rejected)
        ]);
    }

    /// <summary>Log lines and state changes as they come; with --json every event as a line of its own.</summary>
    private static async Task<int> Watch(CommandContext c, string run)
    {
        var states = new Dictionary<string, RunState>(StringComparer.Ordinal);
        RunSummary? last = null;
        await foreach (var e in c.Client.WatchRunAsync(run, ct: c.Ct))
        {
            last = e.Run ?? last;
            if (c.Json)
                c.Answer(e, _ => { });
            else if (e.Log is { } line)
                Console.Out.WriteLine(Lines.Log(line));
            else if (e.Job is { } job && (!states.TryGetValue(job.Id, out var before) || before != job.State))
            {
                states[job.Id] = job.State;
                Console.Out.WriteLine($"{job.Id}: {Lines.Word(job.State)}");
            }
        }
        if (!c.Json)
            RunText.Write(await c.Client.RunAsync(run, c.Ct));
        return last?.State == RunState.Succeeded ? 0 : 1;
    }

    private static async Task<int> Logs(CommandContext c, string run, LogQuery query)
    {
        var lines = await c.Client.LogsAsync(run, query, c.Ct);
        return c.Answer(lines, all =>
        {
            foreach (var line in all)
                Console.Out.WriteLine(Lines.Log(line));
        });
    }

    private static async Task<int> Done(Task action, string said)
    {
        await action;
        Console.Error.WriteLine(said);
        return 0;
    }
}
