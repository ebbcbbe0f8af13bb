namespace FlowForge.Pipelines;

/// <summary>Reads user_schema: a list of columns, or a map of names to types or columns.</summary>
internal static class UserSchemaParser
{
    public static IReadOnlyList<ColumnDefinition> Read(SectionReader job)
    {
        List<ColumnDefinition> columns = [];
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        switch (job.Value("user_schema"))
        {
            case SequenceNode list:
                for (var i = 0; i < list.Items.Count; i++)
                {
                    if (list.Items[i] is MappingNode mapping)
                    {
                        var path = $"{job.PathOf("user_schema")}[{i}]";
                        var fields = new SectionReader(mapping, path, IngestFields.Column, mapping.Place, job.Diagnostics);
                        Add(fields.Text("name"), mapping["name"]?.Place ?? mapping.Place, fields);
                    }
                    else
                    {
                        job.Diagnostics.Add(
                            DiagnosticCodes.WrongType, list.Items[i].Place, $"{job.PathOf("user_schema")}[{i}]", $"A column is a mapping with name and type, not {list.Items[i].Kind}.",
                            "Write '- { name: id, type: BIGINT }'.");
                    }
                }
                break;
            case MappingNode map:
                foreach (var (key, value) in map.Entries)
                {
                    var path = $"{job.PathOf("user_schema")}.{key.Text}";
                    if (Sections.Open(Named(key, value), key, path, IngestFields.Column, job.Diagnostics) is { } fields)
                    {
                        Add(key.Text, key.Place, fields);
                    }
                }
                break;
            case { } other:
                job.Wrong<object>("user_schema", other, "a list of columns or a mapping of names to types");
                break;
        }
        return columns;

        void Add(string? name, TextPlace place, SectionReader fields)
        {
            var type = Type(fields);
            if (name is null)
            {
                return;
            }
            if (name.StartsWith("_ff_", StringComparison.OrdinalIgnoreCase))
            {
                job.Diagnostics.Add(DiagnosticCodes.ReservedName, place, fields.Path, $"'{name}' begins with _ff_, as FlowForge's own columns do.", "Rename the column in the source, or leave it out.");
            }
            if (!names.Add(name))
            {
                job.Diagnostics.Add(DiagnosticCodes.DuplicateItem, place, fields.Path, $"'user_schema' has the column '{name}' twice.", "Remove one of them.");
                return;
            }
            columns.Add(new ColumnDefinition(name, type, fields.Flag("nullable"), fields.Text("format")));
        }
    }

    /// <summary>A column of the map form, with its name inside as the list form has it.</summary>
    private static SourceNode Named(ScalarNode key, SourceNode value)
    {
        if (value is ScalarNode { IsNull: true })
        {
            return value;
        }
        var column = new MappingNode(value.Place);
        foreach (var (field, content) in (value as MappingNode)?.Entries ?? [(new ScalarNode("type", ScalarStyle.Plain, value.Place, value.Place.Line), value)])
        {
            column.Add(field, content);
        }
        column.Add(new ScalarNode("name", ScalarStyle.Plain, key.Place, key.Place.Line), key);
        return column;
    }

    private static string Type(SectionReader fields)
    {
        if (fields.Text("type") is not { } text)
        {
            return "VARCHAR";
        }
        if (ColumnTypes.Resolve(text) is { } type)
        {
            return type;
        }
        fields.Add(
            DiagnosticCodes.UnknownColumnType, "type", $"There is no type '{text}'.",
            Nearest.Of(text, ColumnTypes.Known) is { } nearest ? $"Did you mean '{nearest}'?" : "Use a DuckDB type such as VARCHAR, BIGINT, DOUBLE, DECIMAL(18,2), DATE, TIMESTAMP.");
        return "VARCHAR";
    }
}
