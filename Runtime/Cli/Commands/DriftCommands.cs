using System.CommandLine;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge drift …</c>: changes of sources, watermarks, landed files.</summary>
internal static class DriftCommands
{
    public static Command Create(SharedOptions shared)
    {
        var id = new Argument<string>("hold") { Description = "As 'flowforge drift list' names it." };
        var table = new Argument<string>("table") { Description = "Table with its layer: bronze.orders." };
        var pipeline = new Argument<string>("pipeline") { Description = "Name of the pipeline." };
        var all = new Option<bool>("--all") { Description = "Those that are decided too." };
        var rename = new Option<string[]>("--rename") { Description = "new=old: the source's new column is the table's old one. May be repeated." };
        var discard = new Option<string[]>("--discard") { Description = "Leaves a new column out, now and later. May be repeated." };
        var note = new Option<string?>("--note") { Description = "Why; kept with the decision." };
        var go = new Option<bool>("--continue") { Description = "Takes the held run up again at once." };
        var from = new Option<long?>("--from") { Description = "Compares this version with --to in place of listing all." };
        var to = new Option<long?>("--to") { Description = "The newer version; the latest when left out." };
        var remove = new Option<bool>("--remove") { Description = "Removes them; without it they are only listed." };
        var group = new Command("drift", "Changes of sources: what is held, approve or reject it; schemas over time; watermarks; old landed files.");

        Add("list", "What waits for a person.", [all], async c => c.Answer(await c.Client.HoldsAsync(c.Value(all) ? null : HoldStanding.Pending, ct: c.Ct), ["hold", "table", "state", "since", "records", "changes"],
            h => [h.Id, h.Table, Lines.Word(h.Standing), Lines.Time(h.HeldAt), Lines.Count(h.RowsRead), string.Join("; ", h.Changes.Select(x => x.Text))]));
        Add("show", "One held change, with what it touches.", [id], async c => c.Answer(await c.Client.HoldAsync(c.Value(id)!, c.Ct), Show));
        Add("approve", "Lets the landed copy be loaded.", [id, rename, discard, note, go], async c =>
            c.Answer(await c.Client.ApproveHoldAsync(c.Value(id)!, new ApproveHold(c.Value(rename) is { Length: > 0 } r ? Renames(r) : null, c.Value(discard) is { Length: > 0 } d ? d : null, c.Value(note), "flowforge", c.Value(go)), c.Ct), done =>
                Console.Out.WriteLine(done.Run is { } run ? $"approved; {run} goes on with what was landed" : done.NotContinued is { } why ? $"approved; no run goes on: {why}" : $"approved; the next run of {done.Hold.Pipeline}, or a retry of {done.Hold.Run}, loads what was landed")));
        Add("reject", "Does not load the landed copy; the next run reads the source anew.", [id, note], async c =>
            c.Answer(await c.Client.RejectHoldAsync(c.Value(id)!, new RejectHold(c.Value(note), "flowforge"), c.Ct), d => Console.Out.WriteLine($"rejected; the next run of {d.Hold.Pipeline} reads the source anew")));
        Add("schemas", "The schemas that a table had, or what differs between two versions.", [table, from, to], c => Schemas(c, TableCommands.Name(c.Value(table)!), c.Value(from), c.Value(to)));
        Add("watermarks", "How far incremental jobs have got.", [], async c => c.Answer(await Pages.AllAsync(page => c.Client.WatermarksAsync(null, page, 500, c.Ct)), ["table", "job", "column", "value", "by", "at"],
            w => [w.Table, $"{w.Pipeline}/{w.Job}", w.Column, w.Value ?? "(the beginning)", w.Run, Lines.Time(w.At)]));
        Add("landing", "Landed files that are older than landing_retention_days and needed by nothing.", [pipeline, remove], async c =>
            c.Answer(c.Value(remove) ? await c.Client.CleanLandingAsync(c.Value(pipeline)!, c.Ct) : await c.Client.LandingAsync(c.Value(pipeline)!, c.Ct), ["job", "days", "files", "bytes", c.Value(remove) ? "removed" : "would go", "bytes", "old but needed"],
                r => [r.Job, r.Days is { } days ? Lines.Number(days) : "all stay", Lines.Count(r.Files), Lines.Count(r.Bytes), Lines.Count(r.GoingFiles), Lines.Count(r.GoingBytes), string.Join("; ", r.Kept.Select(k => $"{Lines.Count(k.Files)} for {k.Reason}"))]));
        Add("audit", "What was decided, set or removed.", [], async c => c.Answer(await c.Client.AuditAsync(ct: c.Ct), ["at", "by", "action", "subject", "detail"], a => [Lines.Time(a.At), a.By, a.Action, a.Subject, a.Detail]));
        return group;

        void Add(string verb, string description, Symbol[] symbols, Func<CommandContext, Task<int>> action) => group.Subcommands.Add(Verb.Create(verb, description, symbols, shared, action));
    }

    private static Dictionary<string, string> Renames(string[]? texts) => (texts ?? []).Select(t => t.Split('=', 2)).ToDictionary(
        p => p.Length == 2 && p[0].Length > 0 && p[1].Length > 0 ? p[0] : throw new CliException($"'{string.Join('=', p)}' is no rename.", "Write new=old."), p => p[1]);

    private static void Show(SchemaHold h)
    {
        Console.Out.WriteLine($"{h.Table}, {Lines.Word(h.Standing)} since {Lines.Time(h.HeldAt)}: {h.Run} of {h.Pipeline} has landed {Lines.Count(h.RowsRead)} records ({Lines.Count(h.RowsRejected)} would be rejected)");
        foreach (var change in h.Changes) Console.Out.WriteLine($"  {change.Text}");
        foreach (var r in h.Renames) Console.Out.WriteLine($"  {r.To} may be {r.From} under a new name: {r.Reason} (--rename {r.To}={r.From})");
        foreach (var i in h.Impact) Console.Out.WriteLine($"  touches {i.Where}: {i.Effect}");
        if (h.DecidedBy is { } by) Console.Out.WriteLine($"{Lines.Word(h.Standing)} by {by}, {Lines.Time(h.DecidedAt)}{(h.Note is { } note ? ": " + note : "")}");
    }

    private static async Task<int> Schemas(CommandContext c, (TableLayer Layer, string Name) table, long? from, long? to)
    {
        if (from is null)
            return c.Answer(await c.Client.SchemasAsync(table.Layer, table.Name, c.Ct), ["version", "at", "by", "columns", "changes"],
                v => [Lines.Number(v.Version), Lines.Time(v.At), v.Run, Lines.Number(v.Columns.Count), string.Join("; ", v.Changes.Select(d => d.Text))]);
        return c.Answer(await c.Client.CompareSchemasAsync(table.Layer, table.Name, from.Value, to, c.Ct), d =>
        {
            foreach (var change in d.Differences) Console.Out.WriteLine(change.Text);
            foreach (var r in d.Renames) Console.Out.WriteLine($"{r.To} may be {r.From} under a new name: {r.Reason}");
            foreach (var i in d.Impact) Console.Out.WriteLine($"touches {i.Where}: {i.Effect}");
            if (d.Differences.Count == 0) Console.Out.WriteLine("no difference");
        });
    }
}
