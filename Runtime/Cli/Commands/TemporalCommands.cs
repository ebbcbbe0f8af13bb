using System.CommandLine;
using System.Text.Json;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge temporal …</c>: the Temporal server that the runtime works with, through the runtime.</summary>
internal static class TemporalCommands
{
    public static Command Create(SharedOptions shared)
    {
        var space = new Option<string?>("--namespace") { Description = "Namespace, in place of the runtime's own.", Recursive = true };
        var group = new Command("temporal", "Look at and act on workflows and schedules.");
        group.Options.Add(space);
        group.Subcommands.Add(Workflows(shared, space));
        group.Subcommands.Add(Schedules(shared, space));
        return group;
    }

    private static Command Workflows(SharedOptions shared, Option<string?> space)
    {
        var id = new Argument<string>("id") { Description = "Workflow id." };
        var name = new Argument<string>("name") { Description = "Name of the signal or query." };
        var argument = new Argument<string?>("argument") { Description = "Its argument, as JSON.", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => null };
        var run = new Option<string?>("--run") { Description = "Run id; the newest run when left out." };
        var query = new Option<string?>("--query") { Description = "Temporal's query language: ExecutionStatus = 'Failed' AND WorkflowType = 'flowforge.pipeline'." };
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 20 };
        var newest = new Option<bool>("--newest") { Description = "Newest first." };
        var reason = new Option<string?>("--reason") { Description = "Why, for the history." };
        var at = new Option<long>("--event") { Description = "The workflow task that is decided again: id of its completed event.", Required = true };
        var group = new Command("workflows", "Runs of workflows.");

        Add("list", "Runs that match a query, newest first.", [query, limit], async c =>
            c.Answer(await AtMostAsync(c.Value(limit), (size, token) => c.Client.WorkflowsAsync(c.Value(query), size, token, c.Value(space), ct: c.Ct)),
                ["workflow", "run", "type", "status", "started", "seconds", "events"],
                w => [w.Id, w.Run, w.Type, State(w.State), Lines.Time(w.StartedAt), Lines.Seconds(w.Seconds), Lines.Number(w.Events)]));
        Add("count", "How many runs match a query, by status.", [query], async c => c.Answer(await c.Client.CountWorkflowsAsync(c.Value(query), c.Value(space), c.Ct),
            n => TextTable.Write(Console.Out, ["status", "runs"], [.. n.ByState.Select(s => new[] { State(s.State), Lines.Count(s.Count) }), ["all", Lines.Count(n.Total)]])));
        Add("show", "One run: what it got and gave, and what it waits for.", [id, run], async c => c.Answer(await c.Client.WorkflowAsync(Key(c), c.Ct), WorkflowText.Write));
        Add("history", "Events of a run.", [id, run, limit, newest], async c =>
            c.Answer(await AtMostAsync(c.Value(limit), (size, token) => c.Client.HistoryAsync(Key(c), c.Value(newest), size, token, c.Ct)),
                ["event", "time", "type", "about"], e => [Lines.Number(e.Id), Lines.Time(e.Time), e.Type, e.About]));
        Add("export", "The whole history in the JSON form of Temporal's tools, for replay tests.", [id, run], async c =>
        {
            Console.Out.WriteLine((await c.Client.HistoryFileAsync(Key(c), c.Ct)).GetRawText());
            return 0;
        });
        Add("cancel", "Asks a workflow to end.", [id, run, reason], c => Done(c.Client.CancelWorkflowAsync(new EndWorkflow(Key(c), c.Value(reason)), c.Ct), $"{c.Value(id)} is asked to end."));
        Add("terminate", "Ends a workflow at once, without asking it.", [id, run, reason], c => Done(c.Client.TerminateWorkflowAsync(new EndWorkflow(Key(c), c.Value(reason)), c.Ct), $"{c.Value(id)} is terminated."));
        Add("signal", "Sends a signal.", [id, name, argument, run], c => Done(c.Client.SignalWorkflowAsync(new CallWorkflow(Key(c), c.Value(name), Json(c.Value(argument))), c.Ct), $"{c.Value(name)} is delivered."));
        Add("query", "Asks a worker about a workflow.", [id, name, argument, run], async c =>
        {
            var answer = await c.Client.QueryWorkflowAsync(new CallWorkflow(Key(c), c.Value(name), Json(c.Value(argument))), c.Ct);
            Console.Out.WriteLine(answer.Result?.GetRawText() ?? "null");
            return 0;
        });
        Add("reset", "Starts a new run that shares the history up to an event.", [id, at, run, reason], async c =>
            c.Answer(await c.Client.ResetWorkflowAsync(new ResetWorkflow(Key(c), c.Value(at), c.Value(reason)), c.Ct), r => Console.Out.WriteLine(r.Run)));
        return group;

        WorkflowKey Key(CommandContext c) => new(c.Value(id), c.Value(run), c.Value(space));

        void Add(string verb, string description, Symbol[] symbols, Func<CommandContext, Task<int>> action) => group.Subcommands.Add(Verb.Create(verb, description, symbols, shared, action));
    }

    private static Command Schedules(SharedOptions shared, Option<string?> space)
    {
        var id = new Argument<string>("id") { Description = "Schedule id." };
        var note = new Option<string?>("--note") { Description = "Why, for those who look later." };
        var overlap = new Option<string?>("--overlap") { Description = "skip, buffer_one, buffer_all, cancel_other, terminate_other or allow_all; the schedule's own when left out." };
        var from = new Option<DateTimeOffset>("--from") { Description = "Begin of the range.", Required = true };
        var to = new Option<DateTimeOffset>("--to") { Description = "End of the range.", Required = true };
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 100 };
        var group = new Command("schedules", "What starts workflows by the calendar.");

        Add("list", "Schedules by id.", [limit], async c => c.Answer(await AtMostAsync(c.Value(limit), (size, token) => c.Client.SchedulesAsync(size, token, c.Value(space), c.Ct)),
            ["schedule", "starts", "state", "rule", "next"],
            s => [s.Id, s.WorkflowType, s.Paused ? "paused" : "active", string.Join("; ", s.Spec), Lines.Time(s.NextTimes.Count > 0 ? s.NextTimes[0] : null)]));
        Add("show", "One schedule: rules, next starts, recent starts.", [id], async c => c.Answer(await c.Client.ScheduleAsync(Key(c), c.Ct), WorkflowText.Write));
        Add("pause", "Pauses a schedule.", [id, note], c => Done(c.Client.PauseScheduleAsync(new PauseSchedule(Key(c), c.Value(note)), c.Ct), $"{c.Value(id)} is paused."));
        Add("unpause", "Lets a paused schedule go on.", [id, note], c => Done(c.Client.UnpauseScheduleAsync(new PauseSchedule(Key(c), c.Value(note)), c.Ct), $"{c.Value(id)} goes on."));
        Add("trigger", "Starts its workflow now.", [id, overlap], c => Done(c.Client.TriggerScheduleAsync(new TriggerSchedule(Key(c), c.Value(overlap)), c.Ct), $"{c.Value(id)} is triggered."));
        Add("backfill", "Starts its workflow for each of its times in a range.", [id, from, to, overlap], c =>
            Done(c.Client.BackfillScheduleAsync(new BackfillSchedule(Key(c), c.Value(from), c.Value(to), c.Value(overlap)), c.Ct), $"{c.Value(id)} is being backfilled."));
        Add("delete", "Removes a schedule; workflows that it started go on.", [id], c => Done(c.Client.DeleteScheduleAsync(Key(c), c.Ct), $"{c.Value(id)} is deleted."));
        return group;

        ScheduleKey Key(CommandContext c) => new(c.Value(id), c.Value(space));

        void Add(string verb, string description, Symbol[] symbols, Func<CommandContext, Task<int>> action) => group.Subcommands.Add(Verb.Create(verb, description, symbols, shared, action));
    }

    private static async Task<IReadOnlyList<T>> AtMostAsync<T>(int limit, Func<int, string?, Task<TokenPage<T>>> read)
    {
        var all = new List<T>();
        string? token = null;
        do
        {
            var page = await read(Math.Clamp(limit - all.Count, 1, 500), token);
            all.AddRange(page.Items);
            token = page.Next;
        }
        while (token is not null && all.Count < limit);
        return all;
    }

    private static string State(WorkflowState state) => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    private static JsonElement? Json(string? text)
    {
        if (text is null)
            return null;
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
        catch (JsonException e)
        {
            throw new CliException($"The argument is no JSON: {e.Message}", "Text needs quotes of its own: '\"text\"'.");
        }
    }

    private static async Task<int> Done(Task action, string said)
    {
        await action;
        Console.Error.WriteLine(said);
        return 0;
    }
}
