using System.CommandLine;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary>The commands among <c>flowforge tables</c> that ask for work on a table: it goes on in the runtime, whether somebody waits for it or not.</summary>
internal static class TableWorkCommands
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(300);

    public static void Add(Argument<string> table, Option<bool> yes, Action<string, string, Symbol[], Func<CommandContext, Task<int>>> add)
    {
        var noWait = new Option<bool>("--no-wait") { Description = "Print the id of the work and leave; flowforge tables work shows how far it is." };
        var sortBy = new Option<string[]>("--sort-by") { Description = "A column to sort each partition's rows by. May be repeated." };
        var target = new Option<int?>("--target-mb") { Description = "Size of the new files at most, in MiB." };
        add("optimize", "Merges small files of a table, or sorts its rows; no row changes.", [table, sortBy, target, noWait], async c =>
            await StartedAsync(c, await c.Client.OptimizeAsync(Layer(c), Name(c), new OptimizeTable(c.Value(sortBy), c.Value(target) is { } mb ? (long)mb << 20 : null), c.Ct)));
        var hours = new Option<double?>("--retention-hours") { Description = "Files replaced within this time stay; the table's own setting (a week) when left out." };
        add("vacuum", "Removes files that no version within the retention needs. Older versions can then no longer be read.", [table, hours, yes, noWait], async c =>
            c.Value(yes) ? await StartedAsync(c, await c.Client.VacuumAsync(Layer(c), Name(c), new VacuumTable(c.Value(hours)), c.Ct))
                : c.Answer(await c.Client.PreviewVacuumAsync(Layer(c), Name(c), new VacuumTable(c.Value(hours)), c.Ct), v => Vacuumed(v, "would go; --yes removes them.")));
        var rename = new Option<string[]>("--rename") { Description = "OLD=NEW: another name for a column. May be repeated." };
        var drop = new Option<string[]>("--drop") { Description = "A column to take out. May be repeated." };
        var move = new Option<string[]>("--move") { Description = "COLUMN=AFTER puts a column behind another one, COLUMN= first. May be repeated." };
        var notNull = new Option<string[]>("--not-null") { Description = "A column that may not be NULL any more. May be repeated." };
        var nullable = new Option<string[]>("--nullable") { Description = "A column that may be NULL again. May be repeated." };
        var constraint = new Option<string[]>("--constraint") { Description = "NAME=EXPRESSION that every row must fulfil. May be repeated." };
        var noConstraint = new Option<string[]>("--drop-constraint") { Description = "A constraint to drop. May be repeated." };
        var appendOnly = new Option<bool?>("--append-only") { Description = "true: rows can only be added; false: no longer so." };
        var upgrade = new Option<bool>("--allow-upgrade") { Description = "The table may be given column mapping, which --rename and --drop need; older Delta readers cannot read it then." };
        add("alter", "Changes columns and rules of a table, without writing its files anew.", [table, rename, drop, move, notNull, nullable, constraint, noConstraint, appendOnly, upgrade, noWait], async c =>
            await StartedAsync(c, await c.Client.AlterAsync(Layer(c), Name(c), new AlterTable(
            [
                .. Pairs(TableChangeKind.RenameColumn, c.Value(rename)), .. All(TableChangeKind.DropColumn, c.Value(drop)), .. Pairs(TableChangeKind.MoveColumn, c.Value(move)), .. All(TableChangeKind.SetNotNull, c.Value(notNull)),
                .. All(TableChangeKind.DropNotNull, c.Value(nullable)), .. Pairs(TableChangeKind.AddConstraint, c.Value(constraint)), .. All(TableChangeKind.DropConstraint, c.Value(noConstraint)),
                .. c.Value(appendOnly) is { } only ? (TableChange[])[new TableChange(only ? TableChangeKind.SetAppendOnly : TableChangeKind.DropAppendOnly)] : []
            ], c.Value(upgrade)), c.Ct)));
        var work = new Argument<string>("work") { Description = "Id of the work." };
        add("work", "Work on a table that was asked for, newest first.", [table], async c => c.Answer(await c.Client.TableWorksAsync(Layer(c), Name(c), 50, c.Ct), ["work", "kind", "state", "asked", "done", "created", "what came of it"],
            w => [w.Work, Lines.Word(w.Kind), Lines.Word(w.State), w.Asked, Percent(w), Lines.Time(w.CreatedAt), Outcome(w)]));
        add("cancel-work", "Stops work on a table; the table stays as it is, except for files that a vacuum has removed already.", [work], async c =>
        {
            await c.Client.CancelTableWorkAsync(c.Value(work), c.Ct);
            Console.Error.WriteLine($"{c.Value(work)} is being cancelled.");
            return 0;
        });

        async Task<int> StartedAsync(CommandContext c, TableWorkStarted started)
        {
            if (c.Value(noWait)) return c.Answer(started, s => Console.Out.WriteLine(s.Work));
            var ended = await EndOfAsync(c, started.Work);
            c.Answer(ended, w =>
            {
                if (w.Vacuumed is { } vacuumed && w.State == RunState.Succeeded) Vacuumed(vacuumed, "are gone.");
                else Console.Out.WriteLine(Outcome(w));
            });
            return ended.State == RunState.Succeeded ? 0 : 1;
        }

        TableLayer Layer(CommandContext c) => TableCommands.Name(c.Value(table)).Item1;
        string Name(CommandContext c) => TableCommands.Name(c.Value(table)).Item2;
    }

    private static async Task<TableWork> EndOfAsync(CommandContext c, string id)
    {
        string? told = null;
        while (true)
        {
            var work = await c.Client.TableWorkAsync(id, c.Ct);
            if (work.State is not (RunState.Queued or RunState.Running)) return work;
            var line = work.Phase is null ? null : $"{work.Phase} {Percent(work)}".TrimEnd();
            if (line is not null && line != told) Console.Error.WriteLine(line);
            told = line;
            await Task.Delay(LookEvery, c.Ct);
        }
    }

    private static string Percent(TableWork work) => work.Fraction is { } done ? FormattableString.Invariant($"{done * 100:0} %") : "";

    private static string Outcome(TableWork work) => work switch
    {
        { Error: { } error } => $"{work.ErrorCode}: {error} {work.Suggestion}".TrimEnd(),
        { State: RunState.Cancelled } => "Cancelled.",
        { Optimized: { Version: { } made } o } => $"{o.FilesRemoved} files became {o.FilesAdded}, as version {made}.",
        { Optimized: { } o } => $"Nothing to gain: {o.Files} files, {Lines.Count(o.Bytes)} bytes.",
        { Vacuumed: { } v, State: RunState.Succeeded } => $"{v.Count} files, {Lines.Count(v.Bytes)} bytes are gone.",
        { Altered: { } a } => $"{a.Table} is changed, as version {a.Version}.",
        _ => "",
    };

    private static void Vacuumed(TableVacuumed vacuumed, string end)
    {
        foreach (var path in vacuumed.Files) Console.Out.WriteLine(path);
        Console.Out.WriteLine($"{vacuumed.Count} files, {Lines.Count(vacuumed.Bytes)} bytes {end}");
    }

    private static IEnumerable<TableChange> All(TableChangeKind kind, string[]? names) => (names ?? []).Select(n => new TableChange(kind, n));

    private static IEnumerable<TableChange> Pairs(TableChangeKind kind, string[]? pairs) => (pairs ?? []).Select(p =>
    {
        var cut = p.IndexOf('=', StringComparison.Ordinal);
        return cut > 0 ? new TableChange(kind, p[..cut], cut == p.Length - 1 ? null : p[(cut + 1)..]) : throw new CliException($"'{p}' is not understood.", "Write NAME=VALUE.");
    });
}
