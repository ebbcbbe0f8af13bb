namespace FlowForge.Pipelines;

/// <summary>Opens a section, in its long form or in its short one.</summary>
internal static class Sections
{
    /// <returns>Null, with a diagnostic, when the value is neither.</returns>
    public static SectionReader? Open(SourceNode value, ScalarNode key, string path, FieldSet fields, DiagnosticList diagnostics)
    {
        switch (value)
        {
            case MappingNode mapping:
                return new SectionReader(mapping, path, fields, key.Place, diagnostics);
            case ScalarNode { IsNull: false } or SequenceNode when fields.MainField is { } main && (value is ScalarNode || fields[main].Kind == FieldKind.TextList):
                var section = new MappingNode(value.Place);
                section.Add(new ScalarNode(main, ScalarStyle.Plain, value.Place, value.Place.Line), value);
                return new SectionReader(section, path, fields, key.Place, diagnostics);
            default:
                diagnostics.Add(
                    DiagnosticCodes.WrongType, value is ScalarNode { IsNull: true } ? key.Place : value.Place, path, $"'{key.Text}' must be {fields.What} with its fields, not {value.Kind}.",
                    fields.Fields.FirstOrDefault(f => f.Required) is { } first ? $"Begin with '{first.Name}:'." : null);
                return null;
        }
    }
}
