namespace FlowForge.Pipelines;

/// <summary>
/// Reads a pipeline's text. Never throws and never hangs on any text: what cannot be read is said in diagnostics. Thread-safe.
/// </summary>
public static class PipelineParser
{
    private static readonly string[] DatasetLayers = ["silver", "gold"];

    /// <param name="text">YAML or JSON.</param>
    /// <param name="format">Null: JSON when the text is JSON, else YAML.</param>
    /// <param name="environment">What is installed where the pipeline will run; null takes connectors on trust.</param>
    public static PipelineParseResult Parse(string text, PipelineFormat? format = null, PipelineEnvironment? environment = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var diagnostics = new DiagnosticList();
        var root = SourceText.Read(text, format, diagnostics);
        var definition = root is null ? null : Read(root, text, environment ?? new PipelineEnvironment(), diagnostics);
        return new PipelineParseResult(definition, diagnostics.Ordered());
    }

    private static PipelineDefinition? Read(MappingNode root, string text, PipelineEnvironment environment, DiagnosticList diagnostics)
    {
        var section = new SectionReader(root, "", PipelineFields.Pipeline, new TextPlace(root.Place.Line, root.Place.Column), diagnostics);
        var name = section.Text("pipeline");
        if (name is not null)
        {
            Names.Check(name, isPipeline: true, root["pipeline"]!.Place, "pipeline", diagnostics);
        }
        var ingest = Jobs(section, "ingest", PipelineFields.Pipeline["ingest"].Section!, s => IngestParser.Read(s, environment)).ToList();
        var sql = new SqlPlaces(text);
        var datasets = DatasetLayers
            .SelectMany(layer => Jobs(section, layer, DatasetFields.Dataset, s => DatasetParser.Read(s, layer, sql)))
            .ToList();
        var notebooks = Jobs(section, "notebooks", DatasetFields.Notebook, NotebookParser.Read).ToList();
        var deliveries = Jobs(section, "deliveries", DeliveryFields.Delivery, s => DeliveryParser.Read(s, environment)).ToList();
        var macros = MacroParser.Read(section);
        if (macros.Count > 0)
        {
            datasets = datasets.ConvertAll(d => d with { Macros = macros });
        }
        RefuseSameTables(ingest, section, diagnostics);
        if (ingest.Count + datasets.Count + notebooks.Count + deliveries.Count == 0 && !((string[])["ingest", "silver", "gold", "notebooks", "deliveries"]).Any(section.Has))
        {
            diagnostics.Add(DiagnosticCodes.NothingToRun, section.PlaceOf("pipeline"), "", "The pipeline has neither ingest jobs nor datasets nor notebooks nor deliveries.", "Add a job under 'ingest:'.");
        }
        var definition = new PipelineDefinition
        {
            Name = name ?? "",
            Description = section.Text("description"),
            Schedule = ScheduleParser.Read(section, environment.Now ?? DateTimeOffset.UtcNow),
            Triggers = TriggerParser.Read(section, name, ingest, environment),
            RunRetry = ScheduleParser.ReadRunRetry(section),
            MaxActiveRuns = (int?)section.Integer("max_active_runs"),
            Pool = Names.Pool(section),
            Parameters = section.TextMap("parameters"),
            Macros = macros,
            Tests = Jobs(section, "tests", DatasetFields.Test, s => DatasetTestParser.Read(s, datasets)).ToList(),
            OnOverlap = section.Choice<OverlapPolicy>("on_overlap")!.Value,
            MaxParallelJobs = (int)section.Integer("max_parallel_jobs")!.Value,
            Retry = ScheduleParser.ReadRetry(section),
            Ingest = ingest,
            Datasets = datasets,
            Notebooks = notebooks,
            Deliveries = deliveries,
        };
        return name is null ? null : definition;
    }

    /// <summary>Reads the sections of a map of names; a text in place of a section stands for its main field.</summary>
    private static IEnumerable<T> Jobs<T>(SectionReader section, string field, FieldSet fields, Func<SectionReader, T?> read) where T : class
    {
        foreach (var (key, value) in section.Mapping(field)?.Entries ?? [])
        {
            var path = $"{field}.{key.Text}";
            Names.Check(key.Text, isPipeline: false, key.Place, path, section.Diagnostics);
            if (Sections.Open(value, key, path, fields, section.Diagnostics) is { } opened && read(opened) is { } job)
            {
                yield return job;
            }
        }
    }

    private static void RefuseSameTables(List<IngestDefinition> ingest, SectionReader section, DiagnosticList diagnostics)
    {
        foreach (var group in ingest.Where(i => i.ForceToParquet && i.Tables.Count == 0).GroupBy(i => i.Table).Where(g => g.Count() > 1))
        {
            foreach (var job in group.Skip(1))
            {
                var node = section.Mapping("ingest")![job.Name] as MappingNode;
                diagnostics.Add(
                    DiagnosticCodes.DuplicateTable, node?["table"]?.Place ?? new TextPlace(job.Line, 1), $"ingest.{job.Name}.table",
                    $"bronze.{job.Table} is made by ingest.{group.First().Name} already (line {group.First().Line}).", "Give one of them another 'table'.");
            }
        }
    }
}
