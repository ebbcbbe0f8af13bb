namespace FlowForge.Pipelines;

/// <summary>What a connection file says.</summary>
public sealed record ConnectionParseResult(IReadOnlyList<ConnectionDefinition> Connections, IReadOnlyList<Diagnostic> Diagnostics);

/// <summary>
/// Reads <c>connections/*.yaml</c> of a workspace: <c>connections:</c> with connections by name. Never throws on any text. Thread-safe.
/// </summary>
public static class ConnectionParser
{
    public static ConnectionParseResult Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var diagnostics = new DiagnosticList();
        var root = SourceText.Read(text, null, diagnostics);
        var found = new List<ConnectionDefinition>();
        if (root is not null)
        {
            var file = new SectionReader(root, "", ConnectionFields.File, root.Place, diagnostics);
            foreach (var (key, value) in file.Mapping("connections")?.Entries ?? [])
            {
                var path = $"connections.{key.Text}";
                if (Names.Check(key.Text, isPipeline: true, key.Place, path, diagnostics)
                    && Sections.Open(value, key, path, ConnectionFields.Connection, diagnostics) is { } section && Read(section, key) is { } connection)
                {
                    found.Add(connection);
                }
            }
        }
        return new ConnectionParseResult(found, diagnostics.Ordered());
    }

    /// <summary>Whether a text may be the name of a connection, and what to say when not.</summary>
    public static string? NameProblem(string name)
    {
        var diagnostics = new DiagnosticList();
        return Names.Check(name, isPipeline: true, new TextPlace(1, 1), "", diagnostics) ? null
            : diagnostics.Ordered()[0] is var said && said.Suggestion is { } suggestion ? $"{said.Message} {suggestion}" : said.Message;
    }

    private static ConnectionDefinition? Read(SectionReader section, ScalarNode key)
    {
        var limit = section.Text("rate_limit");
        RateLimit? parsed = null;
        if (limit is not null)
        {
            if (RateLimit.TryParse(limit, out var read))
            {
                parsed = read;
            }
            else
            {
                section.Add(DiagnosticCodes.InvalidRateLimit, "rate_limit", $"'{limit}' is no rate limit.", "Write a number and a unit: 10/s, 600/m or 5000/h.");
            }
        }
        return section.Text("connector") is { } connector
            ? new ConnectionDefinition
            {
                Name = key.Text, Connector = connector, Description = section.Text("description"), Settings = section.Json("settings"), RateLimit = parsed,
                Isolation = section.Choice<Isolation>("isolation")!.Value, Line = key.Place.Line,
            }
            : null;
    }
}
