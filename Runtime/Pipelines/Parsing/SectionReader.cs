using System.Globalization;
using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>
/// Reads the declared fields of one section; whatever does not fit becomes a diagnostic and the default is taken. A field written with
/// no value counts as left out.
/// </summary>
internal sealed class SectionReader
{
    private readonly FieldSet _fields;

    public SectionReader(MappingNode node, string path, FieldSet fields, TextPlace place, DiagnosticList diagnostics)
    {
        (Node, Path, Place, Diagnostics, _fields) = (node, path, place, diagnostics, fields);
        foreach (var (key, value) in node.Entries)
        {
            if (!diagnostics.IsFull && !fields.Knows(key.Text) && !(path.Length == 0 && key.Text.StartsWith("x-", StringComparison.Ordinal)))
            {
                diagnostics.Add(
                    DiagnosticCodes.UnknownField, key.Place, PathOf(key.Text), $"{Capital(fields.What)} has no field '{key.Text}'.", Nearest.Suggest(key.Text, fields.Names));
            }
        }
        foreach (var field in fields.Fields)
        {
            if (field.Required && !Has(field.Name))
            {
                diagnostics.Add(DiagnosticCodes.MissingField, place, PathOf(field.Name), $"{Capital(fields.What)} needs '{field.Name}'.", field.Doc);
            }
        }
    }

    public MappingNode Node { get; }

    /// <summary>Path of the section: <c>ingest.flights</c>; empty for the file.</summary>
    public string Path { get; }

    /// <summary>Where the section's name stands.</summary>
    public TextPlace Place { get; }

    public DiagnosticList Diagnostics { get; }

    public string PathOf(string field) => Path.Length == 0 ? field : $"{Path}.{field}";

    /// <summary>True when the field is written with a value.</summary>
    public bool Has(string field) => Node[field] is { } node and not ScalarNode { IsNull: true };

    /// <summary>Where the field's name stands, else the section's.</summary>
    public TextPlace PlaceOf(string field) => Node.Key(field)?.Place ?? Place;

    public void Add(DiagnosticCode code, string field, string message, string? suggestion = null) =>
        Diagnostics.Add(code, Node[field]?.Place ?? Place, PathOf(field), message, suggestion);

    public string? Text(string field) => Value(field) switch
    {
        null => null,
        ScalarNode scalar => scalar.Text,
        { } other => Wrong<string>(field, other, "a text"),
    };

    public bool Flag(string field)
    {
        if (Value(field) is { } node)
        {
            var text = (node as ScalarNode)?.Text;
            if (node is ScalarNode { Style: ScalarStyle.Plain } && text is "true" or "false")
            {
                return text == "true";
            }
            var meant = text?.ToLowerInvariant() switch
            {
                "yes" or "y" or "on" or "true" or "1" => "true",
                "no" or "n" or "off" or "false" or "0" => "false",
                _ => null,
            };
            Diagnostics.Add(
                DiagnosticCodes.WrongType, node.Place, PathOf(field), $"'{field}' must be true or false, not {(text is null ? node.Kind : $"'{text}'")}.",
                meant is null ? null : $"Write {meant}.");
        }
        return _fields[field].Default == "true";
    }

    public long? Integer(string field)
    {
        var declared = _fields[field];
        switch (Value(field))
        {
            case null:
                return declared.Default is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;
            case ScalarNode { Style: ScalarStyle.Plain } scalar when ScalarValues.IsInteger(scalar.Text):
                if (long.TryParse(scalar.Text, CultureInfo.InvariantCulture, out var value) && value >= declared.Min && value <= declared.Max)
                {
                    return value;
                }
                Add(DiagnosticCodes.OutOfRange, field, $"'{field}' is {scalar.Text}; it may be {Range(declared)}.");
                return declared.Default is { } fallback ? long.Parse(fallback, CultureInfo.InvariantCulture) : null;
            case { } other:
                Wrong<object>(field, other, "a whole number");
                return declared.Default is { } instead ? long.Parse(instead, CultureInfo.InvariantCulture) : null;
        }
    }

    public double Number(string field)
    {
        var declared = _fields[field];
        var fallback = double.Parse(declared.Default!, CultureInfo.InvariantCulture);
        switch (Value(field))
        {
            case null:
                return fallback;
            case ScalarNode { Style: ScalarStyle.Plain } scalar when ScalarValues.IsNumber(scalar.Text):
                var value = double.Parse(scalar.Text, CultureInfo.InvariantCulture);
                if (value >= declared.Min && value <= declared.Max)
                {
                    return value;
                }
                Add(DiagnosticCodes.OutOfRange, field, $"'{field}' is {scalar.Text}; it may be {Range(declared)}.");
                return fallback;
            case { } other:
                Wrong<object>(field, other, "a number");
                return fallback;
        }
    }

    /// <summary>Null when the field is left out and has no default, or is wrong.</summary>
    public T? Choice<T>(string field) where T : struct, Enum
    {
        var declared = _fields[field];
        T? fallback = declared.Default is { } text ? EnumText.Parse<T>(text) : null;
        switch (Value(field))
        {
            case null:
                return fallback;
            case ScalarNode scalar when EnumText.TryParse<T>(scalar.Text, out var value):
                return value;
            case ScalarNode scalar:
                Add(DiagnosticCodes.UnknownChoice, field, $"'{field}' is '{scalar.Text}'; it may be {string.Join(", ", declared.Choices)}.",
                    Nearest.Of(scalar.Text, declared.Choices) is { } nearest ? $"Did you mean '{nearest}'?" : null);
                return fallback;
            case { } other:
                Wrong<object>(field, other, $"one of {string.Join(", ", declared.Choices)}");
                return fallback;
        }
    }

    /// <summary>The text of a field whose choices are plain words; null when it is left out or is none of them.</summary>
    public string? OneOf(string field)
    {
        if (Text(field) is not { } text || _fields[field].Choices.Contains(text)) return Text(field);
        Add(DiagnosticCodes.UnknownChoice, field, $"'{field}' is '{text}'; it may be {string.Join(", ", _fields[field].Choices)}.",
            Nearest.Of(text, _fields[field].Choices) is { } nearest ? $"Did you mean '{nearest}'?" : null);
        return null;
    }

    /// <summary>A text stands for a list of one. Texts appear once; a second time is an error.</summary>
    public IReadOnlyList<string> Texts(string field)
    {
        List<string> texts = [];
        var known = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var item in Items(field, "a text or a list of texts"))
        {
            if (item is not ScalarNode { IsNull: false, Text.Length: > 0 } scalar)
            {
                Diagnostics.Add(DiagnosticCodes.WrongType, item.Place, PathOf(field), $"'{field}' lists texts, not {(item is ScalarNode { Text: "" } ? "an empty one" : item.Kind)}.");
            }
            else if (!known.Add(scalar.Text))
            {
                Diagnostics.Add(DiagnosticCodes.DuplicateItem, item.Place, PathOf(field), $"'{field}' lists '{scalar.Text}' twice.", "Remove one of them.");
            }
            else
            {
                texts.Add(scalar.Text);
            }
        }
        return texts;
    }

    /// <summary>The items of a list, or the one scalar that stands for it.</summary>
    public IReadOnlyList<SourceNode> Items(string field, string expected) => Value(field) switch
    {
        null => [],
        SequenceNode sequence => sequence.Items,
        ScalarNode scalar => [scalar],
        { } other => Wrong<IReadOnlyList<SourceNode>>(field, other, expected) ?? [],
    };

    public IReadOnlyDictionary<string, string> TextMap(string field)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in Mapping(field)?.Entries ?? [])
        {
            if (value is ScalarNode scalar)
            {
                texts[key.Text] = scalar.IsNull ? "" : scalar.Text;
            }
            else
            {
                Diagnostics.Add(DiagnosticCodes.WrongType, value.Place, $"{PathOf(field)}.{key.Text}", $"'{key.Text}' must be a text, not {value.Kind}.");
            }
        }
        return texts;
    }

    public MappingNode? Mapping(string field) => Value(field) switch
    {
        null => null,
        MappingNode mapping => mapping,
        SequenceNode list => WrongList(field, list),
        { } other => Wrong<MappingNode>(field, other, "a mapping"),
    };

    public JsonObject Json(string field) => Mapping(field) is { } mapping ? (JsonObject)ScalarValues.ToJson(mapping)! : [];

    public SourceNode? Value(string field)
    {
        _ = _fields[field];
        return Has(field) ? Node[field] : null;
    }

    public T? Wrong<T>(string field, SourceNode found, string expected)
    {
        Diagnostics.Add(DiagnosticCodes.WrongType, found.Place, PathOf(field), $"'{field}' must be {expected}, not {found.Kind}.");
        return default;

    }

    private MappingNode? WrongList(string field, SequenceNode list)
    {
        Diagnostics.Add(DiagnosticCodes.WrongType, list.Place, PathOf(field), $"'{field}' must be a mapping, not a list.", "Write 'name: …' instead of '- name: …'.");
        return null;
    }

    private static string Range(Field field) => field.Max >= int.MaxValue ? $"{field.Min} or more" : $"{field.Min} to {field.Max}";

    private static string Capital(string what) => char.ToUpperInvariant(what[0]) + what[1..];
}
