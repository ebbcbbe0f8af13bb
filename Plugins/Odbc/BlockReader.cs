using System.Runtime.InteropServices;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Odbc;

/// <summary>
/// Fetches an executed statement. When all values have a known length, a block of rows comes by one call into memory of ours; otherwise each value is
/// asked for by itself, which every driver can do.
/// </summary>
internal sealed unsafe class BlockReader : IDisposable
{
    private const int BindByColumn = 5, RowArraySize = 27, RowsFetched = 26, MostBlockBytes = 8 << 20, MostBlockRows = 8_192, MostBatchRows = 32_768, MostBatchBytes = 16 << 20;
    private readonly Statement _statement;
    private readonly IReadOnlyList<OdbcColumn> _columns;
    private readonly RecordBatchBuilder _rows;
    private readonly nint[] _values;
    private readonly nint[] _lengths;
    private readonly nint* _fetched;
    private readonly int _block;

    public BlockReader(Statement statement, IReadOnlyList<OdbcColumn> columns, Schema schema)
    {
        (_statement, _columns, _rows) = (statement, columns, new RecordBatchBuilder(schema));
        (_values, _lengths) = (new nint[columns.Count], new nint[columns.Count]);
        _fetched = (nint*)NativeMemory.AllocZeroed((nuint)sizeof(nint));
        _block = columns.Any(c => c.Width == 0) ? 0 : Math.Clamp(MostBlockBytes / columns.Sum(c => c.Width + sizeof(nint)), 1, MostBlockRows);
        if (_block == 0) return;
        _statement.Check(Native.SetStatement(statement.Handle, BindByColumn, 0, 0));
        _statement.Check(Native.SetStatement(statement.Handle, RowArraySize, _block, 0));
        _statement.Check(Native.SetStatement(statement.Handle, RowsFetched, (nint)_fetched, 0));
        for (var i = 0; i < columns.Count; i++)
        {
            _values[i] = (nint)NativeMemory.Alloc((nuint)(columns[i].Width * _block));
            _lengths[i] = (nint)NativeMemory.Alloc((nuint)(sizeof(nint) * _block));
            _statement.Check(Native.Bind(statement.Handle, (ushort)(i + 1), columns[i].CType, (void*)_values[i], columns[i].Width, (nint*)_lengths[i]));
        }
    }

    /// <summary>The next batch, which the caller owns; null at the end.</summary>
    public RecordBatch? Next(CancellationToken cancellationToken)
    {
        while (Size() < MostBatchRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!_statement.Fetch()) break;
            if (_block == 0) One();
            else Block((int)*_fetched);
        }
        return _rows.Length == 0 ? null : _rows.Build();
    }

    private int Size() => _rows.Columns.Sum(c => (c as BinaryBuilder)?.ByteLength ?? 0L) >= MostBatchBytes ? int.MaxValue : _rows.Length;

    private void Block(int rows)
    {
        for (var i = 0; i < _columns.Count; i++)
        {
            var (column, builder) = (_columns[i], _rows.Columns[i]);
            var values = (byte*)_values[i];
            var lengths = (nint*)_lengths[i];
            for (var row = 0; row < rows; row++)
            {
                var length = lengths[row];
                if (length == Native.NullData) builder.AppendNull();
                else if (Whole(column, length)) column.Append(builder, new ReadOnlySpan<byte>(values + (nint)row * column.Width, Fixed(column) ? column.Width : (int)length));
                else throw new TerminalException($"Column {column.Source.Name} holds a value of {length} bytes, and the driver announced at most {column.Source.Size} characters.", "Cast the column to a longer type in a query.");
            }
        }
        for (var row = 0; row < rows; row++) _rows.EndRow();
    }

    private static bool Fixed(OdbcColumn column) => column.CType is not (Native.WideChar or Native.Char or Native.Binary);

    // The last two bytes of a text's room are its end mark.
    private static bool Whole(OdbcColumn column, nint length) =>
        Fixed(column) || (length >= 0 && length <= column.Width - (column.CType == Native.WideChar ? 2 : column.CType == Native.Char ? 1 : 0));

    private void One()
    {
        for (var i = 0; i < _columns.Count; i++) Value(_columns[i], _rows.Columns[i], (ushort)(i + 1));
        _rows.EndRow();
    }

    private void Value(OdbcColumn column, ArrayBuilder builder, ushort number)
    {
        var mark = column.CType == Native.WideChar ? 2 : column.CType == Native.Char ? 1 : 0;
        var part = stackalloc byte[4096];
        _statement.Check(Native.GetData(_statement.Handle, number, column.CType, part, 4096, out var length));
        if (length == Native.NullData)
        {
            builder.AppendNull();
            return;
        }
        if (Fixed(column) || (length >= 0 && length <= 4096 - mark))
        {
            column.Append(builder, new ReadOnlySpan<byte>(part, Fixed(column) ? column.Width : (int)length));
            return;
        }
        using var whole = new MemoryStream();
        while (true)
        {
            // Each call gives the next part and says how much was left before it.
            var got = length is Native.NoTotal || length > 4096 - mark ? 4096 - mark : (int)length;
            whole.Write(new ReadOnlySpan<byte>(part, got));
            if (length != Native.NoTotal && length <= 4096 - mark) break;
            var code = Native.GetData(_statement.Handle, number, column.CType, part, 4096, out length);
            if (code == Native.NoData) break;
            _statement.Check(code);
        }
        column.Append(builder, whole.GetBuffer().AsSpan(0, (int)whole.Length));
    }

    public void Dispose()
    {
        foreach (var memory in _values) NativeMemory.Free((void*)memory);
        foreach (var memory in _lengths) NativeMemory.Free((void*)memory);
        NativeMemory.Free(_fetched);
    }
}
