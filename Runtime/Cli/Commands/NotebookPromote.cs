using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary>Puts a notebook into a pipeline from a terminal.</summary>
internal static class NotebookPromote
{
    /// <param name="Table">With its layer; null for a job without a table.</param>
    /// <param name="Parameters">As <c>name=value</c>.</param>
    public sealed record Wish(string? Table, string? Job, string? Result, IReadOnlyList<string> Parameters, string? Cron, bool DryRun);

    public static async Task<int> RunAsync(CommandContext c, string path, string pipeline, Wish wish)
    {
        var (layer, name) = Target(path, wish);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var p in wish.Parameters)
        {
            var at = p.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0) throw new CliException($"'{p}' is no parameter.", "Write name=value.");
            if (!values.TryAdd(p[..at], p[(at + 1)..])) throw new CliException($"The parameter {p[..at]} is set twice.", "Leave one of them out.");
        }
        var preview = await c.Client.PromoteNotebookAsync(path, new PromoteNotebook(pipeline, layer, name, wish.Result, values, wish.Cron), c.Ct);
        foreach (var d in preview.Validation.Diagnostics) await Console.Error.WriteLineAsync($"{d.Code} {d.Message} {d.Suggestion}".TrimEnd());
        if (!preview.Validation.Valid) return 1;
        if (wish.DryRun) return c.Answer(preview, p => Console.Out.Write(p.After));
        await c.Client.PutPipelineAsync(preview.Pipeline, new PutPipeline(preview.After), c.Ct);
        return c.Answer(preview, p => Console.Out.WriteLine($"{path} is {(layer is null ? "notebook" : layer.ToString()!.ToLowerInvariant())}.{name} of {p.Pipeline} now."));
    }

    private static (TableLayer? Layer, string Name) Target(string path, Wish wish)
    {
        var own = path.Split('/')[^1];
        if (own.EndsWith(".ipynb", StringComparison.Ordinal)) own = own[..^6];
        if (wish.Table is not { } table) return (null, wish.Job ?? own);
        if (wish.Job is not null) throw new CliException("--table and --job exclude each other.", "Leave one of them out.");
        var parts = table.Split('.');
        return parts is [var layer, { Length: > 0 } name] && Enum.TryParse<TableLayer>(layer, ignoreCase: true, out var found) && found != TableLayer.Bronze
            ? (found, name) : throw new CliException($"'{table}' cannot be made by a notebook.", "Write silver.NAME or gold.NAME.");
    }
}
