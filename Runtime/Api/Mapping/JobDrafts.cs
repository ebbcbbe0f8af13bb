using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Api.Hosting;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;

namespace FlowForge.Api.Mapping;

/// <summary>Ingest jobs between a form and their pipeline's text. Stores nothing. Thread-safe.</summary>
internal sealed class JobDrafts(PipelineStore pipelines, PipelineReader reader, FileRoots roots)
{
    private static readonly string[] ScheduleFields = ["cron", "timezone", "start", "end"];

    public JobSettings Get(string pipeline, string job)
    {
        var (version, all) = Known(pipeline);
        if (job.StartsWith("ingest.", StringComparison.Ordinal)) job = job["ingest.".Length..];
        return (all["ingest"] as JsonObject)?[job] is JsonObject settings
            ? new JobSettings(version.Name, version.Version, job, Element(settings), ScheduleOf(all), TriggersOf(all))
            : throw ProblemException.NotFound("FF4120", $"Pipeline {pipeline} has no ingest job '{job}'.", all["ingest"] is JsonObject { Count: > 0 } jobs ? $"It has: {string.Join(", ", jobs.Select(j => j.Key))}." : "It has none.");
    }

    public PipelineStartTexts Starts(string pipeline)
    {
        var (version, all) = Known(pipeline);
        return new PipelineStartTexts(version.Name, version.Version, ScheduleOf(all), TriggersOf(all));
    }

    public JobDraftPreview Preview(JobDraft draft)
    {
        if (string.IsNullOrWhiteSpace(draft.Pipeline) || string.IsNullOrWhiteSpace(draft.Job)) throw ProblemException.Bad("FF4133", "A job needs a name, and the name of its pipeline.", "Names have lower-case letters, digits and '_'.");
        if (draft.Settings.ValueKind != JsonValueKind.Object) throw ProblemException.Bad("FF4134", "settings must be an object: the fields of the ingest job.");
        var known = pipelines.Get(draft.Pipeline);
        var before = known is null ? new JsonObject() : Read(known);
        var taken = before["ingest"] is JsonObject jobs && jobs.ContainsKey(draft.Job);
        if (taken && !draft.Existing) throw ProblemException.Conflict("FF4135", $"The pipeline {draft.Pipeline} has a job {draft.Job} already.", "Choose another name, or edit that job.");
        if (!taken && draft.Existing) throw ProblemException.Conflict("FF4136", $"The pipeline {draft.Pipeline} has no job {draft.Job} any more.", "Somebody has removed or renamed it meanwhile.");

        var want = new JsonObject();
        if (known is null)
        {
            want["pipeline"] = draft.Pipeline;
            if (!string.IsNullOrWhiteSpace(draft.Description)) want["description"] = draft.Description.Trim();
        }
        if (draft.ChangeStarts)
        {
            AddSchedule(want, before["schedule"], draft.Schedule);
            want["triggers"] = Node(draft.Triggers) is JsonArray { Count: > 0 } triggers ? triggers : null;
            // For a new text, nothing is better than null.
            if (known is null && want["triggers"] is null) want.Remove("triggers");
        }
        want["ingest"] = new JsonObject { [draft.Job] = Node(draft.Settings) };
        var (text, format, folder) = (known?.Text ?? "", known?.Format ?? PipelineFormat.Yaml, known?.BaseDirectory ?? roots.Workspace);
        string after;
        try
        {
            after = PipelineEdit.Write(text, format, want, 2);
        }
        catch (FormatException e)
        {
            throw new ProblemException(StatusCodes.Status422UnprocessableEntity, "FF4137", "The text cannot be changed by a form", e.Message, "Change it in the YAML.");
        }
        return new JobDraftPreview(draft.Pipeline, draft.Job, text, after, known?.Version ?? 0, PipelineMapping.ToFormat(format), folder, PipelineMapping.ToValidation(reader.Read(after, format, folder)));
    }

    /// <summary>Fields that the form does not give are taken out; a short form that says the same stays as it is.</summary>
    private static void AddSchedule(JsonObject want, JsonNode? there, JsonElement? wanted)
    {
        if (Node(wanted) is not JsonObject { Count: > 0 } schedule)
        {
            if (there is not null) want["schedule"] = null;
            return;
        }
        if (there is JsonValue && schedule.Count == 1 && schedule["cron"]?.ToString() == there.ToString()) return;
        if (there is JsonObject)
        {
            foreach (var field in ScheduleFields.Where(f => !schedule.ContainsKey(f))) schedule[field] = null;
        }
        want["schedule"] = schedule;
    }

    private static JsonElement? ScheduleOf(JsonObject pipeline) => pipeline["schedule"] switch
    {
        JsonObject full => Element(full),
        JsonValue cron => Element(new JsonObject { ["cron"] = cron.ToString() }),
        _ => null,
    };

    private static JsonElement? TriggersOf(JsonObject pipeline) => pipeline["triggers"] is JsonArray triggers ? Element(triggers) : null;

    private (PipelineVersion, JsonObject) Known(string pipeline)
    {
        var version = pipelines.Get(pipeline) ?? throw ProblemException.NotFound("FF4032", $"There is no pipeline '{pipeline}'.", "GET /api/v1/pipelines lists them.");
        return (version, Read(version));
    }

    private static JsonObject Read(PipelineVersion version)
    {
        try
        {
            return PipelineEdit.Read(version.Text, version.Format);
        }
        catch (FormatException e)
        {
            throw ProblemException.Conflict("FF4035", $"Pipeline {version.Name} version {version.Version} has errors: {e.Message}", "Mend it first.");
        }
    }

    private static JsonNode? Node(JsonElement? element) => element is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } value ? JsonNode.Parse(value.GetRawText()) : null;

    private static JsonElement Element(JsonNode node) => JsonSerializer.SerializeToElement(node);
}
