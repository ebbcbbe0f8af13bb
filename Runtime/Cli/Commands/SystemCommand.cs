using System.CommandLine;
using FlowForge.Cli.Output;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge system</c></summary>
internal static class SystemCommand
{
    public static Command Create(SharedOptions shared)
    {
        var system = Status(shared);
        system.Subcommands.Add(Pools(shared));
        system.Subcommands.Add(Retention(shared));
        return system;
    }

    private static Command Retention(SharedOptions shared)
    {
        var sweep = new Option<bool>("--sweep") { Description = "Remove old runs and logs now." };
        return Verb.Create("retention", "How long runs and logs are kept, and what the last sweep removed.", [sweep], shared, async c =>
        {
            if (c.Value(sweep)) await c.Client.SweepAsync(c.Ct);
            return c.Answer(await c.Client.RetentionAsync(c.Ct), r => TextTable.Write(Console.Out, ["what", "value"],
            [
                ["runs", Kept(r.RunDays)], ["logs", Kept(r.LogDays)], ["at least", $"the newest {Lines.Number(r.RunsPerPipeline)} runs of each pipeline"], ["next sweep", r.NextSweepAt is { } next ? Lines.Time(next) : "never"],
                ["last sweep", r.LastSweep is { } last ? $"{Lines.Time(last.At)}: {Lines.Count(last.Runs)} runs, {Lines.Count(last.LogLines)} log lines, {Lines.Seconds(last.Seconds)} s" : "none yet"]
            ]));
        });

        static string Kept(int? days) => days is { } d ? $"{Lines.Number(d)} days" : "for ever";
    }

    private static Command Pools(SharedOptions shared) => Verb.Create("pools", "Worker pools: who works for them, what waits, which jobs go there.", [], shared, async c => c.Answer(await c.Client.WorkerPoolsAsync(c.Ct), pools =>
        TextTable.Write(Console.Out, ["pool", "task queue", "workers", "waiting", "jobs", "identities"], pools.Select(p => new[]
        {
            p.Name ?? "(runtime)", p.TaskQueue, Lines.Number(p.Workers.Count), p.Waiting is { } w ? Lines.Count(w) : "", Lines.Number(p.Routes.Sum(r => r.Jobs.Count)), string.Join(", ", p.Workers.Select(x => x.Identity))
        }))));

    private static Command Status(SharedOptions shared) => Verb.Create("system", "The runtime about itself.", [], shared, async c => c.Answer(await c.Client.SystemAsync(c.Ct), s =>
        TextTable.Write(Console.Out, ["what", "value"],
        [
            ["version", s.Version], [".NET", s.Framework], ["DuckDB", s.DuckDb], ["process", Lines.Number(s.ProcessId)], ["up", Lines.Seconds(s.UptimeSeconds) + " s"],
            ["data folder", s.DataFolder], ["lake", s.Lake], ["Temporal", $"{s.Temporal.Address} ({(s.Temporal.Connected ? "connected" : "not connected")})"],
            ["running jobs", $"{s.Worker.RunningJobs} of {s.Worker.Slots}"], ["memory", $"{s.WorkingSetBytes >> 20} MiB"]
        ])));
}
