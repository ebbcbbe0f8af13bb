using System.CommandLine;
using FlowForge.Cli.Output;
using FlowForge.Cli.Plugins;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge plugin …</c></summary>
internal static class PluginCommands
{
    public static Command Create(SharedOptions shared)
    {
        var folder = new Argument<DirectoryInfo>("folder") { Description = "What the plugin's build made: the folder with its .dll and .deps.json." };
        var output = new Option<DirectoryInfo?>("--output") { Description = "Where the package goes; here when left out." };
        var id = new Option<string?>("--id") { Description = "Id of the package; the assembly's name when left out." };
        var description = new Option<string?>("--description") { Description = "One sentence about it." };
        var file = new Argument<FileInfo>("file") { Description = "The package (.nupkg)." };
        var sha = new Option<string?>("--sha256") { Description = "Refuse the package unless it has this checksum." };
        var name = new Argument<string>("name") { Description = "Name of the installed plugin." };
        var version = new Argument<string>("version") { Description = "Its version." };
        var force = new Option<bool>("--force") { Description = "Also when connections need it." };
        var group = new Command("plugin", "Pack, install, list and remove plugins.");

        var pack = new Command("pack", "Makes a package of a built plugin.") { folder, output, id, description };
        pack.SetAction(parsed =>
        {
            try
            {
                var made = PluginPacker.Pack(parsed.GetRequiredValue(folder), parsed.GetValue(output)?.FullName ?? Environment.CurrentDirectory, parsed.GetValue(id), parsed.GetValue(description));
                Console.Out.WriteLine($"{made.File}\nsha256 {made.Sha256}");
                return 0;
            }
            catch (CliException e)
            {
                Lines.Error(e.Message, e.Suggestion);
                return 1;
            }
        });
        group.Subcommands.Add(pack);
        Add("install", "Installs a package into the running environment; versions stand side by side.", [file, sha], async c =>
        {
            if (!c.Value(file).Exists) throw new CliException($"There is no file {c.Value(file)}.", "Make one with: flowforge plugin pack FOLDER");
            await using var stream = c.Value(file).OpenRead();
            return c.Answer(await c.Client.InstallPluginAsync(stream, c.Value(sha), c.Ct), p => Console.Out.WriteLine($"{p.Name} {p.Version} is installed.\nsha256 {p.Sha256}"));
        });
        Add("list", "Plugins that were installed from packages.", [], async c => c.Answer(await c.Client.PluginsAsync(c.Ct), ["name", "version", "sha256", "installed", "description", "problem"],
            p => [p.Name, p.Version, p.Sha256, Lines.Time(p.InstalledAt), p.Description, p.Problem]));
        Add("remove", "Removes a version of a plugin.", [name, version, force], async c =>
        {
            await c.Client.RemovePluginAsync(c.Value(name), c.Value(version), c.Value(force), c.Ct);
            Console.Error.WriteLine($"{c.Value(name)} {c.Value(version)} is removed.");
            return 0;
        });
        return group;

        void Add(string verb, string text, Symbol[] symbols, Func<CommandContext, Task<int>> run) => group.Subcommands.Add(Verb.Create(verb, text, symbols, shared, run));
    }
}
