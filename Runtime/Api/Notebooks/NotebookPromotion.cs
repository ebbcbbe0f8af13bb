using System.Text.Json.Nodes;
using FlowForge.Api.Hosting;
using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Lake;
using FlowForge.Notebooks.Sessions.Files;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;

namespace FlowForge.Api.Notebooks;

/// <summary>Makes a whole notebook a dataset or a job in a pipeline's text. Stores nothing.</summary>
internal sealed class NotebookPromotion(PipelineStore pipelines, PipelineReader reader, FileRoots roots)
{
    public PromotionPreview Preview(NotebookPath notebook, PromoteNotebook wish)
    {
        var section = wish.Layer is null ? "notebooks" : wish.Layer.ToString()!.ToLowerInvariant();
        if (wish.Layer == TableLayer.Bronze || !TableName.TryParse($"gold.{wish.Name}", out var name))
            throw Refused("FF6043", $"'{wish.Name}' cannot be a {(wish.Layer is null ? "job" : $"table of {section}")}.", "Choose silver, gold or a job, and a name of small letters, digits and '_'.");
        var known = pipelines.Get(wish.Pipeline);
        var before = known?.Text ?? "";
        if (known is not null && PipelineEdit.Read(before, known.Format)[section] is JsonObject there && there.ContainsKey(name.Name))
            throw Refused("FF6042", $"The pipeline {wish.Pipeline} has {section}.{name.Name} already.", "Choose another name, or change it in the YAML.");
        var after = Text(known is null ? $"pipeline: {wish.Pipeline}\n" : before, known?.Format, Entry(notebook, wish, section, name.Name));
        var reading = reader.Read(after, known?.Format ?? PipelineFormat.Yaml, known?.BaseDirectory ?? roots.Workspace);
        return new PromotionPreview(wish.Pipeline, before, after, known?.Version, "", PipelineMapping.ToValidation(reading));
    }

    private static JsonObject Entry(NotebookPath notebook, PromoteNotebook wish, string section, string name)
    {
        var entry = new JsonObject { ["notebook"] = notebook.Text[..^NotebookPath.Extension.Length] };
        if (wish.Layer is not null && !string.IsNullOrWhiteSpace(wish.Result)) entry["result"] = wish.Result.Trim();
        if (wish.Parameters is { Count: > 0 } values) entry["parameters"] = new JsonObject(values.Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value)));
        var want = new JsonObject { [section] = new JsonObject { [name] = entry } };
        if (!string.IsNullOrWhiteSpace(wish.Cron)) want["schedule"] = new JsonObject { ["cron"] = wish.Cron.Trim() };
        return want;
    }

    private static string Text(string before, PipelineFormat? format, JsonObject want)
    {
        try
        {
            return PipelineEdit.Write(before, format, want, 2);
        }
        catch (FormatException e)
        {
            throw Refused("FF6042", e.Message, "Put the notebook into its text yourself.");
        }
    }

    private static ProblemException Refused(string code, string detail, string suggestion) => new(StatusCodes.Status422UnprocessableEntity, code, "Cannot be promoted", detail, suggestion);
}
