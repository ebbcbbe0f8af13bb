using System.Globalization;
using System.Runtime.CompilerServices;
using System.Xml;

namespace FlowForge.Plugins.Formats.Xml;

/// <summary>XML files of any size: elements of one kind are the records. Read on one pass; neither document types nor entities nor other files are followed.</summary>
[Format("xml", Title = "XML", Description = "Elements of XML files as records, with attributes and nested elements.", Endings = ["xml"])]
public sealed class XmlFormat(ConnectorContext<XmlSpec> context) : IRecordFormat
{
    private readonly XmlSpec _spec = context.Settings;

    public async IAsyncEnumerable<FormatPage> ReadAsync(FormatFile file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stream = file.Open();
        using var page = new JsonPage();
        using var records = new XmlRecords(stream, _spec, page);
        while (records.Next(cancellationToken))
        {
            if (!page.IsFull) continue;
            yield return page.Take();
            page.Clear();
        }
        if (!page.IsEmpty) yield return page.Take();
        await Task.CompletedTask.ConfigureAwait(false);
    }
}

/// <summary>Goes from record to record of one document.</summary>
internal sealed class XmlRecords : IDisposable
{
    private readonly XmlReader _reader;
    private readonly XmlSpec _spec;
    private readonly JsonPage _page;
    private readonly XmlPath _path;
    private readonly XmlElement _element;
    private readonly List<string> _names = [];
    private bool _moved;

    public XmlRecords(Stream stream, XmlSpec spec, JsonPage page)
    {
        (_spec, _page, _path, _element) = (spec, page, XmlPath.Parse(spec.RecordPath), new XmlElement(spec));
        _reader = XmlReader.Create(stream, new XmlReaderSettings
        {
            DtdProcessing = spec.AllowDoctype ? DtdProcessing.Ignore : DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true, IgnoreWhitespace = true,
        });
    }

    /// <summary>Adds the next record to the page; false at the end of the document.</summary>
    public bool Next(CancellationToken cancellationToken)
    {
        try
        {
            while (_moved || _reader.Advance())
            {
                _moved = false;
                cancellationToken.ThrowIfCancellationRequested();
                if (_reader.NodeType != XmlNodeType.Element) continue;
                Enter();
                if (!_path.Matches(_names)) continue;
                Record(cancellationToken);
                // The element has been read; the reader stands behind it.
                _moved = !_reader.EOF;
                return true;
            }
            return false;
        }
        catch (XmlException e)
        {
            throw e.Message.Contains("DTD", StringComparison.Ordinal)
                ? new BrokenFileException("DOCTYPE_REFUSED", "The file declares a document type (DOCTYPE), which may hide entities that grow without bound or name other files.", "If you trust it, set allow_doctype: true; the declaration is then passed over.", e)
                : new BrokenFileException("BROKEN_XML", string.Create(CultureInfo.InvariantCulture, $"The file is no well-formed XML: {e.Message}"), "Mend the file, or fetch it again: nothing behind this place can be read.", e);
        }
    }

    private void Enter()
    {
        if (_names.Count > _reader.Depth) _names.RemoveRange(_reader.Depth, _names.Count - _reader.Depth);
        _names.Add(_reader.LocalName);
    }

    private void Record(CancellationToken cancellationToken)
    {
        if (_element.TryRead(_reader, out var fault, cancellationToken))
        {
            _element.Write(_page);
            _page.EndRecord();
        }
        else _page.Reject(fault!.Value.Reason, fault.Value.Message, _element.Excerpt);
    }

    public void Dispose() => _reader.Dispose();
}

/// <summary>Which elements are records.</summary>
internal sealed class XmlPath(IReadOnlyList<string> steps, bool isAbsolute)
{
    public static XmlPath Parse(string path)
    {
        if (path.Length == 0) return new XmlPath(["*", "*"], true);
        var steps = path.Trim('/').Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (steps.Length == 0 || steps.Any(s => s.IndexOfAny(['[', '@', ':', '(']) >= 0))
            throw new TerminalException($"record_path is \"{path}\", which is no path of element names.", "Write names without prefixes and conditions, as in /orders/order.");
        return new XmlPath(steps, path[0] == '/' && !path.StartsWith("//", StringComparison.Ordinal));
    }

    public bool Matches(List<string> names)
    {
        if (isAbsolute ? names.Count != steps.Count : names.Count < steps.Count) return false;
        for (var i = 1; i <= steps.Count; i++)
            if (steps[^i] != "*" && steps[^i] != names[^i]) return false;
        return true;
    }
}
