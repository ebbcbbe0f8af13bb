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
        return system;
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
