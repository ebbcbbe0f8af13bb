using System.CommandLine;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge notebooks …</c></summary>
internal static class NotebookCommands
{
    public static Command Create(SharedOptions shared)
    {
        var path = new Argument<string>("path") { Description = "Notebook below the workspace's notebooks folder: analysis/revenue." };
        var to = new Argument<string>("to") { Description = "The new path." };
        var id = new Argument<string>("id") { Description = "As `notebooks trash` shows it." };
        var search = new Option<string?>("--search") { Description = "Part of the path." };
        var format = new Option<string>("--format") { Description = "html, ipynb, or cs: a program for dotnet run.", DefaultValueFactory = _ => "html" };
        var pipeline = new Argument<string>("pipeline") { Description = "An existing pipeline, or the name of a new one." };
        var table = new Option<string?>("--table") { Description = "The dataset to make: gold.delays. Without it the notebook becomes a job that makes no table." };
        var job = new Option<string?>("--job") { Description = "Name of the job; by default the notebook's." };
        var result = new Option<string?>("--result") { Description = "The SQL result or C# collection whose rows the table gets; by default the last SQL cell's." };
        var parameter = new Option<string[]>("--set") { Description = "A parameter of the notebook. May be repeated.", HelpName = "NAME=VALUE" };
        var cron = new Option<string?>("--cron") { Description = "The pipeline's schedule." };
        var dry = new Option<bool>("--dry-run") { Description = "Print the pipeline's new text, store nothing." };
        var keep = new Option<bool>("--keep-kernel") { Description = "Leave the kernel running afterwards." };
        var remove = new Option<bool>("--remove") { Description = "Removes them; without it they are only counted." };
        var group = new Command("notebooks", "Notebooks and their kernels.");

        Add("list", "Notebooks by path.", [search], async c => c.Answer(await c.Client.NotebooksAsync(c.Value(search), c.Ct), ["notebook", "cells", "modified", "kernel", "memory"],
            n => [n.Path, n.Cells is { } cells ? Lines.Number(cells) : "unreadable", Lines.Time(n.Modified), Word(n.Kernel.State), n.Kernel.Memory > 0 ? Lines.Count(n.Kernel.Memory >> 20) + " MiB" : ""]));
        Add("create", "Makes a notebook with one SQL cell.", [path], async c => c.Answer(await c.Client.CreateNotebookAsync(new CreateNotebook(c.Value(path)), c.Ct), n => Console.Out.WriteLine(n.Path)));
        Add("run", "Runs all cells from top to bottom; exit code 1 when one fails. Outputs go into the file.", [path, keep], c => NotebookRun.RunAsync(c, c.Value(path), c.Value(keep)));
        Add("promote", "Makes a notebook a dataset or a job of a pipeline.", [path, pipeline, table, job, result, parameter, cron, dry], c => NotebookPromote.RunAsync(c, c.Value(path), c.Value(pipeline), new(c.Value(table), c.Value(job), c.Value(result), c.Value(parameter) ?? [], c.Value(cron), c.Value(dry))));
        Add("rename", "Gives a notebook another path.", [path, to], async c => c.Answer(await c.Client.RenameNotebookAsync(c.Value(path), c.Value(to), c.Ct), n => Console.Out.WriteLine(n.Path)));
        Add("duplicate", "Copies a notebook.", [path, to], async c => c.Answer(await c.Client.DuplicateNotebookAsync(c.Value(path), c.Value(to), c.Ct), n => Console.Out.WriteLine(n.Path)));
        Add("delete", "Moves a notebook to the trash.", [path], async c => c.Answer(await c.Client.DeleteNotebookAsync(c.Value(path), c.Ct), t => Console.Out.WriteLine($"{t.Path} is in the trash; bring it back with: notebooks restore {t.Id}")));
        Add("trash", "Deleted notebooks.", [], async c => c.Answer(await c.Client.NotebookTrashAsync(c.Ct), ["id", "notebook", "deleted"], t => [t.Id, t.Path, Lines.Time(t.Deleted)]));
        Add("restore", "Brings a notebook back from the trash.", [id], async c => c.Answer(await c.Client.RestoreNotebookAsync(c.Value(id), c.Ct), n => Console.Out.WriteLine(n.Path)));
        Add("export", "Prints a notebook as another kind of file.", [path, format], async c =>
        {
            Console.Out.Write(await c.Client.ExportNotebookAsync(c.Value(path), c.Value(format)!, c.Ct));
            return 0;
        });
        Add("executed", "Copies of notebooks that runs have executed, and those that are older than Notebooks:ExecutedDays.", [remove], async c =>
            c.Answer(c.Value(remove) ? await c.Client.CleanExecutedNotebooksAsync(c.Ct) : await c.Client.ExecutedNotebooksAsync(c.Ct), r =>
            {
                Console.Out.WriteLine($"{Lines.Count(r.Copies)} copies, {Lines.Count(r.Bytes)} bytes; {(r.Days is { } days ? $"{(c.Value(remove) ? "removed" : "would go")} for being older than {Lines.Number(days)} days: {Lines.Count(r.GoingCopies)}, {Lines.Count(r.GoingBytes)} bytes" : "all stay")}");
                foreach (var k in r.Kept) Console.Out.WriteLine($"  {Lines.Count(k.Files)} old ones stay: {k.Reason}");
            }));
        Add("interrupt", "Interrupts what a notebook runs.", [path], c => Kernel(c, c.Client.InterruptKernelAsync));
        Add("restart", "Gives a notebook a fresh kernel.", [path], c => Kernel(c, c.Client.RestartKernelAsync));
        Add("stop", "Ends a notebook's kernel.", [path], c => Kernel(c, c.Client.StopKernelAsync));
        return group;

        void Add(string verb, string description, Symbol[] symbols, Func<CommandContext, Task<int>> action) => group.Subcommands.Add(Verb.Create(verb, description, symbols, shared, action));

        async Task<int> Kernel(CommandContext c, Func<string, CancellationToken, Task<NotebookKernel>> act) => c.Answer(await act(c.Value(path), c.Ct), k => Console.Out.WriteLine($"kernel {Word(k.State)}"));
    }

    private static string Word(NotebookKernelState state) => state.ToString().ToLowerInvariant();
}
