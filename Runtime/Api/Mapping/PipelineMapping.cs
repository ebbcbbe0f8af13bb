using FlowForge.Contracts;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Api.Mapping;

/// <summary>Definitions, plans and findings as the API shows them.</summary>
internal static class PipelineMapping
{
    public static DiagnosticEntry ToEntry(Pipelines.Diagnostic d) => new(d.Severity switch
    {
        Pipelines.DiagnosticSeverity.Error => DiagnosticLevel.Error,
        Pipelines.DiagnosticSeverity.Warning => DiagnosticLevel.Warning,
        _ => DiagnosticLevel.Info
    }, d.Code, d.Message, d.Path, d.Line, d.Column, d.Suggestion);

    public static IReadOnlyList<DiagnosticEntry> ToEntries(IEnumerable<Pipelines.Diagnostic> diagnostics) => [.. diagnostics.Select(ToEntry)];

    public static PipelineValidation ToValidation(PipelineReading reading) =>
        new(reading.IsValid, reading.Definition?.Name, ToEntries(reading.Diagnostics), ToPlan(reading));

    public static PipelinePlan? ToPlan(PipelineReading reading) => reading.Definition is not { } definition ? null
        : new PipelinePlan([.. reading.Plan.Jobs.Select(j => ToJob(j, LineOf(definition, j)))]);

    public static JobKind ToKind(Pipelines.JobKind kind) => kind switch
    {
        Pipelines.JobKind.Ingest => JobKind.Ingest,
        Pipelines.JobKind.Silver => JobKind.Silver,
        Pipelines.JobKind.Notebook => JobKind.Notebook,
        Pipelines.JobKind.Delivery => JobKind.Delivery,
        _ => JobKind.Gold
    };

    public static PipelineTextFormat ToFormat(Pipelines.PipelineFormat format) =>
        format == Pipelines.PipelineFormat.Json ? PipelineTextFormat.Json : PipelineTextFormat.Yaml;

    public static Pipelines.PipelineFormat? ToFormat(PipelineTextFormat? format) => format switch
    {
        PipelineTextFormat.Json => Pipelines.PipelineFormat.Json,
        PipelineTextFormat.Yaml => Pipelines.PipelineFormat.Yaml,
        _ => null
    };

    private static PlannedJob ToJob(Pipelines.PlanJob job, int? line) => new()
    {
        Id = job.Id, Name = job.Name, Kind = ToKind(job.Kind), DependsOn = job.DependsOn, Reads = job.Reads, Writes = job.Writes, WritesMany = job.WritesMany, Reason = job.Reason,
        IsReference = job.IsReference, Line = line, Pool = job.Pool
    };

    private static int? LineOf(Pipelines.PipelineDefinition definition, Pipelines.PlanJob job) => job.Kind == Pipelines.JobKind.Ingest
        ? definition.Ingest.FirstOrDefault(i => i.Name == job.Name)?.Line
        : job.Kind == Pipelines.JobKind.Delivery ? definition.Deliveries.FirstOrDefault(d => d.Id == job.Id)?.Line
        : job.Kind == Pipelines.JobKind.Notebook ? definition.Notebooks.FirstOrDefault(n => n.Id == job.Id)?.Line
        : definition.Datasets.FirstOrDefault(d => d.Name == job.Name && d.Table == job.Id)?.Line;
}
