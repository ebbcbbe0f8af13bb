using System.CommandLine;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge pipelines …</c></summary>
internal static class PipelineCommands
{
    public static Command Create(SharedOptions shared)
    {
        var name = new Argument<string>("name") { Description = "Name of the pipeline." };
        var file = new Argument<FileInfo>("file") { Description = "Pipeline file (YAML or JSON)." };
        var search = new Option<string?>("--search") { Description = "Part of the name." };
        var version = new Option<int?>("--version") { Description = "A stored version; the latest when left out." };
        var job = new Argument<string>("job") { Description = "Name of the ingest job." };
        var rows = new Option<long?>("--rows") { Description = "Rows to read from a source of rows; 1000 when left out." };
        var group = new Command("pipelines", "List, read, store and check pipelines.");

        Add("list", "Pipelines by name.", [search], c => List(c, c.Value(search)));
        Add("get", "A pipeline's text.", [name, version], c => Get(c, c.Value(name), c.Value(version)));
        Add("put", "Stores a file as the pipeline that it names.", [file], c => Put(c, c.Value(file)));
        Add("validate", "Checks a file; exit code 1 when it has errors.", [file], c => Validate(c, c.Value(file)));
        Add("plan", "What a run would do.", [name], c => Plan(c, c.Value(name)));
        Add("starts", "When it runs by itself: next times of the schedule, triggers and what they did last.", [name], c => Starts(c, c.Value(name)));
        Add("dry-run", "Runs an ingest job on the beginning of its source and publishes nothing.", [name, job, rows], c => DryRun(c, c.Value(name), c.Value(job), c.Value(rows)));
        Add("delete", "Takes a pipeline off the list; its runs and tables stay.", [name], c => Delete(c, c.Value(name)));
        return group;

        void Add(string verb, string description, Symbol[] symbols, Func<CommandContext, Task<int>> run) => group.Subcommands.Add(Verb.Create(verb, description, symbols, shared, run));
    }

    private static async Task<int> List(CommandContext c, string? search)
    {
        var found = await Pages.AllAsync(page => c.Client.PipelinesAsync(search, page, 500, c.Ct));
        return c.Answer(found, ["name", "version", "jobs", "last run", "state", "next run", "description"], p =>
        [
            p.Name, Lines.Number(p.Version), Lines.Number(p.IngestJobs + p.SilverTables + p.GoldTables), Lines.Time(p.LastRun?.QueuedAt),
            p.LastRun is { } run ? Lines.Word(run.State) : "", Lines.Time(p.Schedule?.NextRun), p.Description
        ]);
    }

    private static async Task<int> Get(CommandContext c, string name, int? version) =>
        c.Answer(await c.Client.PipelineAsync(name, version, c.Ct), p => Console.Out.Write(p.Text.EndsWith('\n') ? p.Text : p.Text + "\n"));

    private static async Task<int> Put(CommandContext c, FileInfo file)
    {
        var (text, format) = Read(file);
        var checkedText = await c.Client.ValidateAsync(new ValidatePipeline(text, format, file.DirectoryName), c.Ct);
        Lines.Diagnostics(Console.Error, file.ToString(), checkedText.Diagnostics);
        if (!checkedText.Valid || checkedText.Name is null)
            return 1;
        return c.Answer(await c.Client.PutPipelineAsync(checkedText.Name, new PutPipeline(text, format, file.DirectoryName), c.Ct),
            p => Console.Out.WriteLine($"{p.Name} is stored as version {p.Version}."));
    }

    private static async Task<int> Validate(CommandContext c, FileInfo file)
    {
        var (text, format) = Read(file);
        var outcome = await c.Client.ValidateAsync(new ValidatePipeline(text, format, file.DirectoryName), c.Ct);
        c.Answer(outcome, o =>
        {
            Lines.Diagnostics(Console.Out, file.ToString(), o.Diagnostics);
            if (o.Valid)
                Console.Out.WriteLine($"{file}: pipeline {o.Name} is valid, {o.Plan?.Jobs.Count ?? 0} jobs.");
        });
        return outcome.Valid ? 0 : 1;
    }

    /// <summary><c>flowforge test FILE</c></summary>
    public static Command CreateTest(SharedOptions shared)
    {
        var file = new Argument<FileInfo>("file") { Description = "Pipeline file (YAML or JSON)." };
        var only = new Option<string?>("--test") { Description = "Only the test of this name." };
        return Verb.Create("test", "Runs the tests of a pipeline's datasets; exit code 1 when one fails.", [file, only], shared, async c =>
        {
            var path = c.Value(file);
            var (text, format) = Read(path);
            var report = await c.Client.TestPipelineAsync(new TestPipeline(text, format, path.DirectoryName, c.Value(only)), c.Ct);
            c.Answer(report, r =>
            {
                Lines.Diagnostics(Console.Out, path.ToString(), r.Diagnostics);
                foreach (var test in r.Tests)
                {
                    Console.Out.WriteLine($"{(test.Passed ? "passed" : "FAILED")} {test.Name} ({test.Dataset}){(test.Message is null ? "" : ": " + test.Message)}");
                    foreach (var row in test.Missing) Console.Out.WriteLine($"  - {row}");
                    foreach (var row in test.Unexpected) Console.Out.WriteLine($"  + {row}");
                }
                Console.Out.WriteLine($"{r.Tests.Count(t => t.Passed)} passed, {r.Tests.Count(t => !t.Passed)} failed");
            });
            return report.Passed ? 0 : 1;
        });
    }

    private static async Task<int> Plan(CommandContext c, string name)
    {
        var outcome = await c.Client.PlanAsync(name, c.Ct);
        c.Answer(outcome, o =>
        {
            Lines.Diagnostics(Console.Error, name, o.Diagnostics);
            TextTable.Write(Console.Out, ["job", "makes", "after", "reason", "build", "because"], (o.Plan?.Jobs ?? []).Select(j => new[] { j.Id, j.Writes ?? string.Join(" ", j.WritesMany), string.Join(", ", j.DependsOn), j.Reason, j.Change is { } change ? Lines.Word(change) : "", string.Join("; ", j.Changes) }));
        });
        return outcome.Valid ? 0 : 1;
    }

    private static async Task<int> Starts(CommandContext c, string name)
    {
        var pipeline = await c.Client.PipelineAsync(name, null, c.Ct);
        return c.Answer(new { pipeline.Schedule, pipeline.Triggers }, _ =>
        {
            var schedule = pipeline.Schedule is { } s ? s.NextRuns.Select(n => new[] { $"{s.Cron} {s.Timezone}", "next " + Lines.Time(n), "", "" }) : [];
            TextTable.Write(Console.Out, ["starts", "when", "run", "problem"], schedule.Concat(pipeline.Triggers.Select(t => new[] { t.Text, t.FiredAt is { } at ? "last " + Lines.Time(at) : "not yet", t.LastRun, t.Problem })));
        });
    }

    private static async Task<int> DryRun(CommandContext c, string name, string job, long? rows)
    {
        var report = await c.Client.DryRunAsync(name, job, new StartDryRun(rows), c.Ct);
        c.Answer(report, r =>
        {
            foreach (var line in r.Read) Console.Out.WriteLine(line);
            Console.Out.WriteLine($"{r.Rows.Read} read = {r.Rows.Loaded} loaded + {r.Rows.Rejected} rejected + {r.Rows.Deduplicated} deduplicated + {r.Rows.Filtered} filtered");
            Console.Out.WriteLine(r.Effect);
            TextTable.Write(Console.Out, ["column", "type", "source name", "against the table"], r.Columns.Select(x => new[] { x.Name, x.Type, x.Source, x.Change }));
            foreach (var row in r.Sample) Console.Out.WriteLine(row.ToString());
            if (r.Rejects.Count > 0) TextTable.Write(Console.Out, ["file", "record", "reason", "message", "raw"], r.Rejects.Select(x => new[] { x.File, Lines.Number(x.Record), x.Reason, x.Message, x.Raw }));
            if (r.Problem is { } problem) Console.Error.WriteLine($"{problem.Code}: {problem.Message} {problem.Suggestion}");
        });
        return report.Problem is null ? 0 : 1;
    }

    private static async Task<int> Delete(CommandContext c, string name)
    {
        await c.Client.DeletePipelineAsync(name, c.Ct);
        Console.Error.WriteLine($"{name} is deleted.");
        return 0;
    }

    private static (string Text, PipelineTextFormat Format) Read(FileInfo file)
    {
        try
        {
            return (File.ReadAllText(file.FullName), file.Extension.Equals(".json", StringComparison.OrdinalIgnoreCase) ? PipelineTextFormat.Json : PipelineTextFormat.Yaml);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"The file {file} cannot be read: {e.Message}", "Name a pipeline file, YAML or JSON.");
        }
    }
}
