using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Unicode;
using FlowForge.Ingest.Rejects;

namespace FlowForge.Ingest.Formats.Csv;

/// <summary>
/// Takes CSV records apart and hands their values to a <see cref="RowBuilder"/>. One thread at a time; see <see cref="CsvDialect"/> for the law.
/// </summary>
internal sealed class CsvDecoder : IRecordDecoder
{
    private readonly CsvDialect _dialect;
    private readonly CsvValues _values;
    private readonly int[] _map;
    private readonly int[] _absent;
    private readonly int _longestRecord;
    private readonly SearchValues<byte> _ends;
    private readonly byte[][] _nulls;
    private readonly bool _onlyNothingIsNull;
    private Field[] _fields = new Field[64];
    private byte[] _scratch = new byte[256];
    private int _count;

    private struct Field
    {
        public int Start, Length;
        public bool Quoted, Escaped;
    }

    /// <param name="layout">The file's dialect and columns.</param>
    /// <param name="map">For each column of the file its place in the rows, -1 to leave it out.</param>
    /// <param name="targets">How many columns rows have.</param>
    public CsvDecoder(CsvLayout layout, int[] map, int targets)
    {
        _dialect = layout.Dialect;
        _values = layout.Values;
        _longestRecord = layout.LongestRecord;
        _map = map;
        _absent = [.. Enumerable.Range(0, targets).Except(map)];
        _ends = SearchValues.Create([_dialect.Delimiter[0], _dialect.LineEnd, (byte)'\r']);
        _nulls = [.. _values.NullStrings];
        _onlyNothingIsNull = _nulls is [[]];
    }

    public void Decode(ReadOnlySpan<byte> bytes, long offset, bool isLast, RowBuilder rows)
    {
        var valid = Utf8.IsValid(bytes);
        var position = 0;
        while (position < bytes.Length)
        {
            var start = position;
            if (_dialect.Comment != 0 && bytes[start] == _dialect.Comment)
            {
                position = NextLine(bytes, start);
                continue;
            }
            var whole = TryReadFields(bytes, ref position, out var end);
            if (!whole)
            {
                position = NextLine(bytes, start);
                end = LineWithoutEnd(bytes, start, position);
            }
            // A line with nothing in it; the only column's empty value is a record, save the half line end at the end of the file.
            if (end == start && (!_dialect.SingleColumn || position == start || (position == bytes.Length && bytes[^1] == '\r' && !_dialect.CarriageReturnEnds))) continue;
            var raw = bytes[start..end];
            if (!whole) rows.RejectRow(offset + start, raw, RejectReasons.BrokenQuotes, "A quoted value is not closed, or something follows its closing quote.");
            else if (!valid && !Utf8.IsValid(raw)) rows.RejectRow(offset + start, raw, RejectReasons.InvalidUtf8, "The record is not valid UTF-8. If the file has another encoding, say which with encoding.");
            else Emit(bytes, offset + start, raw, rows);
        }
    }

    /// <summary>Records whose quotes are broken, and values that are quoted.</summary>
    public int CountBroken(ReadOnlySpan<byte> bytes, out int quoted)
    {
        var broken = 0;
        quoted = 0;
        for (var position = 0; position < bytes.Length;)
        {
            var start = position;
            if (TryReadFields(bytes, ref position, out _))
            {
                for (var i = 0; i < _count; i++) quoted += _fields[i].Quoted ? 1 : 0;
            }
            else
            {
                broken++;
                position = NextLine(bytes, start);
            }
        }
        return broken;
    }

    /// <summary>The texts of the next record, for headers; null when its quotes are broken.</summary>
    public string[]? TryReadTexts(ReadOnlySpan<byte> bytes, ref int position)
    {
        if (!TryReadFields(bytes, ref position, out _)) return null;
        var texts = new string[_count];
        for (var i = 0; i < _count; i++)
        {
            var text = bytes.Slice(_fields[i].Start, _fields[i].Length);
            texts[i] = CsvHeader.Text(_fields[i].Escaped ? Unescape(text) : text);
        }
        return texts;
    }

    /// <summary>Finds the fields of one record. False: its quotes are broken.</summary>
    private bool TryReadFields(ReadOnlySpan<byte> bytes, ref int position, out int end) =>
        (_dialect.Delimiter.Length == 1 && TryReadPlainFields(bytes, ref position, out end)) || TryReadAnyFields(bytes, ref position, out end);

    /// <summary>The quick way, 32 bytes at a time. False: the record has a quoted value or ends too near to the end of the bytes, and nothing was read.</summary>
    private bool TryReadPlainFields(ReadOnlySpan<byte> bytes, ref int position, out int end)
    {
        ref var first = ref MemoryMarshal.GetReference(bytes);
        var (delimiter, lineEnd) = (_dialect.Delimiter[0], _dialect.LineEnd);
        var (delimiters, lineEnds, carriages, quotes) = (Vector256.Create(delimiter), Vector256.Create(lineEnd), Vector256.Create((byte)'\r'), Vector256.Create(_dialect.Quote));
        var start = position;
        _count = 0;
        end = 0;
        for (var block = position; block + Vector256<byte>.Count <= bytes.Length; block += Vector256<byte>.Count)
        {
            var here = Vector256.LoadUnsafe(ref first, (nuint)block);
            var marks = (Vector256.Equals(here, delimiters) | Vector256.Equals(here, lineEnds) | Vector256.Equals(here, carriages) | Vector256.Equals(here, quotes)).ExtractMostSignificantBits();
            for (; marks != 0; marks &= marks - 1)
            {
                var at = block + BitOperations.TrailingZeroCount(marks);
                var c = bytes[at];
                if (c != delimiter && c != lineEnd)
                {
                    // A quote inside a plain value is plain, a carriage return alone too.
                    if (c == _dialect.Quote && c != '\r' ? at != start : at + 1 < bytes.Length && bytes[at + 1] != '\n') continue;
                    if (c != '\r' || at + 1 == bytes.Length) return false;
                }
                if (_count == _fields.Length) Array.Resize(ref _fields, _fields.Length * 2);
                _fields[_count++] = new Field { Start = start, Length = at - start };
                start = at + 1;
                if (c == delimiter) continue;
                end = at;
                position = c == lineEnd ? at + 1 : at + 2;
                return true;
            }
        }
        return false;
    }

    private bool TryReadAnyFields(ReadOnlySpan<byte> bytes, ref int position, out int end)
    {
        var start = position;
        _count = 0;
        while (true)
        {
            if (_count == _fields.Length) Array.Resize(ref _fields, _fields.Length * 2);
            ref var field = ref _fields[_count++];
            if (_dialect.Quote != 0 && position < bytes.Length && bytes[position] == _dialect.Quote)
            {
                if (!TryReadQuoted(bytes, ref position, ref field) || position - start > _longestRecord)
                {
                    end = 0;
                    return false;
                }
            }
            else
            {
                field = new Field { Start = position };
                position = EndOfPlain(bytes, position);
                field.Length = position - field.Start;
            }
            if (position == bytes.Length)
            {
                end = position;
                return true;
            }
            var c = bytes[position];
            if (c == _dialect.LineEnd || c == '\r')
            {
                end = position;
                position += c == _dialect.LineEnd || position + 1 == bytes.Length ? 1 : 2;
                return true;
            }
            position += _dialect.Delimiter.Length;
        }
    }

    private int EndOfPlain(ReadOnlySpan<byte> bytes, int position)
    {
        while (true)
        {
            var next = bytes[position..].IndexOfAny(_ends);
            if (next < 0) return bytes.Length;
            position += next;
            var c = bytes[position];
            if (c == _dialect.LineEnd) return position;
            if (c == _dialect.Delimiter[0] && (_dialect.Delimiter.Length == 1 || bytes[position..].StartsWith(_dialect.Delimiter))) return position;
            if (c == '\r' && (position + 1 == bytes.Length || bytes[position + 1] == '\n')) return position;
            position++;
        }
    }

    private bool TryReadQuoted(ReadOnlySpan<byte> bytes, ref int position, ref Field field)
    {
        var i = position + 1;
        field = new Field { Start = i, Quoted = true };
        while (true)
        {
            var rest = bytes[i..];
            var next = _dialect.Escape == _dialect.Quote ? rest.IndexOf(_dialect.Quote) : rest.IndexOfAny(_dialect.Quote, _dialect.Escape);
            if (next < 0) return false;
            i += next;
            var escapes = bytes[i] == _dialect.Escape && i + 1 < bytes.Length && (_dialect.Escape != _dialect.Quote || bytes[i + 1] == _dialect.Quote);
            if (escapes)
            {
                field.Escaped = true;
                i += 2;
                continue;
            }
            if (bytes[i] != _dialect.Quote) return false;
            field.Length = i - field.Start;
            position = i + 1;
            return _dialect.EndsField(bytes, position);
        }
    }

    private void Emit(ReadOnlySpan<byte> bytes, long offset, ReadOnlySpan<byte> raw, RowBuilder rows)
    {
        if (_count > _map.Length)
        {
            rows.RejectRow(offset, raw, RejectReasons.TooManyColumns, $"The record has {_count} values, {_map.Length} are expected.");
            return;
        }
        if (_count < _map.Length && !_values.PadShortRows)
        {
            rows.RejectRow(offset, raw, RejectReasons.MissingColumns, $"The record has {_count} values, {_map.Length} are expected.");
            return;
        }
        for (var i = 0; i < _map.Length; i++)
        {
            var column = _map[i];
            if (column < 0) continue;
            ReadOnlySpan<byte> text = default;
            var isNull = i >= _count;
            if (!isNull)
            {
                ref var field = ref _fields[i];
                text = bytes.Slice(field.Start, field.Length);
                if (field.Escaped) text = Unescape(text);
                isNull = field.Quoted ? text.Length == 0 && !rows.IsText(column) : IsNullText(text);
            }
            if (isNull)
            {
                if (i < _count && _fields[i].Quoted && rows.IsUnknown(column))
                {
                    rows.Misfit(column, static (facts, _) => facts.HasEmptyText = true, default);
                    continue;
                }
                if (!rows.Targets[column].Nullable)
                {
                    rows.RejectMissing(offset, raw, column);
                    return;
                }
                rows.AppendNull(column);
            }
            else
            {
                if (_values.HasNumberSigns && !rows.IsText(column)) text = _values.PlainNumber(text, ref _scratch);
                if (!rows.TryAppend(column, text))
                {
                    rows.RejectValue(offset, raw, column, text);
                    return;
                }
            }
        }
        foreach (var column in _absent)
        {
            if (!rows.Targets[column].Nullable)
            {
                rows.RejectMissing(offset, raw, column);
                return;
            }
            rows.AppendNull(column);
        }
        rows.EndRow();
    }

    private bool IsNullText(ReadOnlySpan<byte> text)
    {
        if (_onlyNothingIsNull) return text.Length == 0;
        foreach (var candidate in _nulls)
            if (text.SequenceEqual(candidate)) return true;
        return false;
    }

    private ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> text)
    {
        if (_scratch.Length < text.Length) _scratch = new byte[text.Length * 2];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == _dialect.Escape && i + 1 < text.Length) i++;
            _scratch[length++] = text[i];
        }
        return _scratch.AsSpan(0, length);
    }

    private int NextLine(ReadOnlySpan<byte> bytes, int start)
    {
        var end = bytes[start..].IndexOf(_dialect.LineEnd);
        return end < 0 ? bytes.Length : start + end + 1;
    }

    private int LineWithoutEnd(ReadOnlySpan<byte> bytes, int start, int next)
    {
        var end = next;
        if (end > start && bytes[end - 1] == _dialect.LineEnd) end--;
        if (end > start && !_dialect.CarriageReturnEnds && bytes[end - 1] == '\r') end--;
        return end;
    }
}
