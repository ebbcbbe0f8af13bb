using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FlowForge.Contracts;

namespace FlowForge.Workbench.Sources;

/// <summary>A connector's settings while a person edits them: texts, as they stand in the fields.</summary>
public sealed class SettingForm
{
    public SettingForm(IReadOnlyList<ConnectorField> fields, JsonElement? settings, string prefix = "")
    {
        var given = settings is { ValueKind: JsonValueKind.Object } value ? JsonObject.Create(value.Clone())! : [];
        Fields = [.. fields.Select(f => new FormField(f, given[f.Name], prefix + f.Name))];
        foreach (var field in Fields) field.Beside = Fields;
        // What no field knows is kept as it is: the runtime says what is wrong with it.
        _others = new JsonObject(given.Where(p => fields.All(f => f.Name != p.Key)).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
    }

    private readonly JsonObject _others;

    public IReadOnlyList<FormField> Fields { get; }

    /// <summary>The same settings with other fields; those that stay keep what is being typed into them, those that go take their values with them.</summary>
    /// <param name="back">Values for fields that come anew and have none.</param>
    public SettingForm With(IReadOnlyList<ConnectorField> fields, string prefix, JsonObject? back = null)
    {
        var json = ToObject();
        foreach (var gone in Fields.Where(f => fields.All(n => n.Name != f.Field.Name))) json.Remove(gone.Field.Name);
        foreach (var (name, value) in back ?? [])
            if (Fields.All(f => f.Field.Name != name)) json.TryAdd(name, value?.DeepClone());
        var form = new SettingForm(fields, JsonSerializer.SerializeToElement(json), prefix);
        return new SettingForm(form._others, [.. form.Fields.Select(f => Fields.FirstOrDefault(o => ReferenceEquals(o.Field, f.Field)) ?? f)]);
    }

    private SettingForm(JsonObject others, IReadOnlyList<FormField> fields)
    {
        (_others, Fields) = (others, fields);
        foreach (var field in Fields) field.Beside = Fields;
    }

    /// <summary>Fields whose text cannot be right; only those of the connection must be filled.</summary>
    public int Problems => Fields.Sum(f => f.Problems);

    public JsonObject ToObject()
    {
        var json = _others.DeepClone().AsObject();
        foreach (var field in Fields)
            if (field.ToJson() is { } value) json[field.Field.Name] = value;
        return json;
    }

    public JsonElement ToJson() => JsonSerializer.SerializeToElement(ToObject());
}

/// <summary>One field of the form.</summary>
public sealed class FormField
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string? _stored;

    // As it came, and how it was shown: what nobody changes goes back as it came, blanks and empty texts too.
    private readonly JsonNode? _given;
    private readonly string _shown;

    public FormField(ConnectorField field, JsonNode? value, string path)
    {
        (Field, Path) = (field, path);
        if (field.Kind == FieldKind.Group) Group = new SettingForm(field.Fields, value is JsonObject group ? JsonSerializer.SerializeToElement(group) : null, path + ".");
        else if (IsRows) Rows = value is JsonObject map ? [.. map.Select(p => new MapRow(p.Key, TextOf(p.Value), field.Element == FieldKind.Secret))] : [];
        else if (field.Kind == FieldKind.Secret) _stored = value is null ? null : TextOf(value);
        else if (field.Kind == FieldKind.List && !IsRaw) Text = value is JsonArray list ? string.Join('\n', list.Select(LineOf)) : TextOf(value);
        else Text = IsRaw ? value?.ToJsonString() ?? "" : TextOf(value);
        (_given, _shown) = (value?.DeepClone(), Text);
    }

    public ConnectorField Field { get; }

    /// <summary>As the runtime names it in what it says.</summary>
    public string Path { get; }

    public string Text { get; set; } = "";

    public SettingForm? Group { get; }

    public List<MapRow> Rows { get; } = [];

    /// <summary>What the runtime said of it.</summary>
    public string? Said { get; set; }

    /// <summary>For a secret: how the stored one is shown; null when none is stored.</summary>
    public string? Stored => _stored;

    /// <summary>A new value is being typed in the place of the stored one.</summary>
    public bool Replacing { get; set; }

    /// <summary>Edited as rows of name and value.</summary>
    public bool IsRows => Field.Kind == FieldKind.Map && Field.Fields.Count == 0;

    /// <summary>Edited as JSON: lists and maps of groups.</summary>
    public bool IsRaw => Field.Kind is FieldKind.List or FieldKind.Map && Field.Fields.Count > 0;

    /// <summary>The fields of the same form.</summary>
    internal IReadOnlyList<FormField> Beside { get; set; } = [];

    /// <summary>Whether it means something with what stands beside it.</summary>
    public bool IsUsed => Field.When is not { } when || Beside.FirstOrDefault(f => f.Field.Name == when.Field) is not { } other || other.Says(when.Values);

    /// <summary>What means nothing is not asked for; a value that it has is shown, so that it can be taken out.</summary>
    public bool IsShown => IsUsed || ToJson() is not null;

    /// <summary>Why it means nothing, for people.</summary>
    public string? Unused => IsUsed ? null : $"Not used: {string.Join(", ", Beside.Where(f => f.Field.Name == Field.When!.Field).Select(f => $"{f.Field.Title} is {(f.Value.Length > 0 ? Word(f.Value) : "not set")}"))}.";

    /// <summary>What it says, or is without a word.</summary>
    private string Value => Text.Trim() is { Length: > 0 } text ? text : Field.Default is { } value ? value.ValueKind switch { JsonValueKind.True => "true", JsonValueKind.False => "false", _ => value.ToString() } : "";

    /// <summary>A reference is known only when the job runs: it may be any.</summary>
    private bool Says(IReadOnlyList<string> values) => Value.StartsWith("${", StringComparison.Ordinal) || values.Contains(Value);

    private static string Word(string value) => value switch { "true" => "yes", "false" => "no", _ => value };

    public int Problems => Group?.Problems ?? (Problem is null ? 0 : 1);

    /// <summary>What cannot be right about the text as it stands.</summary>
    public string? Problem
    {
        get
        {
            var text = Text.Trim();
            if (Group is not null || text.StartsWith("${", StringComparison.Ordinal)) return null;
            if (Field.Kind == FieldKind.Secret ? text.Length == 0 && (_stored is null || Replacing) : IsRows ? Rows.All(r => r.Name.Length == 0) : text.Length == 0)
                return Field.Required && Field.OfConnection ? "It must be given." : null;
            if (Field.Kind is FieldKind.Integer && !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)) return "It must be a whole number.";
            if (Field.Kind is FieldKind.Integer or FieldKind.Number)
            {
                if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return "It must be a number.";
                if (number < Field.Minimum) return FormattableString.Invariant($"It must be at least {Field.Minimum}.");
                if (number > Field.Maximum) return FormattableString.Invariant($"It must be at most {Field.Maximum}.");
            }
            if (Field.Kind == FieldKind.Text && Field.Pattern is { } pattern && !Fits(text, pattern)) return $"It must match {pattern}.";
            return IsRaw && !IsJson(text) ? "It must be JSON." : null;
        }
    }

    /// <summary>Null leaves the setting out.</summary>
    public JsonNode? ToJson()
    {
        var text = Text.Trim();
        if (Group is not null) return Group.ToObject() is { Count: > 0 } group ? group : null;
        if (IsRows) return Rows.Any(r => r.Name.Trim().Length > 0) ? new JsonObject(Rows.Where(r => r.Name.Trim().Length > 0).DistinctBy(r => r.Name.Trim()).Select(r => KeyValuePair.Create(r.Name.Trim(), Scalar(Field.Element ?? FieldKind.Text, r.Value)))) : null;
        // Text of a secret is taken as it is: a blank may belong to it.
        if (Field.Kind == FieldKind.Secret) return Text.Length > 0 ? JsonValue.Create(Text) : _stored is not null && !Replacing ? JsonValue.Create(_stored) : null;
        if (Text == _shown) return _given?.DeepClone();
        // Blanks that were typed into a text are what it says: a delimiter may be one.
        if (Field.Kind == FieldKind.Text && text.Length == 0 && Text.Length > 0) return JsonValue.Create(Text);
        if (text.Length == 0) return null;
        if (IsRaw) return IsJson(text) ? JsonNode.Parse(text) : JsonValue.Create(text);
        return Field.Kind == FieldKind.List
            ? new JsonArray([.. text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(line => Quoted(line) is { } item ? JsonValue.Create(item) : Scalar(Field.Element ?? FieldKind.Text, line))])
            : Scalar(Field.Kind, text);
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1859", Justification = "Objects and arrays of JSON hold nodes.")]
    private static JsonNode? Scalar(FieldKind kind, string text) => kind switch
    {
        FieldKind.Boolean when text is "true" or "false" => JsonValue.Create(text == "true"),
        FieldKind.Integer when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        FieldKind.Number when decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };

    private static string TextOf(JsonNode? node) => node switch
    {
        null => "",
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => node.ToJsonString(),
    };

    /// <summary>An item of a list as a line: in quotes, as JSON writes them, where a bare line could not say it (no text, blanks at an edge, a line end).</summary>
    private static string LineOf(JsonNode? item)
    {
        var text = TextOf(item);
        return item is JsonValue value && value.TryGetValue<string>(out _) && (text.Length == 0 || text != text.Trim() || text[0] == '"' || text.AsSpan().IndexOfAny('\n', '\r') >= 0)
            ? JsonSerializer.Serialize(text, Plain) : text;
    }

    private static string? Quoted(string line)
    {
        if (line is not ['"', .., '"']) return null;
        try { return JsonSerializer.Deserialize<string>(line); }
        catch (JsonException) { return null; /* quotes that are a part of the text */ }
    }

    private static bool Fits(string text, string pattern)
    {
        try { return Regex.IsMatch(text, $"^(?:{pattern})$", RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(200)); }
        catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException) { return true; /* the runtime judges */ }
    }

    private static bool IsJson(string text)
    {
        try { return JsonNode.Parse(text) is not null; }
        catch (JsonException) { return false; }
    }
}

/// <summary>A name and its value in a setting that maps names to values.</summary>
public sealed class MapRow(string name, string value, bool isSecret)
{
    public string Name { get; set; } = name;

    public string Value { get; set; } = value;

    public bool IsSecret => isSecret;
}
