using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>Reads the tests of a pipeline's datasets.</summary>
internal static class DatasetTestParser
{
    public static DatasetTestDefinition? Read(SectionReader section, IReadOnlyList<DatasetDefinition> datasets)
    {
        var dataset = section.Text("dataset");
        if (dataset is null)
        {
            return null;
        }
        if (!datasets.Any(d => d.Table == dataset))
        {
            section.Add(DiagnosticCodes.InvalidTest, "dataset", $"There is no dataset '{dataset}'.", Nearest.Suggest(dataset, datasets.Select(d => d.Table).ToList()));
        }
        var given = new Dictionary<string, TestRows>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in section.Mapping("given")?.Entries ?? [])
        {
            if (Rows(value, $"{section.PathOf("given")}.{key.Text}", section.Diagnostics) is { } rows)
            {
                given[key.Text] = rows;
            }
        }
        var expect = section.Value("expect") is { } node ? Rows(node, section.PathOf("expect"), section.Diagnostics) : null;
        return expect is null ? null : new DatasetTestDefinition
        {
            Name = section.Path["tests.".Length..],
            Dataset = dataset,
            Given = given,
            Expect = expect,
            Parameters = section.TextMap("parameters"),
            Line = section.Place.Line,
        };
    }

    private static TestRows? Rows(SourceNode node, string path, DiagnosticList diagnostics)
    {
        switch (node)
        {
            case ScalarNode { IsNull: false } sql:
                return new TestRows(sql.Text.TrimEnd().TrimEnd(';'), []);
            case SequenceNode list when list.Items.All(i => i is MappingNode):
                return new TestRows(null, [.. list.Items.Select(i => (JsonObject)ScalarValues.ToJson(i)!)]);
            default:
                var wrong = node is SequenceNode sequence ? sequence.Items.First(i => i is not MappingNode) : node;
                diagnostics.Add(DiagnosticCodes.InvalidTest, wrong.Place, path, $"Rows are a list of mappings, or a SELECT, not {(node is SequenceNode ? $"a list with {wrong.Kind}" : wrong.Kind)}.", "Write '- { id: 1, name: x }'.");
                return null;
        }
    }
}
