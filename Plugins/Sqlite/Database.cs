using System.Runtime.InteropServices;

namespace FlowForge.Plugins.Sqlite;

/// <summary>A database file, opened to read. Used by one thread, except for <see cref="Interrupt"/>.</summary>
internal sealed unsafe class Database : IDisposable
{
    private readonly string _name;
    private nint _handle;

    public Database(string file, string name, TimeSpan busyTimeout)
    {
        _name = name;
        if (!File.Exists(file)) throw new TerminalException($"{name} does not exist.", "Correct the path.");
        var code = Native.Open(file, out _handle, Native.ReadOnly | Native.NoMutex, 0);
        if (code != Native.Ok)
        {
            var failure = Failure(code);
            Dispose();
            throw failure;
        }
        _ = Native.BusyTimeout(_handle, (int)Math.Clamp(busyTimeout.TotalMilliseconds, 0, int.MaxValue));
        // A query reads this file and no other.
        _ = Native.Limit(_handle, Native.LimitAttached, 0);
    }

    public static string Version => Text(Native.Version());

    public void Interrupt() => Native.Interrupt(_handle);

    public Statement Prepare(string sql)
    {
        var code = Native.Prepare(_handle, sql, -1, out var statement, 0);
        return code == Native.Ok ? new Statement(this, statement) : throw Failure(code);
    }

    public void Execute(string sql)
    {
        using var statement = Prepare(sql);
        while (statement.Step()) { }
    }

    public Exception Failure(int code)
    {
        var message = $"{_name}: {(_handle == 0 ? "out of memory" : Text(Native.ErrorMessage(_handle)))}";
        return (code & 0xFF) switch
        {
            Native.Interrupted => new OperationCanceledException("The read was cancelled."),
            Native.Busy or Native.Locked => new TransientException(message + " (another program writes it)"),
            Native.IoError => new TransientException(message),
            Native.NotADatabase or Native.Corrupt => new TerminalException(message, "Check that the file is a whole SQLite database, and not encrypted."),
            Native.CannotOpen => new TerminalException(message, "Check the rights on the file; a database in WAL mode also needs its folder to be writable, or its -shm file to be there."),
            _ => new TerminalException(message, "Correct the query or the table's name."),
        };
    }

    public static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    public void Dispose()
    {
        if (_handle != 0) _ = Native.Close(_handle);
        _handle = 0;
    }
}

/// <summary>A prepared statement.</summary>
internal sealed unsafe class Statement(Database database, nint handle) : IDisposable
{
    public nint Handle => handle;
    public int Columns => Native.ColumnCount(handle);
    public string Name(int column) => Database.Text(Native.ColumnName(handle, column));
    public string Declared(int column) => Database.Text(Native.DeclaredType(handle, column));
    public string Text(int column) => Database.Text(Native.TextOf(handle, column));

    // -1: SQLite copies the text.
    public void Bind(int index, string value) => Native.BindText(handle, index, value, -1, -1);

    /// <summary>True while there is a row.</summary>
    public bool Step() => Native.Step(handle) switch { Native.Row => true, Native.Done => false, var code => throw database.Failure(code) };

    public void Dispose() => _ = Native.Finish(handle);
}
