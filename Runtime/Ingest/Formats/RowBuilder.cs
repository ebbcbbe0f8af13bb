using System.Text;
using FlowForge.Columnar;
using FlowForge.Ingest.Formats.Json;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Types;

namespace FlowForge.Ingest.Formats;

/// <summary>A column that rows are made of.</summary>
/// <param name="Name">Name in the source.</param>
/// <param name="Type">What its texts are read as.</param>
/// <param name="Nullable">False: an empty value rejects the row.</param>
/// <param name="Declared">True: a text of another type rejects the row; false: it widens the column.</param>
internal sealed record TargetColumn(string Name, ColumnType Type, bool Nullable = true, bool Declared = false)
{
    /// <summary>Facts of values that the table holds already and that the type must hold too.</summary>
    public ColumnFacts? Known { get; init; }
}

/// <summary>What became of one chunk. <c>Batch</c> is null when no row of it was good; the taker owns it.</summary>
internal sealed record DecodedChunk(int File, RecordBatch? Batch, IReadOnlyList<Reject> Rejects, int Records, int Counted)
{
    /// <summary>Of the records those that were not wanted.</summary>
    public int PassedOver { get; init; }

    /// <summary>Lines of child tables, by the path of their array.</summary>
    public IReadOnlyList<(string Path, byte[] Lines)> Children { get; init; } = [];
}

/// <summary>
/// Takes the records of a chunk value by value and makes a batch and rejects of them. The last two columns of the batch are
/// the record's number and the file's. One thread at a time.
/// </summary>
internal sealed class RowBuilder
{
    private const int LongestExcerpt = 200;
    private readonly IReadOnlyList<TargetColumn> _targets;
    private readonly ColumnWriter[] _writers;
    private readonly ColumnFacts?[] _misfits;
    private readonly FixedColumn<long> _records = new(new ColumnType(TypeKind.BigInt));
    private readonly FixedColumn<int> _files = new(new ColumnType(TypeKind.Integer));
    private readonly Schema _schema;
    private readonly bool _findsFields;
    private readonly Dictionary<string, ColumnFacts> _newFields = new(StringComparer.Ordinal);
    private readonly List<string> _newNames = [];
    private List<Reject> _rejects = [];
    private int _file, _seen, _passedOver;
    private long _record;
    private long[]? _wanted;

    /// <param name="targets">The columns of the rows.</param>
    /// <param name="findsFields">Whether fields beyond them are wanted too.</param>
    /// <param name="children">Takes the elements of arrays that become tables of their own; null when none do.</param>
    public RowBuilder(IReadOnlyList<TargetColumn> targets, bool findsFields, ChildTexts? children = null)
    {
        Children = children;
        _targets = targets;
        _findsFields = findsFields;
        _writers = [.. targets.Select(t => ColumnWriter.Create(t.Type, strict: !t.Declared))];
        _misfits = new ColumnFacts?[targets.Count];
        _schema = BatchSchema(targets);
    }

    /// <summary>The schema of the batches: the targets as <c>c0 c1 …</c>, then <c>record</c> and <c>file</c>.</summary>
    public static Schema BatchSchema(IReadOnlyList<TargetColumn> targets) => new(
        [.. targets.Select((t, i) => new Field($"c{i}", t.Type.Arrow)), new Field("record", Int64Type.Default, false), new Field("file", Int32Type.Default, false)]);

    public ChildTexts? Children { get; }

    /// <summary>Patterns of dates and times that values which do not fit are held against.</summary>
    public GivenFormats? Formats { get; init; }

    public int File => _file;
    public int Columns => _writers.Length;
    public IReadOnlyList<TargetColumn> Targets => _targets;
    /// <summary>Number of the record that is being built; the next one when none is.</summary>
    public long Record => _record;
    public bool HasMisfits { get; private set; }
    /// <summary>Whether fields beyond the columns are wanted.</summary>
    public bool FindsFields => _findsFields;

    /// <param name="file">Number of the file.</param>
    /// <param name="firstRecord">Number of the chunk's first record.</param>
    /// <param name="wanted">The records that are wanted, in order; null for all.</param>
    public void StartChunk(int file, long firstRecord, long[]? wanted = null) => (_file, _record, _seen, _passedOver, _wanted) = (file, firstRecord, 0, 0, wanted);

    /// <summary>The next record is not the one after the last.</summary>
    public void GoTo(long record) => _record = record;

    /// <summary>Notes a record that is no record any more.</summary>
    public void RejectOther(long record, long offset, ReadOnlySpan<byte> raw, string reason, string message)
    {
        _record = record;
        RejectRow(offset, raw, reason, message);
    }

    public void AppendNull(int column) => _writers[column].AppendNull();
    public bool IsText(int column) => _writers[column].Type.Kind == TypeKind.Text;
    public bool IsUnknown(int column) => _writers[column].Type.Kind == TypeKind.Unknown;

    /// <summary>Adds a value; false when the row must be rejected for it.</summary>
    public bool TryAppend(int column, ReadOnlySpan<byte> text)
    {
        if (_writers[column].TryAppend(text)) return true;
        if (_targets[column].Declared) return false;
        (_misfits[column] ??= new ColumnFacts { Formats = Formats }).Observe(text);
        HasMisfits = true;
        _writers[column].AppendNull();
        return true;
    }

    /// <summary>Notes a value of a kind that the column cannot take (JSON), which widens it.</summary>
    public void Misfit(int column, ObserveText observe, ReadOnlySpan<byte> text)
    {
        observe(_misfits[column] ??= new ColumnFacts(), text);
        HasMisfits = true;
        _writers[column].AppendNull();
    }

    /// <summary>Facts of a field that is not among the columns; null when new fields do not matter, as with a declared schema.</summary>
    public ColumnFacts? NewField(string name)
    {
        if (!_findsFields) return null;
        if (_newFields.TryGetValue(name, out var facts)) return facts;
        HasMisfits = true;
        _newNames.Add(name);
        return _newFields[name] = new ColumnFacts();
    }

    /// <summary>Counts the row that was added; false when it was not wanted.</summary>
    public bool EndRow()
    {
        _seen++;
        if (_wanted is not null && PassesOver()) return false;
        _records.Add(_record++);
        _files.Add(_file);
        return true;
    }

    private bool PassesOver()
    {
        if (Array.BinarySearch(_wanted!, _record) >= 0) return false;
        TakeBack();
        _record++;
        _passedOver++;
        return true;
    }

    private void TakeBack()
    {
        foreach (var writer in _writers)
            if (writer.Length > _records.Length) writer.Truncate(_records.Length);
    }

    /// <summary>Takes back what was added of the row and keeps the record as a reject.</summary>
    public void RejectRow(long offset, ReadOnlySpan<byte> raw, string reason, string message, string? column = null)
    {
        _seen++;
        if (_wanted is not null && PassesOver()) return;
        TakeBack();
        _rejects.Add(new Reject(_file, _record++, offset, reason, message, column, Encoding.UTF8.GetString(raw)));
    }

    /// <summary>Says which value of which column is not what.</summary>
    public void RejectValue(long offset, ReadOnlySpan<byte> raw, int column, ReadOnlySpan<byte> value)
    {
        var target = _targets[column];
        var shown = Encoding.UTF8.GetString(value[..Math.Min(value.Length, LongestExcerpt)]) + (value.Length > LongestExcerpt ? "…" : "");
        var format = target.Type.Format is { } f ? $" in the format {f}" : "";
        RejectRow(offset, raw, RejectReasons.WrongType, $"\"{shown}\" is no {target.Type.Name}{format}.", target.Name);
    }

    public void RejectMissing(long offset, ReadOnlySpan<byte> raw, int column) =>
        RejectRow(offset, raw, RejectReasons.MissingValue, $"The value is missing, and {_targets[column].Name} must have one.", _targets[column].Name);

    /// <summary>The chunk's rows and rejects; ready for the next chunk afterwards.</summary>
    public DecodedChunk EndChunk(int counted)
    {
        var rows = _records.Length;
        var rejects = _rejects;
        _rejects = [];
        IArrowArray[] arrays = [.. _writers.Select(w => w.Build()), _records.Build(), _files.Build()];
        if (rows > 0) return new DecodedChunk(_file, new RecordBatch(_schema, arrays, rows), rejects, _seen, counted) { PassedOver = _passedOver, Children = Children?.Take() ?? [] };
        foreach (var array in arrays) array.Dispose();
        return new DecodedChunk(_file, null, rejects, _seen, counted) { PassedOver = _passedOver, Children = Children?.Take() ?? [] };
    }

    /// <summary>Adds what the values taught to <paramref name="facts"/>, one for each column, and the fields found beyond them.</summary>
    public void AddFacts(IReadOnlyList<ColumnFacts> facts, List<(string Name, ColumnFacts Facts)> found)
    {
        foreach (var name in _newNames)
        {
            var known = found.FindIndex(f => f.Name == name);
            if (known < 0) found.Add((name, _newFields[name]));
            else found[known].Facts.Merge(_newFields[name]);
        }
        for (var i = 0; i < _writers.Length; i++)
        {
            _writers[i].AddFacts(facts[i]);
            if (_misfits[i] is not { } misfits) continue;
            facts[i].HasMisfit = true;
            facts[i].Merge(misfits);
        }
    }
}

/// <summary>Takes a text into a column's facts.</summary>
internal delegate void ObserveText(ColumnFacts facts, ReadOnlySpan<byte> text);

/// <summary>A column of values that need no proof.</summary>
internal sealed class FixedColumn<T>(ColumnType type) : FixedWriter<T>(type) where T : unmanaged
{
    public override bool TryAppend(ReadOnlySpan<byte> text) => false;
    public new void Add(T value) => base.Add(value);
}
