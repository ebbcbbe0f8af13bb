using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class Sample
{
    /// <summary>One field of each form that the real one has.</summary>
    public static readonly JobForm Form = new(
        [
            Job("source_type", FieldKind.Text) with { Required = true }, Job("connection", FieldKind.Text), Job("format", FieldKind.Text) with { Choices = ["csv", "json", "ndjson", "parquet"] }, Job("table", FieldKind.Text), Job("tables", FieldKind.List), Job("table_prefix", FieldKind.Text),
            Job("is_reference", FieldKind.Boolean) with { Default = Element("false") }, Job("landing_retention_days", FieldKind.Integer) with { Minimum = 0, Maximum = 36500 },
            Job("schema_mode", FieldKind.Choice) with { Choices = ["infer", "user"], Default = Element("\"infer\"") }, Job("user_schema", FieldKind.List) with { Fields = [Job("name", FieldKind.Text), Job("type", FieldKind.Text)] },
            Job("error_handling", FieldKind.Choice) with { Choices = ["fail", "quarantine"], Default = Element("\"fail\"") }, Job("quarantine_path", FieldKind.Text), Job("dedupe_keys", FieldKind.List),
            Job("rename_map", FieldKind.Map), Job("checks", FieldKind.List) with { Fields = [Job("check", FieldKind.Text)] }, Job("config", FieldKind.Map), Job("brand_new", FieldKind.Text),
        ],
        [Job("delimiter", FieldKind.Text), Job("header", FieldKind.Boolean)], [Job("encoding", FieldKind.Text), Job("drift", FieldKind.Choice) with { Choices = ["evolve", "freeze"], Default = Element("\"evolve\"") }],
        [Job("cron", FieldKind.Text) with { Required = true }, Job("timezone", FieldKind.Text), Job("start", FieldKind.Text), Job("end", FieldKind.Text)],
        [Job("arrival", FieldKind.Text), Job("stable_for", FieldKind.Text), Job("every", FieldKind.Text), Job("after", FieldKind.Text), Job("on", FieldKind.Choice) with { Choices = ["success", "any"] }],
        [
            new("not_null", [Job("columns", FieldKind.List) with { Required = true }, Job("on_fail", FieldKind.Choice) with { Choices = ["warn", "fail"] }]),
            new("range", [Job("column", FieldKind.Text) with { Required = true }, Job("min", FieldKind.Text), Job("max", FieldKind.Text)]),
        ]);

    /// <summary>A format of a plugin, with a setting of its own and one that CSV has too.</summary>
    public static readonly IReadOnlyList<FormatEntry> Formats =
    [
        new() { Name = "excel", Title = "Excel", Endings = ["xlsx", "xlsm"], Fields = [Job("sheet", FieldKind.Text), Job("header", FieldKind.Integer)] },
    ];

    internal static JsonElement Element(string json) => JsonDocument.Parse(json).RootElement.Clone();

    private static ConnectorField Job(string name, FieldKind kind) => new()
    {
        Name = name, Title = char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' '), Kind = kind, Description = $"What {name} is.", Element = kind is FieldKind.List or FieldKind.Map ? FieldKind.Text : null
    };
}
