using System.Runtime.InteropServices;

namespace FlowForge.Plugins.Odbc;

/// <summary>A column of a result, as the driver describes it.</summary>
internal sealed record ResultColumn(int Number, string Name, short Type, long Size, int Digits, bool Unsigned);

/// <summary>A statement. <see cref="Cancel"/> may be called from any thread.</summary>
internal sealed unsafe class Statement(nint handle) : IDisposable
{
    private const int MaxRows = 1;
    private const ushort Unsigned = 8;
    private const short Input = 1;
    private nint _parameter;
    private nint* _parameterLength;

    public nint Handle => handle;

    public void Prepare(string sql)
    {
        fixed (char* p = sql) Check(Native.Prepare(handle, p, sql.Length));
    }

    public void Limit(long rows) => Check(Native.SetStatement(handle, MaxRows, (nint)rows, 0));

    /// <summary>Binds the one parameter as text that the driver turns into the column's type.</summary>
    public void Bind(string value, ResultColumn like)
    {
        var bytes = (value.Length + 1) * 2;
        _parameter = Marshal.StringToHGlobalUni(value);
        _parameterLength = (nint*)NativeMemory.Alloc((nuint)sizeof(nint));
        *_parameterLength = value.Length * 2;
        Check(Native.BindParameter(handle, 1, Input, Native.WideChar, like.Type, (nuint)Math.Max(like.Size, value.Length), (short)like.Digits, (void*)_parameter, bytes, _parameterLength));
    }

    public void Execute() => Check(Native.Execute(handle));

    public void Cancel() => _ = Native.Cancel(handle);

    public IReadOnlyList<ResultColumn> Describe()
    {
        Check(Native.ResultColumns(handle, out var count));
        var columns = new List<ResultColumn>(count);
        var name = stackalloc char[512];
        for (ushort i = 1; i <= count; i++)
        {
            Check(Native.Describe(handle, i, name, 512, out var length, out var type, out var size, out var digits, out _));
            var unsigned = Native.ColumnAttribute(handle, i, Unsigned, 0, 0, 0, out var flag) == Native.Success && flag != 0;
            columns.Add(new ResultColumn(i, new string(name, 0, Math.Min((int)length, 511)), type, (long)size, digits, unsigned));
        }
        return columns;
    }

    public bool Fetch()
    {
        var code = Native.Fetch(handle);
        if (code == Native.NoData) return false;
        Check(code);
        return true;
    }

    /// <summary>All rows of a catalog function, the columns asked for as text.</summary>
    public List<string?[]> All(params ReadOnlySpan<int> columns)
    {
        var rows = new List<string?[]>();
        while (Fetch())
        {
            var row = new string?[columns.Length];
            for (var i = 0; i < columns.Length; i++) row[i] = Text(columns[i]);
            rows.Add(row);
        }
        return rows;
    }

    private string? Text(int column)
    {
        var text = stackalloc char[1024];
        Check(Native.GetData(handle, (ushort)column, Native.WideChar, text, 2048, out var bytes));
        return bytes == Native.NullData ? null : new string(text, 0, bytes < 0 ? 1023 : (int)Math.Min(bytes / 2, 1023));
    }

    public void Check(short code) => Database.Check(code, Native.Statement, handle);

    public void Dispose()
    {
        _ = Native.Free(Native.Statement, handle);
        if (_parameter != 0) Marshal.FreeHGlobal(_parameter);
        NativeMemory.Free(_parameterLength);
    }
}
