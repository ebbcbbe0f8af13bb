namespace FlowForge.Pipelines;

/// <summary>A place in the text; both 1-based, columns in UTF-16 units.</summary>
internal readonly record struct TextPlace(int Line, int Column);

/// <summary>
/// A value of the text, whether it was YAML or JSON. A node that a YAML alias names is shared, never copied; <see cref="Size"/> counts
/// it each time, so that limits hold for what a walk would see.
/// </summary>
internal abstract class SourceNode(TextPlace place)
{
    public TextPlace Place { get; } = place;

    /// <summary>Nodes of a walk over this one.</summary>
    public virtual long Size => 1;

    /// <summary>Levels below and including this one.</summary>
    public virtual int Height => 1;

    /// <summary>What it is, for messages.</summary>
    public abstract string Kind { get; }
}

/// <summary>How a scalar was written; only <see cref="Plain"/> ones can be numbers, booleans or null.</summary>
internal enum ScalarStyle { Plain, Quoted, Literal, Folded }

internal sealed class ScalarNode(string text, ScalarStyle style, TextPlace place, int endLine) : SourceNode(place)
{
    public string Text => text;

    public ScalarStyle Style => style;

    /// <summary>The last line of the scalar.</summary>
    public int EndLine => endLine;

    public bool IsNull => style == ScalarStyle.Plain && text is "" or "~" or "null" or "Null" or "NULL";

    public override string Kind =>
        IsNull ? "nothing"
        : style != ScalarStyle.Plain ? "a text"
        : text is "true" or "false" ? "a boolean"
        : ScalarValues.IsNumber(text) ? "a number"
        : "a text";
}

internal sealed class SequenceNode(TextPlace place) : SourceNode(place)
{
    private long _size = 1;
    private int _height = 1;

    public List<SourceNode> Items { get; } = [];

    public override long Size => _size;

    public override int Height => _height;

    public override string Kind => "a list";

    public void Add(SourceNode item)
    {
        Items.Add(item);
        _size += item.Size;
        _height = Math.Max(_height, item.Height + 1);
    }
}

internal sealed class MappingNode(TextPlace place) : SourceNode(place)
{
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);
    private long _size = 1;
    private int _height = 1;

    /// <summary>In the order of the text; keys are unique.</summary>
    public List<(ScalarNode Key, SourceNode Value)> Entries { get; } = [];

    public override long Size => _size;

    public override int Height => _height;

    public override string Kind => "a mapping";

    public SourceNode? this[string key] => _index.TryGetValue(key, out var i) ? Entries[i].Value : null;

    public ScalarNode? Key(string key) => _index.TryGetValue(key, out var i) ? Entries[i].Key : null;

    /// <summary>False when the key is there already; the first one stays.</summary>
    public bool Add(ScalarNode key, SourceNode value)
    {
        if (!_index.TryAdd(key.Text, Entries.Count))
        {
            return false;
        }
        Entries.Add((key, value));
        _size += 1 + value.Size;
        _height = Math.Max(_height, value.Height + 1);
        return true;
    }
}
