using System.CommandLine;
using FlowForge.Cli.Output;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge system</c></summary>
internal static class SystemCommand
{
    public static Command Create(SharedOptions shared) => Verb.Create("system", "The runtime about itself.", [], shared, async c => c.Answer(await c.Client.SystemAsync(c.Ct), s =>
        TextTable.Write(Console.Out, ["what", "value"],
        [
            ["version", s.Version], [".NET", s.Framework], ["DuckDB", s.DuckDb], ["process", Lines.Number(s.ProcessId)], ["up", Lines.Seconds(s.UptimeSeconds) + " s"],
            ["data folder", s.DataFolder], ["Temporal", $"{s.Temporal.Address} ({(s.Temporal.Connected ? "connected" : "not connected")})"],
            ["running jobs", $"{s.Worker.RunningJobs} of {s.Worker.Slots}"], ["memory", $"{s.WorkingSetBytes >> 20} MiB"]
        ])));
}
