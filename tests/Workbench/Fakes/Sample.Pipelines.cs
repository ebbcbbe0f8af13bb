using FlowForge.Contracts;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class Sample
{
    public const string Yaml = """
        pipeline: flights
        schedule: { cron: "0 2 * * *", timezone: Europe/Berlin }
        ingest:
          airports:
            source_type: file_local
            format: csv
            is_reference: true
            config: { path: data/airports.csv }
          flights:
            source_type: file_local
            format: json
            error_handling: quarantine
            quarantine_path: quarantine/flights
            config: { path: data/flights-*.json }
        silver:
          flights_clean:
            sql: SELECT * FROM bronze.flights WHERE delay IS NOT NULL
            checks: [ { not_null: [origin, date] }, { range: { column: delay, min: -120 } } ]
        gold:
          delays_by_airport:
            sql: SELECT origin, avg(delay) AS mean_delay FROM silver.flights_clean GROUP BY origin

        """;

    public const string Schema = """
        {"type":"object","properties":{"pipeline":{"type":"string","description":"Its name."},"ingest":{"type":"object","additionalProperties":{"$ref":"#/$defs/ingest"}},
        "silver":{"type":"object","additionalProperties":{"$ref":"#/$defs/dataset"}}},
        "$defs":{"ingest":{"type":"object","properties":{"source_type":{"type":"string","enum":["file_local","db_query","api"],"description":"The connector."},"format":{"enum":["csv","json","parquet"]},"is_reference":{"type":"boolean"},"error_handling":{"enum":["fail","quarantine"]}}},
        "dataset":{"type":"object","properties":{"sql":{"type":"string"},"checks":{"type":"array","items":{"type":"object","properties":{"not_null":{"type":"array"},"range":{"type":"object","properties":{"column":{"type":"string"},"min":{"type":"number"}}}}}}}}}}
        """;

    public static PipelinePlan Plan { get; } = new([.. Jobs(RunState.Queued).Select(j => new PlannedJob
    {
        Id = j.Id, Name = j.Name, Kind = j.Kind, DependsOn = j.DependsOn, Writes = j.Table, IsReference = j.IsReference, Reason = j.IsReference ? "A reference: read before everything that may join it." : "Waits for " + string.Join(" and ", j.DependsOn),
        Reads = [.. j.Kind == JobKind.Ingest ? [] : j.DependsOn.Select(d => d.Replace("ingest.", "bronze."))],
    })]);

    public PipelineDetail? Detail(string name) => name == DeliveringPipeline ? Delivering : Pipelines.FirstOrDefault(p => p.Name == name) is not { } p ? null : new PipelineDetail
    {
        Name = p.Name, Description = p.Description, Version = p.Version, LatestVersion = p.Version, UpdatedAt = p.UpdatedAt, Text = Yaml, Format = PipelineTextFormat.Yaml, BaseDirectory = "/home/ada/flowforge/AppHost/demo",
        Schedule = p.Schedule is { } s ? s with { NextRuns = [.. Enumerable.Range(1, 5).Select(d => Now.Date.AddDays(d))] } : null, Plan = Plan,
        Triggers =
        [
            new PipelineTrigger { Kind = "arrival", Of = "flights", Text = "when something arrives at ingest.flights", Known = true, FiredAt = Now.AddHours(-3), LastRun = "run_7c11" },
            new PipelineTrigger { Kind = "after", Of = "airports", Text = "after each successful run of airports", Known = true, Problem = "left out after run_7c10: run_7c0f of pipeline flights is still running." },
        ], LastRun = p.LastRun, Parameters = [new PipelineParameter("year", "2000"), new PipelineParameter("airline", "AA")],
    };

    public static PipelineValidation Validate(string text)
    {
        var line = text.Split('\n').Index().FirstOrDefault(l => l.Item.Contains("source_typ:"));
        return line.Item is null ? new(true, "flights", [], Plan)
            : new(false, "flights", [new DiagnosticEntry(DiagnosticLevel.Error, "FF1104", "There is no field 'source_typ' in an ingest job.", "ingest.airports.source_typ", line.Index + 1, 5, "Did you mean 'source_type'?")], null);
    }

    public PipelineDetail Put(string name, string text) => Detail("flights")! with { Name = name, Text = text, Version = 4, LatestVersion = 4 };
}
