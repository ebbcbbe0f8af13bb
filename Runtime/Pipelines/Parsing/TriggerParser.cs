namespace FlowForge.Pipelines;

/// <summary>Reads a pipeline's triggers and judges whether they can ever fire, and whether they would fire each other for ever.</summary>
internal static class TriggerParser
{
    public static IReadOnlyList<TriggerDefinition> Read(SectionReader pipeline, string? name, IReadOnlyList<IngestDefinition> ingest, PipelineEnvironment environment)
    {
        List<TriggerDefinition> triggers = [];
        var items = pipeline.Items("triggers", "a list of triggers");
        for (var i = 0; i < items.Count; i++)
        {
            var path = $"triggers[{i}]";
            if (items[i] is not MappingNode mapping)
            {
                pipeline.Diagnostics.Add(DiagnosticCodes.WrongType, items[i].Place, path, $"A trigger is a mapping, not {items[i].Kind}.", "Write '- { arrival: orders }' or '- { after: other_pipeline }'.");
                continue;
            }
            var section = new SectionReader(mapping, path, PipelineFields.Trigger, mapping.Place, pipeline.Diagnostics);
            if (One(section, mapping.Place.Line, ingest) is not { } trigger) continue;
            if (triggers.Any(t => t.Key == trigger.Key))
            {
                pipeline.Diagnostics.Add(DiagnosticCodes.DuplicateItem, mapping.Place, path, $"The trigger '{trigger.Key.Replace(":", ": ", StringComparison.Ordinal)}' stands twice.", "Remove one of them.");
                continue;
            }
            triggers.Add(trigger);
            if (trigger is AfterTrigger after && name is not null) CheckAfter(section, name, after, environment);
        }
        return triggers;
    }

    private static TriggerDefinition? One(SectionReader section, int line, IReadOnlyList<IngestDefinition> ingest)
    {
        var (arrival, after) = (section.Text("arrival"), section.Text("after"));
        if (arrival is null == after is null)
        {
            section.Diagnostics.Add(DiagnosticCodes.TriggerUnclear, section.Place, section.Path, arrival is null ? "A trigger needs 'arrival' or 'after'." : "A trigger has either 'arrival' or 'after', not both.",
                "Write '- { arrival: orders }' or '- { after: other_pipeline }'.");
            return null;
        }
        foreach (var field in new[] { "stable_for", "every" }) Effects.Warn(section, field, arrival is not null, "the trigger is an arrival");
        Effects.Warn(section, "on", after is not null, "the trigger is 'after' another pipeline");
        var stable = Durations.Read(section, "stable_for", TimeSpan.FromSeconds(5));
        var every = Durations.Read(section, "every", TimeSpan.FromSeconds(30));
        if (after is not null) return new AfterTrigger(after, section.Choice<AfterEnd>("on")!.Value) { Line = line };
        if (every < TimeSpan.FromSeconds(1))
        {
            section.Add(DiagnosticCodes.OutOfRange, "every", "'every' is shorter than a second.", "Sources are listed at most once a second.");
            every = TimeSpan.FromSeconds(30);
        }
        if (ingest.All(j => j.Name != arrival))
        {
            section.Add(DiagnosticCodes.UnknownTriggerJob, "arrival", $"The pipeline has no ingest job '{arrival}'.", Nearest.Suggest(arrival!, [.. ingest.Select(j => j.Name)]));
            return null;
        }
        return new ArrivalTrigger(arrival!, stable, every) { Line = line };
    }

    private static void CheckAfter(SectionReader section, string name, AfterTrigger after, PipelineEnvironment environment)
    {
        if (after.Pipeline == name)
        {
            section.Add(DiagnosticCodes.TriggerCycle, "after", $"{name} would run after itself, for ever.", "Use a schedule.");
            return;
        }
        if (environment.RunsAfter is not { } known) return;
        if (known(after.Pipeline) is null)
        {
            section.Add(DiagnosticCodes.UnknownTriggerPipeline, "after", $"There is no pipeline '{after.Pipeline}' yet.", "It will count once it is saved.");
            return;
        }
        if (Way(after.Pipeline, name, known, []) is { } way)
            section.Add(DiagnosticCodes.TriggerCycle, "after", $"The pipelines would start each other for ever: {string.Join(" → ", way.Prepend(name))}.", "Take one of these triggers out.");
    }

    /// <summary>The pipelines from one back to the target, along what they run after.</summary>
    private static List<string>? Way(string from, string target, Func<string, IReadOnlyList<string>?> known, HashSet<string> seen)
    {
        if (from == target) return [target];
        if (!seen.Add(from)) return null;
        foreach (var next in known(from) ?? [])
            if (Way(next, target, known, seen) is { } rest) return [from, .. rest];
        return null;
    }
}
