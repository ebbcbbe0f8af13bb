using System.Buffers.Binary;
using FlowForge.Columnar;
using FlowForge.Plugins.Postgres.Decoding;
using NpgsqlTypes;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>Turns pgoutput messages into rows with their operation.</summary>
/// <param name="from">Transactions that were committed before it are passed over.</param>
/// <param name="lookUp">Asks the table for a row's present values by its key: for long values that an update did not touch.</param>
internal sealed class ChangeDecoder(ChangeTable table, NpgsqlLogSequenceNumber from, string marker, Func<IReadOnlyList<(string Column, object? Value)>, byte[]?[]> lookUp)
{
    private readonly ColumnDecoder[] _decoders = PgColumn.Decoders(table.Plan.Columns);
    private readonly StringArray.Builder _operations = new();
    private readonly TupleFields _old = new(), _new = new();
    // For each of the plan's columns its place in the relation's tuples; -1 when the relation had no such column then.
    private int[] _places = [];
    private Action<ColumnDecoder, ReadOnlyMemory<byte>>?[] _conversions = [];
    private bool[] _isKey = [];
    private bool[] _mayBeKey = [];
    // Why the relation's columns cannot be told to be the table's; null when they can.
    private string? _misfit;
    private bool _isPassed;

    public int Rows { get; private set; }
    public long Bytes { get; private set; }
    /// <summary>All messages so far, also of what is not ours.</summary>
    public long Messages { get; private set; }
    /// <summary>The end of the last whole transaction.</summary>
    public NpgsqlLogSequenceNumber Position { get; private set; }
    public bool InTransaction { get; private set; }
    /// <summary>The marker that ends this read has come.</summary>
    public bool ReachedMarker { get; private set; }

    public void Decode(ReadOnlySpan<byte> message)
    {
        Messages++;
        var reader = new MessageReader(message);
        switch (reader.Byte())
        {
            case (byte)'B':
                InTransaction = true;
                _isPassed = new NpgsqlLogSequenceNumber(reader.UInt64()) < from;
                break;
            case (byte)'C':
                reader.Byte();
                reader.UInt64();
                Position = new NpgsqlLogSequenceNumber(reader.UInt64());
                InTransaction = false;
                break;
            case (byte)'R': Relation(ref reader); break;
            case (byte)'I' when IsOurs(reader.Int32()): Insert(ref reader, message); break;
            case (byte)'U' when IsOurs(reader.Int32()): Update(ref reader, message); break;
            case (byte)'D' when IsOurs(reader.Int32()):
                reader.Byte();
                reader.Tuple(message, _old);
                Add(message, _old, "d"u8, null);
                break;
            case (byte)'T' when !_isPassed: Truncate(ref reader); break;
            case (byte)'M': Message(ref reader); break;
        }
    }

    /// <summary>The rows since the last call; the caller owns them.</summary>
    public RecordBatch Build()
    {
        var batch = new RecordBatch(table.Schema, [.. _decoders.Select(d => d.Builder.Build()), _operations.Build()], Rows);
        (Rows, Bytes) = (0, 0);
        return batch;
    }

    private bool IsOurs(int relation) =>
        !_isPassed && IsTable(relation) && (_misfit is null ? true : throw new TerminalException($"{table.Relation}: {_misfit}", "Reset the job's watermark: the next run takes a new snapshot."));

    // Names change hands: a table that was renamed away is no longer read under this one's, and this one's changes come whatever it was called then.
    private bool IsTable(int relation) => (uint)relation == table.Relation.Oid;

    private void Relation(ref MessageReader reader)
    {
        if (!IsTable(reader.Int32())) return;
        reader.Text();
        reader.Text();
        reader.Byte();
        var columns = new (string Name, uint Type)[reader.Int16()];
        for (var i = 0; i < columns.Length; i++)
        {
            reader.Byte();
            columns[i] = (reader.Text(), (uint)reader.Int32());
            reader.Int32();
        }
        var plan = table.Plan.Columns;
        _places = [.. plan.Select(c => Array.FindIndex(columns, x => x.Name == c.Name))];
        _misfit = Renames.Find(table, columns);
        _isKey = [.. plan.Select(c => table.Keys.Contains(c.Name))];
        _mayBeKey = [.. plan.Select(c => MayBeKey(table.Types[c.Name]))];
        _conversions = [.. plan.Select((c, i) => _places[i] < 0 ? null : Conversion(c, columns[_places[i]].Type))];
    }

    /// <summary>The columns are those of now; a change from before an ALTER TABLE has the types of then.</summary>
    private Action<ColumnDecoder, ReadOnlyMemory<byte>>? Conversion(PgColumn column, uint then)
    {
        var now = table.Types[column.Name];
        if (then == now || (IsText(then) && IsText(now))) return null;
        if (Width(then) is > 0 and var from && Width(now) is var to && to > from)
            return (decoder, value) =>
            {
                Span<byte> wide = stackalloc byte[8];
                BinaryPrimitives.WriteInt64BigEndian(wide, from == 2 ? BinaryPrimitives.ReadInt16BigEndian(value.Span) : BinaryPrimitives.ReadInt32BigEndian(value.Span));
                decoder.Add(wide[(8 - to)..]);
            };
        throw new TerminalException($"Column {column.Name} of {table.Relation} had another type when the changes that come now were made.", "Reset the job's watermark: the next run takes a new snapshot.");

        static bool IsText(uint type) => type is 25 or 1043 or 1042;
        static int Width(uint type) => type switch { 21 => 2, 23 => 4, 20 => 8, _ => 0 };
    }

    private void Insert(ref MessageReader reader, ReadOnlySpan<byte> message)
    {
        reader.Byte();
        reader.Tuple(message, _new);
        Add(message, _new, "i"u8, null);
    }

    private void Update(ref MessageReader reader, ReadOnlySpan<byte> message)
    {
        var kind = reader.Byte();
        var hasOld = kind is (byte)'K' or (byte)'O';
        if (hasOld)
        {
            reader.Tuple(message, _old);
            reader.Byte();
        }
        reader.Tuple(message, _new);
        // K comes only when the key changed. With a full identity the old row always comes: the job's own keys, which need not be the source's, may have changed.
        var moved = kind == 'K' || (kind == 'O' && MayHaveMoved(message));
        if (moved) Add(message, _old, "d"u8, null);
        Add(message, _new, moved ? "i"u8 : "u"u8, kind == 'O' ? _old : null);
    }

    private bool MayHaveMoved(ReadOnlySpan<byte> message)
    {
        for (var i = 0; i < _places.Length; i++)
        {
            if (!_mayBeKey[i] || _places[i] is not (>= 0 and var place) || _new.IsUnchanged(place)) continue;
            if (_old.IsNull(place) != _new.IsNull(place)) return true;
            if (!_old.IsNull(place) && !_old.Value(message, place).SequenceEqual(_new.Value(message, place))) return true;
        }
        return false;
    }

    // Nobody tells rows apart by floating-point numbers, documents or bytes: float4, float8, json, jsonb, xml, bytea.
    private static bool MayBeKey(uint type) => type is not (700 or 701 or 114 or 3802 or 142 or 17);

    private void Truncate(ref MessageReader reader)
    {
        var count = reader.Int32();
        reader.Byte();
        for (var i = 0; i < count; i++)
        {
            if (!IsTable(reader.Int32())) continue;
            foreach (var decoder in _decoders) decoder.Builder.AppendNull();
            End("t"u8, 0);
        }
    }

    private void Message(ref MessageReader reader)
    {
        reader.Byte();
        var at = reader.UInt64();
        if (reader.Text() != Marker.Prefix) return;
        var content = reader.Bytes(reader.Int32());
        if (!content.SequenceEqual(System.Text.Encoding.ASCII.GetBytes(marker))) return;
        ReachedMarker = true;
        Position = new NpgsqlLogSequenceNumber(at);
    }

    /// <param name="unchanged">Where a value that the change left as it was can be taken from.</param>
    private void Add(ReadOnlySpan<byte> message, TupleFields fields, ReadOnlySpan<byte> operation, TupleFields? unchanged)
    {
        byte[]?[]? present = null;
        for (var i = 0; i < _decoders.Length; i++)
        {
            var place = _places[i];
            if (place < 0 || fields.IsNull(place)) _decoders[i].Builder.AppendNull();
            else if (!fields.IsUnchanged(place)) Value(i, fields.Value(message, place));
            else if (unchanged is not null && !unchanged.IsNull(place) && !unchanged.IsUnchanged(place)) Value(i, unchanged.Value(message, place));
            else if (operation is not [(byte)'d'] && (present ??= lookUp(Key(message, fields)))[i] is { } value) _decoders[i].Add(value);
            else _decoders[i].Builder.AppendNull();
        }
        End(operation, message.Length);
    }

    private void Value(int column, ReadOnlySpan<byte> value)
    {
        try
        {
            if (_conversions[column] is { } convert) convert(_decoders[column], value.ToArray());
            else _decoders[column].Add(value);
        }
        catch (UnfitValueException e)
        {
            throw new TerminalException($"A change of {table.Relation}: column {table.Plan.Columns[column].Name} holds {e.Message}.", e.Suggestion, e);
        }
    }

    private void End(ReadOnlySpan<byte> operation, int bytes)
    {
        _operations.Append(operation);
        Rows++;
        Bytes += bytes;
    }

    private List<(string, object?)> Key(ReadOnlySpan<byte> message, TupleFields fields)
    {
        var key = new List<(string, object?)>();
        for (var i = 0; i < _places.Length; i++)
        {
            if (!_isKey[i] || _places[i] < 0) continue;
            var column = table.Plan.Columns[i];
            var one = column.Decoder(ArrayBuilder.Create(column.Type));
            one.Add(fields.Value(message, _places[i]));
            key.Add((column.Name, one.Builder.Build().GetObject(0)));
        }
        // Part of a key is the key of other rows too.
        if (key.Count == 0 || key.Count < table.Keys.Count)
            throw new TerminalException($"A change of {table.Relation} leaves out long values, and its row cannot be looked up without all of its key columns.", "Reset the job's watermark: the next run takes a new snapshot.");
        return key;
    }
}
