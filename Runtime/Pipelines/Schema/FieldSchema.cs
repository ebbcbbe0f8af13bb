using System.Globalization;
using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>Writes declared fields as JSON Schema.</summary>
internal static class FieldSchema
{
    public static JsonObject Section(FieldSet fields)
    {
        var properties = new JsonObject();
        foreach (var field in fields.Fields)
        {
            properties[field.Name] = Property(field);
        }
        var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        if (fields.Fields.Any(f => f.Required))
        {
            schema["required"] = new JsonArray([.. fields.Fields.Where(f => f.Required).Select(f => (JsonNode)f.Name)]);
        }
        return schema;
    }

    public static JsonObject Check()
    {
        var properties = new JsonObject { [DatasetFields.CheckAction.Name] = Property(DatasetFields.CheckAction) };
        foreach (var (kind, fields) in DatasetFields.Checks)
        {
            properties[kind.ToText()] = fields.MainField is { } main ? Either(Section(fields), Form(fields[main])) : Section(fields);
        }
        return new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["minProperties"] = 1, ["maxProperties"] = 2, ["properties"] = properties };
    }

    private static JsonObject Property(Field field)
    {
        var schema = Form(field);
        schema["description"] = field.Doc;
        if (field.Default is { } value)
        {
            schema["default"] = field.Kind switch
            {
                FieldKind.Boolean => value == "true",
                FieldKind.Integer or FieldKind.Number => long.Parse(value, CultureInfo.InvariantCulture),
                _ => value,
            };
        }
        if (field.Examples.Count > 0)
        {
            schema["examples"] = new JsonArray([.. field.Examples.Select(e => (JsonNode)e)]);
        }
        return schema;
    }

    private static JsonObject Form(Field field) => field.Kind switch
    {
        FieldKind.Name => new() { ["type"] = "string", ["pattern"] = field.Name == "pipeline" ? Names.PipelinePattern : Names.Pattern },
        FieldKind.Boolean => new() { ["type"] = "boolean" },
        FieldKind.Integer => Number("integer", field),
        FieldKind.Number => Number("number", field),
        FieldKind.Choice => new() { ["type"] = "string", ["enum"] = new JsonArray([.. field.Choices.Select(c => (JsonNode)c)]) },
        FieldKind.Duration => new() { ["type"] = "string", ["pattern"] = Durations.Pattern },
        FieldKind.RejectLimit => Either(new() { ["type"] = "integer", ["minimum"] = 0 }, new() { ["type"] = "string", ["pattern"] = RejectLimits.SharePattern }),
        FieldKind.TextList => Either(Scalar(), new() { ["type"] = "array", ["items"] = field.Name == "values" ? ScalarOrNull() : Scalar() }),
        FieldKind.TextMap => new() { ["type"] = "object", ["additionalProperties"] = ScalarOrNull() },
        FieldKind.Free => new() { ["type"] = "object" },
        FieldKind.Section => Section(field.Section!),
        FieldKind.SectionOrText => Either(Section(field.Section!), new() { ["type"] = "string" }),
        FieldKind.Sections => Named(field.Section == IngestFields.Ingest ? Reference("ingest") : Section(field.Section!)),
        FieldKind.SectionsOrTexts => Named(Either(Reference("dataset"), new() { ["type"] = "string" })),
        FieldKind.Tests => Named(Section(field.Section!)),
        FieldKind.Rows => Rows(),
        FieldKind.RowsByTable => new() { ["type"] = "object", ["additionalProperties"] = Rows() },
        FieldKind.Checks => new() { ["type"] = "array", ["items"] = Reference("check") },
        FieldKind.SectionList => new() { ["type"] = "array", ["items"] = Section(field.Section!) },
        FieldKind.Columns => Either(
            new() { ["type"] = "array", ["items"] = Section(field.Section!) },
            new() { ["type"] = "object", ["additionalProperties"] = Either(new() { ["type"] = "string" }, WithoutName(field.Section!)) }),
        _ => Scalar(),
    };

    private static JsonObject WithoutName(FieldSet columns) => Section(new FieldSet(columns.What, [.. columns.Fields.Where(f => f.Name != "name")]));

    private static JsonObject Rows() => Either(new() { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "object" } }, new() { ["type"] = "string" });

    private static JsonObject Number(string type, Field field)
    {
        var schema = new JsonObject { ["type"] = type, ["minimum"] = field.Min };
        if (field.Max < int.MaxValue)
        {
            schema["maximum"] = field.Max;
        }
        return schema;
    }

    private static JsonObject Named(JsonObject item) => new() { ["type"] = "object", ["additionalProperties"] = false, ["patternProperties"] = new JsonObject { [Names.Pattern] = item } };

    private static JsonObject Reference(string definition) => new() { ["$ref"] = $"#/definitions/{definition}" };

    private static JsonObject Either(JsonObject one, JsonObject other) => new() { ["anyOf"] = new JsonArray(one, other) };

    // Where a text is wanted, an unquoted number or boolean is one too.
    private static JsonObject Scalar() => new() { ["type"] = new JsonArray("string", "number", "boolean") };

    private static JsonObject ScalarOrNull() => new() { ["type"] = new JsonArray("string", "number", "boolean", "null") };
}
