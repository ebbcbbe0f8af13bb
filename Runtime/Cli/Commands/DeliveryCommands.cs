using System.CommandLine;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge deliveries …</c>: tables of the lake in other systems.</summary>
internal static class DeliveryCommands
{
    public static Command Create(SharedOptions shared)
    {
        var pipeline = new Argument<string>("pipeline") { Description = "Name of the pipeline." };
        var table = new Argument<string>("table") { Description = "Table with its layer: gold.sales." };
        var group = new Command("deliveries", "What was delivered where, and how many versions came since.");

        Add("list", "The deliveries of a pipeline.", [pipeline], async c => Show(c, await c.Client.DeliveriesAsync(c.Value(pipeline)!, c.Ct)));
        Add("of", "Where a table is delivered to, by any pipeline.", [table], async c =>
        {
            var (layer, name) = TableCommands.Name(c.Value(table)!);
            return Show(c, await c.Client.TableDeliveriesAsync(layer, name, c.Ct));
        });
        return group;

        void Add(string verb, string description, Symbol[] symbols, Func<CommandContext, Task<int>> run) => group.Subcommands.Add(Verb.Create(verb, description, symbols, shared, run));
    }

    private static int Show(CommandContext c, IReadOnlyList<DeliveryEntry> found) => c.Answer(found, ["delivery", "table", "to", "mode", "version", "pending", "rows", "delivered", "run"], d =>
    [
        $"{d.Pipeline}/{d.Name}", d.Table, d.Target, Lines.Word(d.Mode), d.Version is { } there ? Lines.Count(there) : "none", Lines.Count(d.Pending), d.Rows is { } rows ? Lines.Count(rows) : "", Lines.Time(d.DeliveredAt), d.Run ?? "",
    ]);
}
