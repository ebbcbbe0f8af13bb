using FlowForge.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class FakeRuntime
{
    /// <summary>Decisions about held changes, watermarks that were set, pipelines that were stored: the act and its body.</summary>
    public Noted<(string Act, object Body)> Drifted { get; } = new();

    private static SchemaDifference Changed(SchemaDifferenceKind kind, string column, string? before, string? after, string text) => new(kind, column, before, after, text);

    private static readonly SchemaHold Held = new()
    {
        Id = "run_8f1f-movies", Table = "bronze.movies", Pipeline = "movies", Job = "ingest.movies", Run = "run_8f1f", Standing = HoldStanding.Pending, HeldAt = Fakes.Sample.Now.AddMinutes(-12), RowsRead = 3_214, RowsRejected = 2, Bytes = 812_345,
        Changes =
        [
            Changed(SchemaDifferenceKind.Added, "us_gross_usd", null, "DOUBLE", "new column us_gross_usd DOUBLE"), Changed(SchemaDifferenceKind.Added, "debug_info", null, "VARCHAR", "new column debug_info VARCHAR"),
            Changed(SchemaDifferenceKind.Widened, "running_time_min", "INTEGER", "DOUBLE", "running_time_min INTEGER → DOUBLE"), Changed(SchemaDifferenceKind.Removed, "us_gross", "BIGINT", null, "missing column us_gross"),
        ],
        Renames = [new("us_gross", "us_gross_usd", 0.86, "the names are alike (95 %), BIGINT became DOUBLE, 88 % of the new column's values are in the old one")],
        Impact = [new("us_gross", "column", "gold.top_movies.gross", "gets no values any more"), new("us_gross", "check", "movies: range(us_gross, 0..)", "fails, or has nothing to look at")],
    };

    private SchemaHold _held = Held;
    private bool _cleaned;

    private void MapDrift(RouteGroupBuilder api)
    {
        api.MapGet("/drift", () => new[] { _held, Held with { Id = "run_1-flights", Table = "bronze.flights", Standing = HoldStanding.Loaded, DecidedBy = "ada", DecidedAt = Fakes.Sample.Now.AddDays(-2), Note = "as announced", LoadedBy = "run_8f1e", LoadedVersion = 4, Impact = [], Renames = [] } });
        api.MapGet("/drift/{id}", () => _held);
        api.MapPost("/drift/{id}/approve", (string id, ApproveHold body) =>
        {
            Drifted.Add(("approve " + id, body));
            _held = _held with { Standing = HoldStanding.Approved, DecidedBy = body.By, DecidedAt = Fakes.Sample.Now };
            return new HoldDecided(_held, null, "the pipeline has changed");
        });
        api.MapPost("/drift/{id}/reject", (string id, RejectHold body) =>
        {
            Drifted.Add(("reject " + id, body));
            _held = _held with { Standing = HoldStanding.Rejected, DecidedBy = body.By, DecidedAt = Fakes.Sample.Now, Note = body.Note };
            return new HoldDecided(_held, null, null);
        });
        TableColumn[] then = [new("title", "VARCHAR", true, "Title"), new("us_gross", "BIGINT", true, "US Gross"), new("rating", "DOUBLE", true, null)];
        TableColumn[] now = [new("title", "VARCHAR", true, "Title"), new("us_gross", "DOUBLE", true, "US Gross"), new("director", "VARCHAR", true, "Director")];
        api.MapGet("/tables/{layer}/{name}/schemas", () => new SchemaVersion[]
        {
            new(4, Fakes.Sample.Now.AddHours(-3), "run_8f1e", now, [Changed(SchemaDifferenceKind.Added, "director", null, "VARCHAR", "new column director VARCHAR"), Changed(SchemaDifferenceKind.Widened, "us_gross", "BIGINT", "DOUBLE", "us_gross BIGINT → DOUBLE"), Changed(SchemaDifferenceKind.Removed, "rating", "DOUBLE", null, "missing column rating")]),
            new(0, Fakes.Sample.Now.AddDays(-30), "run_first", then, []),
        });
        api.MapGet("/tables/{layer}/{name}/schemas/diff", (string layer, string name, long from, long to) => new SchemaComparison($"{layer}.{name}", from, to, then, now,
            [Changed(SchemaDifferenceKind.Added, "director", null, "VARCHAR", "new column director VARCHAR"), Changed(SchemaDifferenceKind.Widened, "us_gross", "BIGINT", "DOUBLE", "us_gross BIGINT → DOUBLE"), Changed(SchemaDifferenceKind.Removed, "rating", "DOUBLE", null, "missing column rating")],
            [], [new("rating", "column", "gold.top_movies.rating", "gets no values any more")]));
        api.MapGet("/watermarks", (string? search) => Page(new WatermarkEntry[] { new("bronze.flights", "flights", "ingest.flights", "date", "2001-12-31", "run_8f1e", Fakes.Sample.Now.AddHours(-2)), new("bronze.orders", "shop", "ingest.orders", "updated_at", null, "set by API", Fakes.Sample.Now.AddDays(-1)) }.Where(w => search is null || w.Table.Contains(search))));
        api.MapPost("/tables/bronze/{name}/watermark", IResult (string name, SetWatermark body) =>
        {
            if (body.Value == "soon") return Results.Json(new Problem { Status = 422, Code = "FF2129", Title = "The watermark was not set", Detail = "'soon' is no DATE, which the watermark column date is." }, ContractsJson.Options, "application/problem+json", 422);
            if (!body.DryRun) Drifted.Add(("watermark " + name, body));
            return Results.Json(new WatermarkSet("date", "2001-12-31", body.Value, 1_204, $"The next run reads {(body.Value is null ? "all of the source" : $"from date = {body.Value} on")} again, where 1204 rows of bronze.{name} lie.", body.DryRun ? null : 9), ContractsJson.Options);
        });
        api.MapGet("/landing", () => Page(Landed().Select(r => r with { Going = [] }).ToArray()));
        api.MapGet("/pipelines/{name}/landing", (string name) => name != "flights" ? [] : Landed());
        LandingReport[] Landed() =>
        [
            new("flights", "flights", 30, 214, 3_456_789_012, _cleaned ? 0 : 2, _cleaned ? 0 : 34_567, _cleaned ? [] : [new("flights/flights/2001/01/01/20010101T020000Z_flights-1.json", 30_000, "run_1", Fakes.Sample.Now.AddDays(-40)), new("flights/flights/2001/01/02/20010102T020000Z_flights-2.json", 4_567, "run_2", Fakes.Sample.Now.AddDays(-39))],
                [new("rejects that may be replayed", 3, 12_000)]),
            new("flights", "airports", null, 2, 400_123, 0, 0, [], []),
        ];
        api.MapPost("/pipelines/{name}/landing/clean", (string name) =>
        {
            Drifted.Add(("clean " + name, name));
            _cleaned = true;
            return Array.Empty<LandingReport>();
        });
        api.MapGet("/audit", () => new AuditEntry[] { new(Fakes.Sample.Now.AddHours(-1), "workbench", "approve schema change", "bronze.movies", "run_1-movies: new column director VARCHAR"), new(Fakes.Sample.Now.AddDays(-1), "run_8f1e", "remove landed files", "flights/ingest.flights", "12 files, 34567 bytes, landed more than 30 days ago: flights/flights/2001/01/01/flights.json …") });
    }
}
