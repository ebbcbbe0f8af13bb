using System.Text;
using System.Xml;

namespace FlowForge.Plugins.Formats.Xml;

/// <summary>One record, taken from the reader and written as JSON. An element is read whole before anything of it is written: which of its children are lists is known only then.</summary>
internal sealed class XmlElement(XmlSpec spec)
{
    private const int Deepest = 128;
    private const int LongestExcerpt = 2000;
    private readonly HashSet<string> _lists = new(spec.Lists, StringComparer.Ordinal);
    private readonly StringBuilder _seen = new();
    private readonly char[] _chunk = new char[4096];
    private Node? _root;
    private long _chars;
    private (string Reason, string Message)? _fault;

    /// <summary>The beginning of a record that was not taken, roughly as it stands in the file.</summary>
    public string Excerpt => _seen.ToString();

    /// <summary>Reads the element that the reader stands on; the reader is behind it afterwards, also when the record is not taken.</summary>
    public bool TryRead(XmlReader reader, out (string Reason, string Message)? fault, CancellationToken cancellationToken)
    {
        _seen.Clear();
        (_root, _chars, _fault) = (null, 0, null);
        var depth = reader.Depth;
        var open = new Stack<Node>();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    var node = Begin(reader, reader.Depth - depth);
                    // What will not be taken is not kept either, however long it is.
                    if (_fault is null && open.TryPeek(out var parent)) parent.Add(node);
                    _root ??= node;
                    if (!reader.IsEmptyElement) open.Push(node);
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace:
                    // The text is taken in pieces: what stands behind the limit is passed over by the reader.
                    while (_fault is null && reader.ReadValueChunk(_chunk, 0, _chunk.Length) is > 0 and var read)
                    {
                        Count(read);
                        See(_chunk.AsSpan(0, read));
                        if (_fault is null && open.TryPeek(out var holder)) holder.Append(_chunk.AsSpan(0, read));
                    }
                    break;
                case XmlNodeType.EndElement:
                    open.Pop();
                    break;
            }
            reader.Advance();
            if (open.Count == 0) break;
        }
        fault = _fault;
        return _fault is null;
    }

    private Node Begin(XmlReader reader, int depth)
    {
        var node = new Node(NameOf(reader));
        Count(node.Name.Length);
        if (_seen.Length < LongestExcerpt) See($"<{node.Name}>");
        if (depth > Deepest) _fault ??= ("TOO_DEEP", $"The record has elements more than {Deepest} levels deep.");
        if (!reader.HasAttributes) return node;
        while (reader.MoveToNextAttribute())
        {
            if (reader.NamespaceURI == "http://www.w3.org/2000/xmlns/") continue;
            if (reader.NamespaceURI == "http://www.w3.org/2001/XMLSchema-instance")
            {
                node.IsNil |= reader.LocalName == "nil" && reader.Value is "true" or "1";
                continue;
            }
            Count(reader.Name.Length + reader.Value.Length);
            if (_fault is null) node.Add(new Node(spec.AttributePrefix + NameOf(reader)) { Text = reader.Value });
        }
        reader.MoveToElement();
        return node;
    }

    private void See(ReadOnlySpan<char> text)
    {
        if (_seen.Length >= LongestExcerpt) return;
        var length = Math.Min(text.Length, LongestExcerpt - _seen.Length);
        if (length < text.Length && length > 0 && char.IsHighSurrogate(text[length - 1])) length++;
        _seen.Append(text[..length]);
    }

    private string NameOf(XmlReader reader) => spec.KeepPrefixes ? reader.Name : reader.LocalName;

    private void Count(int more)
    {
        _chars += more;
        if (_chars > spec.MaxRecordChars) _fault ??= ("RECORD_TOO_LONG", $"The record has more than {spec.MaxRecordChars} characters. Raise max_record_chars if it is sound.");
    }

    public void Write(JsonPage page)
    {
        // A record is an object, also when it is a bare value.
        if (_root!.Children.Count > 0 || _root.IsNil) WriteObject(page, _root);
        else
        {
            page.Json.WriteStartObject();
            page.Json.WritePropertyName(spec.TextField);
            page.WriteText(_root.Text?.Trim());
            page.Json.WriteEndObject();
        }
    }

    private void WriteObject(JsonPage page, Node node)
    {
        page.Json.WriteStartObject();
        foreach (var group in node.Children.GroupBy(c => c.Name, StringComparer.Ordinal))
        {
            page.Json.WritePropertyName(group.Key);
            var isList = _lists.Contains(group.Key) || group.Skip(1).Any();
            if (isList) page.Json.WriteStartArray();
            foreach (var child in group) WriteValue(page, child);
            if (isList) page.Json.WriteEndArray();
        }
        if (node.Text?.Trim() is { Length: > 0 } text)
        {
            page.Json.WritePropertyName(spec.TextField);
            page.WriteText(text);
        }
        page.Json.WriteEndObject();
    }

    private void WriteValue(JsonPage page, Node node)
    {
        if (node.IsNil) page.Json.WriteNullValue();
        else if (node.Children.Count > 0) WriteObject(page, node);
        else page.WriteText(node.Text?.Trim());
    }

    private sealed class Node(string name)
    {
        private static readonly List<Node> None = [];
        private List<Node>? _children;
        private string? _text;
        private StringBuilder? _pieces;

        public string Name => name;
        public string? Text
        {
            get => _pieces is null ? _text : _pieces.ToString();
            init => _text = value;
        }

        public bool IsNil { get; set; }
        public List<Node> Children => _children ?? None;

        public void Append(ReadOnlySpan<char> piece)
        {
            if (_text is null) _text = piece.ToString();
            else (_pieces ??= new StringBuilder(_text)).Append(piece);
        }

        public void Add(Node child) => (_children ??= []).Add(child);
    }
}
