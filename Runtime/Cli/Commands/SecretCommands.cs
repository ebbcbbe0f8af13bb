using System.CommandLine;
using System.Text;
using FlowForge.Cli.Output;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge secrets …</c> Values are read from the terminal or from standard input, never from arguments, which other users can see.</summary>
internal static class SecretCommands
{
    public static Command Create(SharedOptions shared)
    {
        var name = new Argument<string>("name") { Description = "Name of the secret; connections and jobs write ${secret:NAME}." };
        var force = new Option<bool>("--force") { Description = "Also when something refers to it." };
        var group = new Command("secrets", "Store secrets; their values are never shown again.");
        Add("list", "Names of the stored secrets.", [], async c => c.Answer(await c.Client.SecretsAsync(c.Ct), ["name", "changed", "used by"], s => [s.Name, Lines.Time(s.UpdatedAt), string.Join(", ", s.UsedBy)]));
        Add("set", "Stores a secret, read from the terminal or from standard input.", [name], async c =>
        {
            await c.Client.PutSecretAsync(c.Value(name), ReadValue(), c.Ct);
            Console.Error.WriteLine($"{c.Value(name)} is stored.");
            return 0;
        });
        Add("delete", "Deletes a secret that nothing refers to.", [name, force], async c =>
        {
            await c.Client.DeleteSecretAsync(c.Value(name), c.Value(force), c.Ct);
            Console.Error.WriteLine($"{c.Value(name)} is deleted.");
            return 0;
        });
        Add("rotate-key", "Encrypts all secrets with a new key.", [], async c => c.Answer(await c.Client.RotateSecretKeyAsync(c.Ct), r => Console.Out.WriteLine($"{r.Secrets} secrets are encrypted with the new key ({r.KeyPlace}).")));
        return group;

        void Add(string verb, string text, Symbol[] symbols, Func<CommandContext, Task<int>> run) => group.Subcommands.Add(Verb.Create(verb, text, symbols, shared, run));
    }

    private static string ReadValue()
    {
        if (Console.IsInputRedirected)
        {
            var piped = Console.In.ReadToEnd().TrimEnd('\r', '\n');
            return piped.Length > 0 ? piped : throw new CliException("Standard input holds no value.", "Pipe the value in, or run the command in a terminal.");
        }
        Console.Error.Write("value (not shown): ");
        var value = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace) value.Length = Math.Max(0, value.Length - 1);
            else if (!char.IsControl(key.KeyChar)) value.Append(key.KeyChar);
        }
        Console.Error.WriteLine();
        return value.Length > 0 ? value.ToString() : throw new CliException("No value was given.", "Type the value, then Enter.");
    }
}
