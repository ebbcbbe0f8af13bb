using System.CommandLine;
using System.Text.Json;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge tables …</c></summary>
internal static class TableCommands
{
    public static Command Create(SharedOptions shared)
    {
        var table = new Argument<string>("table") { Description = "Table with its layer: gold.delays." };
        var layer = new Option<TableLayer?>("--layer") { Description = "Only this layer." };
        var search = new Option<string?>("--search") { Description = "Part of the name." };
        var version = new Option<long?>("--version") { Description = "A version; the latest when left out." };
        var limit = new Option<int>("--limit") { Description = "At most so many.", DefaultValueFactory = _ => 20 };
        var offset = new Option<long>("--offset") { Description = "Rows to pass over." };
        var sort = new Option<string?>("--sort") { Description = "Column to sort by." };
        var descending = new Option<bool>("--desc") { Description = "Sort downwards." };
        var filter = new Option<string?>("--filter") { Description = "Conditions: delay > 60 and origin = 'ATL'." };
        var rejects = new Option<bool>("--rejects") { Description = "The rows that were rejected, in place of the table's." };
        var status = new Option<RejectStatus>("--status") { Description = "With --rejects: open (default), replayed, superseded, evidence or all.", DefaultValueFactory = _ => RejectStatus.Open };
        var reasons = new Option<string[]>("--reason") { Description = "Only rejects of this reason (WRONG_TYPE). May be repeated." };
        var runs = new Option<string[]>("--run") { Description = "Only rejects of this run. May be repeated." };
        var files = new Option<string[]>("--file") { Description = "Only rejects of this file, as the source names it. May be repeated." };
        var dry = new Option<bool>("--dry-run") { Description = "Say what would be loaded, and change nothing." };
        var watch = new Option<bool>("--watch") { Description = "Follow the run to its end; exit code 0 when it succeeded, else 1." };
        var column = new Argument<string>("column") { Description = "A column of the table." };
        var from = new Option<long>("--from") { Description = "The older version.", Required = true };
        var to = new Option<long?>("--to") { Description = "The newer version; the latest when left out." };
        var keys = new Option<string?>("--keys") { Description = "Columns that say which rows are the same, with commas; whole rows are compared when left out." };
        var group = new Command("tables", "Look at the lake's tables.");

        Add("list", "Tables by layer and name.", [layer, search], async c => c.Answer(await c.Client.TablesAsync(c.Value(layer), c.Value(search), c.Ct),
            ["table", "version", "rows", "files", "rejects", "updated", "pipeline"],
            t => [t.Table, Lines.Number(t.Version), Lines.Count(t.Rows), Lines.Number(t.Files), Lines.Count(t.Rejects), Lines.Time(t.UpdatedAt), t.Pipeline]));
        Add("show", "A table's columns and origin.", [table, version], c => Show(c, Name(c.Value(table)), c.Value(version)));
        Add("versions", "A table's versions, newest first.", [table, limit], c => Versions(c, Name(c.Value(table)), c.Value(limit)));
        Add("rows", "A page of rows.", [table, version, offset, limit, sort, descending, filter, rejects, status], c => Rows(c, Name(c.Value(table)), c.Value(rejects) ? c.Value(status) : null, new RowsQuery
        {
            Version = c.Value(version), Offset = c.Value(offset), Limit = c.Value(limit), Sort = c.Value(sort), Descending = c.Value(descending), Filter = c.Value(filter)
        }));
        Add("replay", "Reads rejects of a bronze table again by the present definition of its job; what fits is loaded.", [table, reasons, runs, files, dry, watch], c =>
            Replay(c, Name(c.Value(table)), new ReplayRejects(c.Value(reasons), c.Value(runs), c.Value(files)), c.Value(dry), c.Value(watch)));
        Add("profile", "What the values of a version are like.", [table, version], c => Profile(c, Name(c.Value(table)), c.Value(version)));
        Add("lineage", "Where a column comes from, and what would break if it went.", [table, column], c => Lineage(c, Name(c.Value(table)), c.Value(column)));
        Add("diff", "Rows that differ between two versions.", [table, from, to, keys, limit], c => Diff(c, Name(c.Value(table)), c.Value(from), c.Value(to), c.Value(keys), c.Value(limit)));
        var run = new Option<string>("--run") { Description = "The row's _ff_run.", Required = true };
        var file = new Option<string>("--file") { Description = "The row's _ff_file.", Required = true };
        var record = new Option<long>("--record") { Description = "The row's _ff_record.", Required = true };
        var value = new Option<string?>("--value") { Description = "Where the next run begins; everything is read again when left out." };
        Add("trace", "Where a row of a bronze table comes from.", [table, run, file, record], async c => c.Answer(await c.Client.TraceAsync(Name(c.Value(table)).Item2, c.Value(run)!, c.Value(file)!, c.Value(record), c.Ct), t =>
        {
            Console.Out.WriteLine($"{t.Job} of {t.Pipeline}, {t.Run}{(t.Version is { } at ? $", version {at}" : "")}: {t.File}, record {t.Record}");
            if (t.LandedFile is not null) Console.Out.WriteLine(t.LandedFile);
            Console.Out.WriteLine(t.Raw ?? t.Note);
        }));
        var restored = new Option<long>("--version") { Description = "The version to bring back.", Required = true };
        var keep = new Option<bool>("--keep-watermark") { Description = "Leave the jobs' watermarks and lists of loaded files as they are: what came since is not loaded again. Without it they go back too." };
        var yes = new Option<bool>("--yes") { Description = "Do it. Without it only the preview is shown." };
        Add("restore", "Makes a table what it was at an older version, as a new version.", [table, restored, keep, yes], c => Restore(c, Name(c.Value(table)), c.Value(restored), c.Value(keep), c.Value(yes)));
        TableWorkCommands.Add(table, yes, Add);
        Add("set-watermark", "Sets the watermark of the job that makes a bronze table.", [table, value, dry], async c =>
            c.Answer(await c.Client.SetWatermarkAsync(Name(c.Value(table)).Item2, new SetWatermark(c.Value(value), c.Value(dry)), c.Ct), w => Console.Out.WriteLine(w.Version is { } at ? $"{w.Effect} (version {at})" : w.Effect)));
        return group;

        void Add(string verb, string description, Symbol[] symbols, Func<CommandContext, Task<int>> action) => group.Subcommands.Add(Verb.Create(verb, description, symbols, shared, action));
    }

    private static async Task<int> Show(CommandContext c, (TableLayer Layer, string Name) table, long? version) =>
        c.Answer(await c.Client.TableAsync(table.Layer, table.Name, version, c.Ct), t =>
        {
            Console.Out.WriteLine($"{t.Table} version {t.Version}: {Lines.Count(t.Rows)} rows, {Lines.Count(t.Bytes)} bytes in {t.Files} files, {Lines.Time(t.UpdatedAt)}");
            if (t.Origin is { } origin)
                Console.Out.WriteLine($"made by {origin.Job} of {origin.Pipeline}, {origin.Run}");
            if (t.Rejects is { } kept)
                Console.Out.WriteLine($"{Lines.Count(kept.Rows)} rejects: {string.Join(", ", kept.Reasons.Select(r => $"{r.Reason} {Lines.Count(r.Rows)}"))}");
            TextTable.Write(Console.Out, ["column", "type", "null", "source name"], t.Columns.Select(x => new[] { x.Name, x.Type, x.Nullable ? "yes" : "no", x.OriginalName }));
        });

    private static async Task<int> Profile(CommandContext c, (TableLayer Layer, string Name) table, long? version) =>
        c.Answer(await c.Client.ProfileAsync(table.Layer, table.Name, version, c.Ct), p =>
        {
            Console.Out.WriteLine($"{p.Table} version {p.Version}: {Lines.Count(p.Rows)} rows{(p.Sampled ? $", a sample of {Lines.Count(p.Looked)} was looked at" : "")}");
            TextTable.Write(Console.Out, ["column", "type", "nulls", "distinct", "min", "max", "mean", "most frequent"], p.Columns.Select(x => new[]
            {
                x.Name, x.Type, Lines.Count(x.Nulls), "~" + Lines.Count(x.Distinct), x.Min, x.Max, x.Mean is { } mean ? mean.ToString("G6", System.Globalization.CultureInfo.InvariantCulture) : "",
                string.Join(", ", x.Top.Take(3).Select(v => $"{v.Value} ({Lines.Count(v.Rows)})"))
            }));
        });

    private static async Task<int> Lineage(CommandContext c, (TableLayer Layer, string Name) table, string column) =>
        c.Answer(await c.Client.ColumnLineageAsync(table.Layer, table.Name, column, c.Ct), l =>
        {
            TextTable.Write(Console.Out, ["", "column", "is made from", "how"], l.Upstream.Select(s => Row("comes from", s)).Concat(l.Downstream.Select(s => Row("is used by", s))));

            static string[] Row(string way, ColumnStep s) => [way, s.Column is null ? s.Table + " (rows)" : $"{s.Table}.{s.Column}", $"{s.Input}.{s.InputColumn}", Lines.Word(s.Kind)];
        });

    private static async Task<int> Diff(CommandContext c, (TableLayer Layer, string Name) table, long from, long? to, string? keys, int limit) =>
        c.Answer(await c.Client.DiffAsync(table.Layer, table.Name, from, to, keys, 0, limit, c.Ct), d =>
        {
            Console.Out.WriteLine($"{d.Table} version {d.From} to {d.To}: {Lines.Count(d.Added)} rows added, {Lines.Count(d.Removed)} removed, {Lines.Count(d.Changed)} changed");
            TextTable.Write(Console.Out, ["", .. d.Columns.Select(x => x.Name)], d.Rows.Select(r => r.Values.Select(Cell).Prepend(r.Kind).ToArray()));
        });

    private static async Task<int> Versions(CommandContext c, (TableLayer Layer, string Name) table, int limit) =>
        c.Answer(await c.Client.TableVersionsAsync(table.Layer, table.Name, limit, ct: c.Ct), ["version", "time", "operation", "run", "files added", "files removed", "rows added"],
            v => [Lines.Number(v.Version), Lines.Time(v.Time), v.Operation, v.Run, Lines.Number(v.FilesAdded), Lines.Number(v.FilesRemoved), Lines.Number(v.RowsAdded)]);

    private static async Task<int> Rows(CommandContext c, (TableLayer Layer, string Name) table, RejectStatus? rejects, RowsQuery query)
    {
        var page = rejects is { } status ? await c.Client.RejectsAsync(table.Layer, table.Name, query, status, c.Ct) : await c.Client.RowsAsync(table.Layer, table.Name, query, c.Ct);
        return c.Answer(page, p =>
        {
            TextTable.Write(Console.Out, [.. p.Columns.Select(x => x.Name)], p.Rows.Select(r => r.Select(Cell).ToArray()));
            Console.Error.WriteLine($"{Lines.Count(p.Offset + Math.Min(1, p.Rows.Count))}–{Lines.Count(p.Offset + p.Rows.Count)} of {Lines.Count(p.Total)} rows, version {p.Version}");
        });
    }

    private static async Task<int> Restore(CommandContext c, (TableLayer Layer, string Name) table, long version, bool keep, bool yes)
    {
        if (yes)
            return c.Answer(await c.Client.RestoreAsync(table.Layer, table.Name, new RestoreTable(version, keep ? RestoreCursor.Keep : RestoreCursor.SetBack), c.Ct),
                r => Console.Out.WriteLine($"{r.Table} is what it was at version {r.Restored}, as version {r.Version}."));
        return c.Answer(await c.Client.PreviewRestoreAsync(table.Layer, table.Name, version, c.Ct), p =>
        {
            Console.Out.WriteLine($"{p.Table} version {p.From} would become what version {p.To} was: {Lines.Count(p.RowsNow)} rows now, {Lines.Count(p.RowsThen)} then; {p.FilesBack} files come back, {p.FilesGone} go.");
            foreach (var column in p.Columns)
                Console.Out.WriteLine($"column {column.Name} {column.Change}: {(column.Before is null ? "" : column.Before + " → ")}{column.Type}");
            foreach (var job in p.Jobs.Where(j => j.Now != j.Then || j.FilesNow != j.FilesThen))
                Console.Out.WriteLine($"{job.Job} of {job.Pipeline}: watermark {job.Now ?? "none"} → {job.Then ?? "none"}, files loaded {job.FilesNow} → {job.FilesThen}{(keep ? " (would stay as it is now)" : "")}");
            if (p.Dependents.Count > 0)
                Console.Out.WriteLine($"made from it: {string.Join(", ", p.Dependents)}");
            Console.Out.WriteLine(p.MissingCount == 0 ? "Nothing was changed; --yes does it." : $"It cannot come back: {p.MissingCount} files were removed by vacuum: {string.Join(", ", p.Missing)}");
        });
    }

    private static async Task<int> Replay(CommandContext c, (TableLayer Layer, string Name) table, ReplayRejects choice, bool dry, bool watch)
    {
        if (table.Layer != TableLayer.Bronze)
            throw new CliException("Only bronze tables have rejects that can be replayed.", "Name one as bronze.x.");
        if (!dry)
            return await RunCommands.Started(c, await c.Client.ReplayRejectsAsync(table.Name, choice, c.Ct), watch);
        return c.Answer(await c.Client.PreviewReplayAsync(table.Name, choice, c.Ct), p =>
        {
            Console.Out.WriteLine($"{Lines.Count(p.Rows.Read)} records would be read again by version {p.PipelineVersion} of {p.Pipeline}: {Lines.Count(p.Rows.Loaded)} loaded, {Lines.Count(p.Rows.Rejected)} still rejected, "
                + $"{Lines.Count(p.Rows.Deduplicated)} deduplicated, {Lines.Count(p.Rows.Filtered)} filtered.");
            foreach (var reason in p.Reasons)
                Console.Out.WriteLine($"still {reason.Reason}: {Lines.Count(reason.Rows)}");
            if (p.Columns is { } columns)
                Console.Out.WriteLine($"The table would change: {columns}.");
        });
    }

    private static string? Cell(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText()
    };

    internal static (TableLayer, string) Name(string text)
    {
        var cut = text.IndexOf('.', StringComparison.Ordinal);
        return cut > 0 && cut < text.Length - 1 && Enum.TryParse<TableLayer>(text[..cut], ignoreCase: true, out var layer) ? (layer, text[(cut + 1)..])
            : throw new CliException($"'{text}' is no table.", "Name it with its layer: bronze.x, silver.x or gold.x.");
    }
}
