using System.Globalization;
using System.Text;

namespace FlowForge.Pipelines;

/// <summary>All fields of a pipeline as Markdown tables: the end of <c>Runtime/docs/pipelines.md</c>, which a test compares with this.</summary>
public static class FieldDocument
{
    public static string Markdown()
    {
        var text = new StringBuilder();
        Append(text, "Pipeline", PipelineFields.Pipeline);
        Append(text, "`schedule`", PipelineFields.Schedule);
        Append(text, "Trigger (`triggers`)", PipelineFields.Trigger);
        Append(text, "`retry`", PipelineFields.Retry);
        Append(text, "`run_retry`", PipelineFields.RunRetry);
        Append(text, "Ingest job", IngestFields.Ingest);
        Append(text, "Column of `user_schema`", IngestFields.Column);
        Append(text, "Dataset (`silver`, `gold`)", DatasetFields.Dataset);
        Append(text, "Notebook job (`notebooks`)", DatasetFields.Notebook);
        Append(text, "Delivery (`deliveries`)", DeliveryFields.Delivery);
        Append(text, "Test (`tests`)", DatasetFields.Test);
        foreach (var (kind, fields) in DatasetFields.Checks)
        {
            Append(text, $"Check `{kind.ToText()}`", fields);
        }
        return text.ToString();
    }

    private static void Append(StringBuilder text, string title, FieldSet fields)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n### {title}\n\n| field | takes | default | |\n| --- | --- | --- | --- |\n");
        foreach (var field in fields.Fields)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| `{field.Name}` | {Takes(field)} | {(field.Required ? "*required*" : field.Default is { } value ? $"`{value}`" : "")} | {field.Doc} |\n");
        }
    }

    private static string Takes(Field field) => field.Kind switch
    {
        FieldKind.Choice => string.Join(" ", field.Choices.Select(c => $"`{c}`")),
        FieldKind.Boolean => "true or false",
        FieldKind.Integer => field.Max < int.MaxValue ? $"{field.Min} to {field.Max}" : $"whole number from {field.Min}",
        FieldKind.Number => $"{field.Min} to {field.Max}",
        FieldKind.Duration => "duration: `30s` `5m` `2h`",
        FieldKind.Time => "time, ISO 8601",
        FieldKind.RejectLimit => "number or share: `100` `2%`",
        FieldKind.TextList => "text or list",
        FieldKind.TextMap => "mapping",
        FieldKind.Free => "mapping",
        FieldKind.Section => "section",
        FieldKind.SectionOrText => "section or text",
        FieldKind.Sections => "sections by name",
        FieldKind.SectionsOrTexts => "sections or texts by name",
        FieldKind.Checks => "list of checks",
        FieldKind.Tests => "sections by name",
        FieldKind.Rows => "list of mappings, or SQL",
        FieldKind.RowsByTable => "rows by table",
        FieldKind.Columns => "list or mapping of columns",
        FieldKind.SectionList => "list of sections",
        FieldKind.Name => "name",
        _ => "text",
    };
}
