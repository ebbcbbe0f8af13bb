using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Types;

namespace FlowForge.Ingest.Formats.Json;

/// <summary>
/// Reads JSON objects with the platform's JSON reader and hands their values to a <see cref="RowBuilder"/>. Fields that are not among the
/// columns are reported as new ones. One thread at a time.
/// </summary>
internal sealed class JsonDecoder : IRecordDecoder
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 512 };
    private readonly JsonShape _shape;
    private readonly long _start;
    private readonly NestedSettings _nested;
    private readonly JsonField _root;
    private readonly Slot[] _slots;
    private readonly List<(string Path, int Start, int Length)> _arrays = [];
    private readonly (int Key, int File, int Record) _origin;
    private byte[] _scratch = new byte[256];
    private int _stamp;
    private bool _valid;

    private enum ValueKind : byte { Null, Text, Number, Truth, Nested }

    private struct Slot
    {
        public int Stamp, Start, Length;
        public ValueKind Kind;
        public bool Escaped;
    }

    /// <param name="layout">How records stand in the file, and where they begin.</param>
    /// <param name="targets">The columns.</param>
    /// <param name="nested">What is done with objects and arrays in them.</param>
    public JsonDecoder(JsonLayout layout, IReadOnlyList<TargetColumn> targets, NestedSettings nested)
    {
        (_shape, _start, _nested) = (layout.Shape, layout.DataOffset, nested);
        _root = JsonField.Tree(targets, nested.TakesApart);
        _origin = (Column(ChildTexts.Key), Column(ChildTexts.File), Column(ChildTexts.Record));

        int Column(string name) => targets.Select((t, i) => (t, i)).Where(t => t.t.Name == name).Select(t => t.i).DefaultIfEmpty(-1).First();
        _slots = new Slot[targets.Count];
    }

    public void Decode(ReadOnlySpan<byte> bytes, long offset, bool isLast, RowBuilder rows)
    {
        _valid = Utf8.IsValid(bytes);
        if (_shape == JsonShape.Lines) DecodeLines(bytes, offset, rows);
        else DecodeValues(bytes, offset, isLast, rows);
    }

    private void DecodeLines(ReadOnlySpan<byte> bytes, long offset, RowBuilder rows)
    {
        var position = 0;
        while (position < bytes.Length)
        {
            var end = bytes[position..].IndexOf((byte)'\n');
            var next = end < 0 ? bytes.Length : position + end + 1;
            var line = bytes[position..(end < 0 ? bytes.Length : position + end)].Trim(" \t\r"u8);
            if (line.Length > 0)
            {
                if (TryRead(line, rows, out var used, out var fault) && used < line.Length) fault = "Something follows the value on its line.";
                Finish(line, offset + position, fault, rows);
            }
            position = next;
        }
    }

    private void DecodeValues(ReadOnlySpan<byte> bytes, long offset, bool isLast, RowBuilder rows)
    {
        var i = 0;
        var (sound, isFirst) = (false, offset == _start);
        while (true)
        {
            // The one comma that stands between values; before the first value of a chunk it may have been in the chunk before.
            var comma = -1;
            for (; i < bytes.Length && (JsonScan.IsBlank(bytes[i]) || (_shape == JsonShape.Array && bytes[i] == ',')); i++)
            {
                if (bytes[i] != ',') continue;
                if (comma >= 0) rows.RejectRow(offset + i, bytes.Slice(i, 1), RejectReasons.InvalidJson, "No value stands before this comma.");
                comma = i;
            }
            if (i == bytes.Length)
            {
                if (isLast && _shape == JsonShape.Array) rows.RejectRow(offset + i, [], RejectReasons.InvalidJson, "The file ends before its array does: it may have been cut off.");
                return;
            }
            if (_shape == JsonShape.Array && bytes[i] == ']')
            {
                if (comma >= 0) rows.RejectRow(offset + comma, bytes.Slice(comma, 1), RejectReasons.InvalidJson, "No value stands behind the last comma of the array.");
                var rest = bytes[(i + 1)..].Trim(" \t\r\n"u8);
                if (rest.Length > 0) rows.RejectRow(offset + i + 1, rest, RejectReasons.InvalidJson, "Something follows the end of the array.");
                return;
            }
            var value = bytes[i..];
            var open = false;
            if (!TryRead(value, rows, out var used, out var fault))
            {
                var end = JsonScan.EndOfValue(bytes, i);
                open = end < 0;
                used = open ? value.Length : end - i;
                if (open) fault = $"The file ends inside this record. {fault}";
            }
            else if (used == value.Length)
            {
                // A bare word or number that the file's end cuts off is where the file ends, not one record and a missing bracket.
                open = isLast && JsonScan.EndOfValue(bytes, i) < 0;
            }
            if (_shape == JsonShape.Array)
            {
                // Behind damage nobody knows what a comma would have separated.
                if (sound && comma < 0) fault ??= "No comma stands before this record.";
                if (comma >= 0 && isFirst) fault ??= "A comma stands before the first record of the array.";
            }
            Finish(value[..used], offset + i, fault, rows);
            if (open) return;
            (sound, isFirst) = (fault is null, false);
            i += used;
        }
    }

    /// <summary>Marks the columns that some object has had so far, with or without a value. Several decoders may mark at once.</summary>
    public void MarkFields(bool[] met)
    {
        for (var i = 0; i < met.Length; i++)
            if (_slots[i].Stamp != 0) met[i] = true;
    }

    /// <summary>Reads one object and notes where its values are. What is wrong goes to <paramref name="fault"/>.</summary>
    private bool TryRead(ReadOnlySpan<byte> bytes, RowBuilder rows, out int used, out string? fault)
    {
        (used, fault) = (0, null);
        _stamp++;
        _arrays.Clear();
        // Not the final block: bytes after the value belong to the next one.
        var reader = new Utf8JsonReader(bytes, isFinalBlock: false, new JsonReaderState(Options));
        try
        {
            if (!reader.Read())
            {
                // A scalar at the very end may look unfinished.
                if (bytes[0] is (byte)'{' or (byte)'[') return Fail("The value is not closed.", out fault);
                used = bytes.Length;
                return Fail("The record is no JSON object.", out fault);
            }
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                if (!reader.TrySkip()) return Fail("The value is not closed.", out fault);
                used = (int)reader.BytesConsumed;
                fault = "The record is no JSON object.";
                return true;
            }
            if (!TryReadFields(ref reader, _root, 0, bytes, rows)) return Fail("The object is not closed.", out fault);
            used = (int)reader.BytesConsumed;
            return true;
        }
        catch (JsonException e)
        {
            return Fail(Shorten(e.Message), out fault);
        }
        catch (InvalidOperationException e)
        {
            // A name with an escape that is no character.
            return Fail(e.Message, out fault);
        }
    }

    /// <summary>Reads the fields of the object that the reader has entered, up to its end.</summary>
    private bool TryReadFields(ref Utf8JsonReader reader, JsonField parent, int depth, ReadOnlySpan<byte> bytes, RowBuilder rows)
    {
        var expected = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = parent.Find(ref reader, ref expected);
            var newName = field is null ? reader.GetString() : null;
            if (!reader.Read()) return false;
            if (reader.TokenType == JsonTokenType.StartObject && depth < _nested.Depth && _nested.TakesApart && field is not { KeepsWhole: true } && (field is { HasFields: true } || rows.FindsFields))
            {
                if (!TryReadFields(ref reader, field ?? parent.Unknown(newName!, escape: true), depth + 1, bytes, rows)) return false;
                continue;
            }
            if (reader.TokenType == JsonTokenType.StartArray && _nested.Mode == Nested.Split && field is not { KeepsWhole: true } && IsChildren(reader, field is { Column: >= 0 }))
            {
                var start = (int)reader.TokenStartIndex;
                if (!reader.TrySkip()) return false;
                var path = field?.Path ?? parent.PathOf(newName!);
                if (rows.Children?.Wants(path) == true) _arrays.Add((path, start, (int)reader.BytesConsumed - start));
                continue;
            }
            var slot = SlotOf(ref reader, out var closed);
            if (!closed) return false;
            if (field is { Column: >= 0 }) _slots[field.Column] = slot;
            else Report(rows, field?.Path ?? parent.PathOf(newName!, _nested.TakesApart), slot, bytes);
        }
        return reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth;
    }

    /// <summary>Whether an array holds an object, or nothing at all and no column would take that. Looks ahead on a copy of the reader.</summary>
    private static bool IsChildren(Utf8JsonReader reader, bool hasColumn)
    {
        var isEmpty = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject) return true;
            isEmpty = false;
            if (!reader.TrySkip()) return false;
        }
        return isEmpty && !hasColumn;
    }

    private void AddChildren(ReadOnlySpan<byte> raw, RowBuilder rows, long record)
    {
        var own = record.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var key = Origin(raw, _origin.Key) ?? own;
        foreach (var (path, start, length) in _arrays)
            rows.Children!.Add(path, raw.Slice(start, length), key, Origin(raw, _origin.File) ?? rows.File.ToString(System.Globalization.CultureInfo.InvariantCulture), Origin(raw, _origin.Record) ?? own);
    }

    private string? Origin(ReadOnlySpan<byte> raw, int column) => column < 0 ? null : Encoding.UTF8.GetString(raw.Slice(_slots[column].Start, _slots[column].Length));

    private Slot SlotOf(ref Utf8JsonReader reader, out bool closed)
    {
        closed = true;
        var slot = new Slot { Stamp = _stamp, Start = (int)reader.TokenStartIndex };
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return slot;
            case JsonTokenType.String:
                slot.Kind = ValueKind.Text;
                slot.Start++;
                slot.Length = reader.ValueSpan.Length;
                slot.Escaped = reader.ValueIsEscaped;
                return slot;
            case JsonTokenType.Number:
            case JsonTokenType.True:
            case JsonTokenType.False:
                slot.Kind = reader.TokenType == JsonTokenType.Number ? ValueKind.Number : ValueKind.Truth;
                slot.Length = reader.ValueSpan.Length;
                return slot;
            default:
                closed = reader.TrySkip();
                slot.Kind = ValueKind.Nested;
                slot.Length = (int)reader.BytesConsumed - slot.Start;
                return slot;
        }
    }

    private void Report(RowBuilder rows, string name, Slot slot, ReadOnlySpan<byte> bytes)
    {
        var facts = rows.NewField(name);
        if (facts is not null && slot.Kind != ValueKind.Null) Observe(facts, slot.Kind, TextOf(slot, bytes, out _));
    }

    private void Finish(ReadOnlySpan<byte> raw, long offset, string? fault, RowBuilder rows)
    {
        if (fault is not null)
        {
            rows.RejectRow(offset, raw, fault.EndsWith("no JSON object.", StringComparison.Ordinal) ? RejectReasons.NotAnObject : RejectReasons.InvalidJson, fault);
            return;
        }
        if (!_valid && !Utf8.IsValid(raw))
        {
            rows.RejectRow(offset, raw, RejectReasons.InvalidUtf8, "The record is not valid UTF-8. If the file has another encoding, say which with encoding.");
            return;
        }
        for (var column = 0; column < _slots.Length; column++)
        {
            ref var slot = ref _slots[column];
            if (slot.Stamp != _stamp || slot.Kind == ValueKind.Null)
            {
                if (!rows.Targets[column].Nullable)
                {
                    rows.RejectMissing(offset, raw, column);
                    return;
                }
                rows.AppendNull(column);
                continue;
            }
            var text = TextOf(slot, raw, out var valid);
            if (!valid)
            {
                rows.RejectRow(offset, raw, RejectReasons.InvalidUtf8, "A text holds half of a surrogate pair.", rows.Targets[column].Name);
                return;
            }
            if (Fits(rows.Targets[column], slot.Kind))
            {
                if (rows.TryAppend(column, text)) continue;
                rows.RejectValue(offset, raw, column, text);
                return;
            }
            rows.Misfit(column, slot.Kind switch
            {
                ValueKind.Number => static (f, t) => { if (!f.ObserveNumber(t)) f.HasText = true; },
                ValueKind.Truth => static (f, _) => f.HasBoolean = true,
                ValueKind.Nested => static (f, _) => f.HasJson = true,
                _ => static (f, t) => f.ObserveString(t),
            }, text);
        }
        var record = rows.Record;
        if (rows.EndRow() && _arrays.Count > 0) AddChildren(raw, rows, record);
    }

    /// <summary>Whether values of the kind are tried at all; in a declared column every scalar is.</summary>
    private static bool Fits(TargetColumn target, ValueKind kind) => target.Type.Kind switch
    {
        TypeKind.Text => true,
        TypeKind.Unknown => false,
        TypeKind.Json => target.Declared || kind == ValueKind.Nested,
        _ when target.Declared => true,
        TypeKind.Boolean => kind == ValueKind.Truth,
        TypeKind.Date or TypeKind.Timestamp or TypeKind.TimestampTz => kind == ValueKind.Text,
        _ => kind == ValueKind.Number,
    };

    private static void Observe(ColumnFacts facts, ValueKind kind, ReadOnlySpan<byte> text)
    {
        if (kind == ValueKind.Number && facts.ObserveNumber(text)) return;
        if (kind == ValueKind.Truth) facts.HasBoolean = true;
        else if (kind == ValueKind.Nested) facts.HasJson = true;
        else facts.ObserveString(text);
    }

    private ReadOnlySpan<byte> TextOf(in Slot slot, ReadOnlySpan<byte> bytes, out bool valid)
    {
        var raw = bytes.Slice(slot.Start, slot.Length);
        valid = true;
        if (!slot.Escaped) return raw;
        if (_scratch.Length < raw.Length) _scratch = new byte[raw.Length * 2];
        // The reader unescapes; it is given the string alone, with its quotes.
        var reader = new Utf8JsonReader(bytes.Slice(slot.Start - 1, slot.Length + 2));
        reader.Read();
        try { return _scratch.AsSpan(0, reader.CopyString(_scratch)); }
        catch (InvalidOperationException)
        {
            valid = false;
            return [];
        }
    }

    private static bool Fail(string message, out string fault)
    {
        fault = message;
        return false;
    }

    // The reader's messages end with positions inside the record's own text, counted from zero.
    private static string Shorten(string message) => message.Split(" LineNumber:")[0];
}
