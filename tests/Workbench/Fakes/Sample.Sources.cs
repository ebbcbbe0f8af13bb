using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class Sample
{
    public static readonly ConnectorEntry Shop = new()
    {
        Name = "shop", Title = "Shop database", Description = "Tables of a shop, read over its own protocol.", Version = "1.2.0", Abilities = ["batch_source", "discover", "resume", "test_connection"],
        Fields =
        [
            new() { Name = "host", Title = "Host", Description = "Name or address of the server.", Kind = FieldKind.Text, Required = true, OfConnection = true, Example = "db.example.com" },
            new() { Name = "port", Title = "Port", Description = "Its port.", Kind = FieldKind.Integer, OfConnection = true, Default = Json("5432"), Minimum = 1, Maximum = 65535 },
            new() { Name = "password", Title = "Password", Description = "Password of the user.", Kind = FieldKind.Secret, OfConnection = true },
            new() { Name = "ssl_mode", Title = "Ssl mode", Description = "Whether the connection is encrypted.", Kind = FieldKind.Choice, OfConnection = true, Default = Json("\"prefer\""), Choices = ["disable", "prefer", "require"] },
            new() { Name = "read_only", Title = "Read only", Kind = FieldKind.Boolean, OfConnection = true, Default = Json("true") },
            new() { Name = "headers", Title = "Headers", Description = "Sent with each request.", Kind = FieldKind.Map, Element = FieldKind.Text, OfConnection = true },
            new() { Name = "query", Title = "Query", Description = "What to read.", Kind = FieldKind.Text },
        ],
    };

    /// <summary>Its ways in have settings of their own.</summary>
    public static readonly ConnectorEntry Api = new()
    {
        Name = "api", Title = "Orders API", Description = "Orders by HTTP.", Version = "1.0.0", Abilities = ["page_source", "test_connection"],
        Fields =
        [
            new() { Name = "base_url", Title = "Base URL", Description = "Where the API is.", Kind = FieldKind.Address, Required = true, OfConnection = true },
            new()
            {
                Name = "auth", Title = "Auth", Description = "How to get in.", Kind = FieldKind.Group, OfConnection = true,
                Fields =
                [
                    new() { Name = "kind", Title = "Kind", Kind = FieldKind.Choice, Default = Json("\"none\""), Choices = ["none", "basic", "bearer", "oauth2_refresh"] },
                    new() { Name = "user", Title = "User", Kind = FieldKind.Text, When = new("kind", ["basic"]) },
                    new() { Name = "password", Title = "Password", Kind = FieldKind.Secret, When = new("kind", ["basic"]) },
                    new() { Name = "token", Title = "Token", Kind = FieldKind.Secret, When = new("kind", ["bearer"]) },
                    new() { Name = "token_url", Title = "Token URL", Description = "Address that gives tokens.", Kind = FieldKind.Address, When = new("kind", ["oauth2_refresh"]) },
                    new() { Name = "refresh_token", Title = "Refresh token", Kind = FieldKind.Secret, When = new("kind", ["oauth2_refresh"]) },
                ],
            },
            new() { Name = "tls", Title = "TLS", Kind = FieldKind.Boolean, OfConnection = true, Default = Json("false") },
            new() { Name = "ca_certificate", Title = "CA certificate", Kind = FieldKind.Text, OfConnection = true, When = new("tls", ["true"]) },
        ],
    };

    public List<ConnectionDetail> Connections { get; init; } = [];

    public List<SecretEntry> Secrets { get; init; } = [];

    public ConnectionTestResult Tested { get; set; } = new(true, "Shop 15.3, 42 tables", null, 0.21, Now);

    public static List<ConnectionDetail> SomeConnections() =>
    [
        new()
        {
            Name = "shop_db", Connector = "shop", ConnectorTitle = "Shop database", Description = "Orders and customers", UpdatedAt = Now.AddDays(-3), LastTest = new(true, "Shop 15.3, 42 tables", null, 0.2, Now.AddHours(-2)),
            LastSync = new("flights", "ingest.flights", RunningId, RunState.Running, null, 1_204_331, null), UsedBy = [new("flights", "ingest.flights", "bronze.flights"), new("movies", "ingest.movies", "bronze.movies")],
            Settings = Json("""{ "host": "db.example.com", "password": "${secret:shop_db.password}", "headers": { "x-app": "flowforge" } }"""), RateLimit = "50/s",
            Health = [new("replication_lag", 1.5, "s", Now), new("requests_left", 4800, "requests", Now), new("certificate ends in", 5.5, "days", Now)], Traffic = new(128, 2, 3.5, null, null),
        },
        new()
        {
            Name = "warehouse", Connector = "shop", ConnectorTitle = "Shop database", Origin = ConnectionOrigin.File, File = "connections/warehouse.yaml", UpdatedAt = Now.AddDays(-9),
            LastTest = new(false, "password authentication failed for user \"etl\"", "Correct the password.", 0.1, Now.AddMinutes(-5)), Settings = Json("""{ "host": "wh", "password": "***" }"""),
        },
        new() { Name = "legacy", Connector = "odbc", UpdatedAt = Now.AddDays(-30), Error = "The connector 'odbc' is not installed.", Settings = Json("{}") },
    ];

    public static readonly DiscoveredSource Discovered = new(
        [
            new("public.orders") { Rows = 1_250_000, Keys = ["id"], Columns = [new("id", "bigint", false), new("customer", "text", true), new("total", "numeric(12,2)", true), new("placed_at", "timestamp with time zone", false)] },
            new("public.customers") { Rows = 48_200, Keys = ["id"], Columns = [new("id", "bigint", false), new("name", "text", true)] },
            new("public.audit") { Bytes = 1_240_000 },
        ], false, 0.12);

    public static readonly SourcePreview Previewed = new()
    {
        Columns = [new("id", "int64", false, null), new("customer", "utf8", true, null), new("total", "decimal128(12, 2)", true, null), new("placed_at", "timestamp[us, UTC]", false, null)],
        Rows = [.. Enumerable.Range(1, 12).Select(i => new[] { Json($"{i}"), i % 4 == 0 ? Json("null") : Json($"\"customer {i}\""), Json($"\"{i * 13.5:0.00}\""), Json($"\"2024-05-{i:00}T08:30:00Z\"") })], Seconds = 0.08,
    };

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement.Clone();
}
