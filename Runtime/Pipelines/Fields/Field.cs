namespace FlowForge.Pipelines;

/// <summary>What a field takes.</summary>
internal enum FieldKind
{
    Text, Name, Boolean, Integer, Number, Choice, Duration, Time, RejectLimit,

    /// <summary>A text, or a list of texts.</summary>
    TextList,

    /// <summary>Texts by name.</summary>
    TextMap,

    /// <summary>Any mapping: the connector's settings.</summary>
    Free,

    /// <summary>One section.</summary>
    Section,

    /// <summary>A section, or one text that stands for its main field.</summary>
    SectionOrText,

    /// <summary>Sections by name.</summary>
    Sections,

    /// <summary>As <see cref="Sections"/>; each may be one text that stands for its main field.</summary>
    SectionsOrTexts,

    /// <summary>The list of checks.</summary>
    Checks,

    /// <summary>Sections by name, each in full.</summary>
    Tests,

    /// <summary>A list of mappings, or a SELECT.</summary>
    Rows,

    /// <summary>Rows by table.</summary>
    RowsByTable,

    /// <summary>The columns of user_schema.</summary>
    Columns,

    /// <summary>A list of sections.</summary>
    SectionList,
}

/// <summary>
/// One field of a section. The parser, the JSON Schema and did-you-mean all stand on these declarations, so they cannot disagree.
/// </summary>
/// <param name="Doc">What an editor shows; a sentence or two.</param>
internal sealed record Field(string Name, FieldKind Kind, string Doc)
{
    public bool Required { get; init; }

    /// <summary>As it would be written; null for none.</summary>
    public string? Default { get; init; }

    /// <summary>For <see cref="FieldKind.Choice"/>.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Words that an editor offers though others are allowed.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    public long Min { get; init; }

    public long Max { get; init; } = int.MaxValue;

    /// <summary>The fields of a section.</summary>
    public FieldSet? Section { get; init; }
}

/// <summary>The fields of one kind of section.</summary>
/// <param name="What">For messages: "an ingest job".</param>
/// <param name="MainField">The field that a text in place of the section stands for.</param>
internal sealed record FieldSet(string What, IReadOnlyList<Field> Fields, string? MainField = null)
{
    private readonly Dictionary<string, Field> _byName = Fields.ToDictionary(f => f.Name, StringComparer.Ordinal);

    public IReadOnlyCollection<string> Names => _byName.Keys;

    /// <exception cref="KeyNotFoundException">A mistake in this room: the parser reads a field that is not declared.</exception>
    public Field this[string name] => _byName[name];

    public bool Knows(string name) => _byName.ContainsKey(name);
}
