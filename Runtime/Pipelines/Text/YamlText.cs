using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace FlowForge.Pipelines;

/// <summary>
/// Builds nodes from YAML. On the parser's events and with a stack of its own rather than on the library's node model, which recurses
/// (deep nesting would end the process) and gives no say about aliases.
/// </summary>
internal static class YamlText
{
    /// <returns>Null for an empty document.</returns>
    /// <exception cref="TextException">The text is no YAML or asks for too much.</exception>
    public static SourceNode? Read(string text, DiagnosticList diagnostics)
    {
        try
        {
            return new Builder(diagnostics).Build(new Parser(new Scanner(new StringReader(text))));
        }
        catch (YamlException e)
        {
            var place = new TextPlace((int)Math.Max(1, e.Start.Line), (int)Math.Max(1, e.Start.Column));
            throw e.Message.Contains("tab", StringComparison.OrdinalIgnoreCase) && FirstTab(text) is { } tab
                ? new TextException(DiagnosticCodes.YamlSyntax, "This is not YAML: a tab indents the line.", tab, "YAML indents with spaces: replace the tab.")
                : new TextException(DiagnosticCodes.YamlSyntax, $"This is not YAML: {Lower(e.Message.TrimEnd('.'))}.", place, Suggest(text, place));
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            // Faults of the YAML library on broken input.
            throw new TextException(DiagnosticCodes.YamlSyntax, "This is not YAML, and its reader cannot say why.", null);
        }
    }

    private static string Lower(string message) => message.Length > 0 ? char.ToLowerInvariant(message[0]) + message[1..] : "it cannot be read";

    /// <summary>The first tab in an indentation: the library complains of it without a place.</summary>
    private static TextPlace? FirstTab(string text)
    {
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            var tab = line[..(line.Length - line.TrimStart().Length)].IndexOf('\t');
            if (tab >= 0)
            {
                return new TextPlace(number, tab + 1);
            }
        }
        return null;
    }

    private static string Suggest(string text, TextPlace place) =>
        (text.Split('\n').ElementAtOrDefault(place.Line - 1) ?? "").Contains(": ", StringComparison.Ordinal)
            ? "Put the value in quotes if it contains ': ', and check the indentation."
            : "Check the indentation and the quotes here.";

    private sealed class Builder(DiagnosticList diagnostics)
    {
        private readonly Dictionary<string, SourceNode> _anchors = new(StringComparer.Ordinal);
        private readonly Stack<Open> _open = new();
        private SourceNode? _root;

        public SourceNode? Build(Parser parser)
        {
            var documents = 0;
            while (parser.MoveNext())
            {
                switch (parser.Current)
                {
                    case DocumentStart start when ++documents > 1:
                        throw new TextException(
                            DiagnosticCodes.SeveralDocuments, "The file holds more than one YAML document.", Place(start), "Keep one pipeline per file: remove the line '---'.");
                    case MappingStart start:
                        Enter(new MappingNode(Place(start)), start);
                        break;
                    case SequenceStart start:
                        Enter(new SequenceNode(Place(start)), start);
                        break;
                    case Scalar scalar:
                        Complete(Read(scalar), scalar.Anchor, Place(scalar));
                        break;
                    case AnchorAlias alias:
                        Complete(Resolve(alias), default, Place(alias));
                        break;
                    case MappingEnd or SequenceEnd:
                        var open = _open.Pop();
                        open.Inherit();
                        Complete(open.Node, open.Anchor, open.Node.Place);
                        break;
                }
            }
            return _root;
        }

        private void Enter(SourceNode node, NodeEvent start)
        {
            RefuseTag(start);
            if (_open.Count >= TextLimits.Depth)
            {
                throw TooMuch(node.Place, $"more than {TextLimits.Depth} levels of nesting");
            }
            _open.Push(new Open(node, start.Anchor));
        }

        private void Complete(SourceNode node, AnchorName anchor, TextPlace place)
        {
            if (!anchor.IsEmpty)
            {
                _anchors[anchor.Value] = node;
            }
            if (node.Size > TextLimits.Nodes)
            {
                throw TooMuch(place, $"more than {TextLimits.Nodes} values, aliases counted each time");
            }
            if (node.Height + _open.Count > TextLimits.Depth)
            {
                throw TooMuch(place, $"more than {TextLimits.Depth} levels of nesting");
            }
            if (_open.Count == 0)
            {
                _root = node;
                return;
            }
            var open = _open.Peek();
            if (open.Node is SequenceNode sequence)
            {
                sequence.Add(node);
            }
            else if (open.Key is null)
            {
                open.Key = node as ScalarNode ?? throw new TextException(
                    DiagnosticCodes.YamlSyntax, $"A key must be a text, not {node.Kind}.", node.Place, "Put the key in quotes.");
            }
            else
            {
                AddEntry((MappingNode)open.Node, open.Key, node);
                open.Key = null;
            }
            if (open.Node.Size > TextLimits.Nodes)
            {
                throw TooMuch(place, $"more than {TextLimits.Nodes} values, aliases counted each time");
            }
        }

        private void AddEntry(MappingNode mapping, ScalarNode key, SourceNode value)
        {
            if (key is { Text: "<<", Style: ScalarStyle.Plain })
            {
                Merge(mapping, key, value);
            }
            else if (!mapping.Add(key, value))
            {
                diagnostics.Add(
                    DiagnosticCodes.DuplicateKey, key.Place, "", $"'{key.Text}' stands here twice; the first is on line {mapping.Key(key.Text)!.Place.Line}.", "Remove one of them.");
            }
        }

        /// <summary>The merge key of YAML 1.1, which editors and people still use: entries of another mapping, unless they are given here.</summary>
        private void Merge(MappingNode mapping, ScalarNode key, SourceNode value)
        {
            foreach (var source in value is SequenceNode sequence ? sequence.Items : [value])
            {
                if (source is not MappingNode other)
                {
                    throw new TextException(DiagnosticCodes.YamlSyntax, $"'<<' takes a mapping or a list of mappings, not {source.Kind}.", key.Place, "Name an anchored mapping: '<<: *defaults'.");
                }
                _open.Peek().Inherited.Add(other);
            }
        }

        private SourceNode Resolve(AnchorAlias alias) => _anchors.TryGetValue(alias.Value.Value, out var node)
            ? node
            : throw new TextException(
                DiagnosticCodes.YamlSyntax, $"The alias '*{alias.Value.Value}' names no anchor that is complete before it.", Place(alias), $"Define '&{alias.Value.Value}' above, or put a text that begins with '*' in quotes.");

        private static ScalarNode Read(Scalar scalar)
        {
            RefuseTag(scalar);
            var style = scalar.Style switch
            {
                YamlDotNet.Core.ScalarStyle.Literal => ScalarStyle.Literal,
                YamlDotNet.Core.ScalarStyle.Folded => ScalarStyle.Folded,
                YamlDotNet.Core.ScalarStyle.SingleQuoted or YamlDotNet.Core.ScalarStyle.DoubleQuoted => ScalarStyle.Quoted,
                _ => ScalarStyle.Plain,
            };
            // An explicit !!str makes a plain scalar a text.
            return new ScalarNode(ScalarValues.WellFormed(scalar.Value), scalar.Tag.IsEmpty ? style : ScalarStyle.Quoted, Place(scalar), (int)scalar.End.Line);
        }

        private static void RefuseTag(NodeEvent node)
        {
            if (!node.Tag.IsEmpty && node.Tag.Value is not ("!" or "tag:yaml.org,2002:str" or "tag:yaml.org,2002:map" or "tag:yaml.org,2002:seq"))
            {
                throw new TextException(DiagnosticCodes.YamlSyntax, $"The tag '{node.Tag.Value}' is not used in pipelines.", Place(node), "Remove the tag.");
            }
        }

        private static TextException TooMuch(TextPlace place, string what) =>
            new(DiagnosticCodes.TooLarge, $"The text has {what}.", place, "Split the pipeline, or move its SQL to files of their own (sql_file).");

        private static TextPlace Place(ParsingEvent e) => new((int)e.Start.Line, (int)e.Start.Column);

        private sealed class Open(SourceNode node, AnchorName anchor)
        {
            public SourceNode Node => node;

            public AnchorName Anchor => anchor;

            /// <summary>The key that waits for its value.</summary>
            public ScalarNode? Key { get; set; }

            public List<MappingNode> Inherited { get; } = [];

            /// <summary>Adds what merge keys bring; entries that are written here win, then earlier merges.</summary>
            public void Inherit()
            {
                foreach (var (key, value) in Inherited.SelectMany(m => m.Entries))
                {
                    ((MappingNode)node).Add(key, value);
                }
            }
        }
    }
}
