using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace FlowForge.Plugins.Formats.FixedWidth;

/// <summary>Text whose columns stand at fixed positions of each line.</summary>
[Format("fixed_width", Title = "Fixed width", Description = "Text whose columns stand at fixed positions of each line.", Endings = ["fwf"])]
public sealed class FixedWidthFormat : IRecordFormat
{
    private readonly FixedWidthSpec _spec;
    private readonly IReadOnlyList<FixedColumn> _columns;
    private readonly HashSet<string> _nulls;
    private readonly Encoding _encoding;

    static FixedWidthFormat() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    public FixedWidthFormat(ConnectorContext<FixedWidthSpec> context)
    {
        _spec = context.Settings;
        _columns = FixedColumn.Parse(_spec.Columns);
        _nulls = [.. _spec.NullStrings];
        try { _encoding = Encoding.GetEncoding(_spec.Encoding is "latin-1" or "latin1" ? "iso-8859-1" : _spec.Encoding, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback); }
        catch (ArgumentException e) { throw new TerminalException($"The encoding '{_spec.Encoding}' is not known.", "Use utf-8, latin-1, windows-1252 or another registered name.", e); }
        if (_encoding.GetByteCount("\n") != 1) throw new TerminalException($"Files in {_spec.Encoding} cannot be read as fixed-width text: a line end is not one byte.", "Convert them to utf-8.");
    }

    public async IAsyncEnumerable<FormatPage> ReadAsync(FormatFile file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stream = file.Open();
        using var page = new JsonPage();
        using var lines = new ByteLines(stream, _spec.RecordBytes);
        for (var i = 0; i < _spec.Skip && lines.Next(); i++) cancellationToken.ThrowIfCancellationRequested();
        var chars = new char[256];
        while (lines.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (lines.Line.Length == 0 || (lines.IsCut && !lines.Line.ContainsAnyExcept("\r\n\u001a"u8))) continue;
            if (chars.Length < lines.Line.Length) chars = new char[lines.Line.Length * 2];
            if (lines.IsCut) page.Reject("RECORD_CUT", $"The file ends after {lines.Line.Length} of the {_spec.RecordBytes} bytes of its last record.", Encoding.Latin1.GetString(lines.Line));
            else if (!TryDecode(lines.Line, chars, out var length)) page.Reject("INVALID_ENCODING", $"The line is no text in {_spec.Encoding}.", Encoding.Latin1.GetString(lines.Line));
            else if (_spec.Comment.Length > 0 && chars.AsSpan(0, length).StartsWith(_spec.Comment, StringComparison.Ordinal)) continue;
            else Add(page, chars.AsSpan(0, length), lines.IsTooLong);
            if (!page.IsFull) continue;
            yield return page.Take();
            page.Clear();
        }
        if (!page.IsEmpty) yield return page.Take();
        await Task.CompletedTask.ConfigureAwait(false);
    }

    private bool TryDecode(ReadOnlySpan<byte> bytes, char[] chars, out int length)
    {
        try
        {
            length = _encoding.GetChars(bytes, chars);
            return true;
        }
        catch (DecoderFallbackException)
        {
            length = 0;
            return false;
        }
    }

    private void Add(JsonPage page, ReadOnlySpan<char> line, bool isCut)
    {
        if (isCut)
        {
            page.Reject("RECORD_TOO_LONG", $"The line has more than {ByteLines.Longest} bytes.", line[..200].ToString());
            return;
        }
        var last = _columns.MaxBy(c => c.Start)!;
        if (_spec.ShortLines == ShortLines.Reject && line.Length < last.Start)
        {
            page.Reject("LINE_TOO_SHORT", string.Create(CultureInfo.InvariantCulture, $"The line has {line.Length} characters, and the column {last.Name} begins at {last.Start}."), line.ToString(), last.Name);
            return;
        }
        if (_spec.LongLines == LongLines.Reject && _columns.Max(c => c.End) is var end && line.Length > end && !line[end..].IsWhiteSpace())
        {
            page.Reject("LINE_TOO_LONG", string.Create(CultureInfo.InvariantCulture, $"The line has {line.Length} characters, and its last column ends at {end}."), line.ToString());
            return;
        }
        page.Json.WriteStartObject();
        foreach (var column in _columns)
        {
            var value = line.Length < column.Start ? default : line[(column.Start - 1)..Math.Min(column.End, line.Length)];
            value = _spec.Trim switch { Trim.Both => value.Trim(), Trim.Left => value.TrimStart(), Trim.Right => value.TrimEnd(), _ => value };
            page.Json.WritePropertyName(column.Name);
            if (_nulls.Count > 0 && _nulls.Contains(value.ToString())) page.Json.WriteNullValue();
            else page.WriteText(value);
        }
        page.Json.WriteEndObject();
        page.EndRecord();
    }
}

/// <summary>A column and its positions, from 1, both included.</summary>
internal sealed record FixedColumn(string Name, int Start, int End)
{
    public static IReadOnlyList<FixedColumn> Parse(IReadOnlyDictionary<string, string> columns) => [.. columns.Select(c => Parse(c.Key, c.Value))];

    private static FixedColumn Parse(string name, string range)
    {
        var parts = range.Split('-', 2, StringSplitOptions.TrimEntries);
        var (start, end) = (0, 0);
        var isRange = int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out start)
            && (parts.Length == 1 ? (end = start) > 0 : parts[1].Length == 0 ? (end = int.MaxValue) > 0 : int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out end));
        return isRange && start >= 1 && end >= start
            ? new FixedColumn(name, start, end)
            : throw new TerminalException($"The column {name} has the positions \"{range}\".", "Write first and last position, counted from 1, as in 1-5; 7 for one character, 31- up to the end of the line.");
    }
}
