using System.Runtime.InteropServices;
using System.Text;

namespace FlowForge.Plugins.Odbc;

/// <summary>A connection. Used by one thread, except for <see cref="Statement.Cancel"/>.</summary>
internal sealed unsafe class Database : IDisposable
{
    private const int OdbcVersion = 200, Odbc3 = 3, LoginTimeout = 103, AccessMode = 101, ReadOnly = 1, AutoCommit = 102, Rollback = 1;
    private const ushort DriverName = 6, QuoteCharacter = 29, DbmsName = 17, DbmsVersion = 18;
    private readonly OdbcSpec _spec;
    private nint _environment, _connection;
    private bool _connected;
    private string? _kill;

    public Database(OdbcSpec spec)
    {
        _spec = spec;
        try
        {
            Check(Native.Allocate(Native.Environment, 0, out _environment), Native.Environment, _environment);
            Check(Native.SetEnvironment(_environment, OdbcVersion, Odbc3, 0), Native.Environment, _environment);
            Check(Native.Allocate(Native.Connection, _environment, out _connection), Native.Environment, _environment);
            _ = Native.SetConnection(_connection, LoginTimeout, (nint)Math.Max(1, spec.ConnectTimeout.TotalSeconds), 0);
            var text = ConnectionText.Of(spec);
            fixed (char* p = text)
                Check(Native.Connect(_connection, 0, p, (short)text.Length, 0, 0, 0, 0), Native.Connection, _connection);
            _connected = true;
            // Drivers that know neither go on without.
            _ = Native.SetConnection(_connection, AccessMode, ReadOnly, 0);
            _ = Native.SetConnection(_connection, AutoCommit, 0, 0);
            if (Info(DbmsName) is "MariaDB" or "MySQL") _kill = "KILL CONNECTION " + Ask("SELECT CONNECTION_ID()");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Describe() => $"{Info(DbmsName)} {Info(DbmsVersion)} by {Info(DriverName)}";

    /// <summary>A name as the database quotes it; parts separated by points are quoted one by one.</summary>
    public string Quote(string name)
    {
        var quote = Info(QuoteCharacter).Trim();
        return quote.Length == 0 ? name : string.Join('.', name.Split('.').Select(part => quote + part.Replace(quote, quote + quote, StringComparison.Ordinal) + quote));
    }

    public string QuotePart(string name)
    {
        var quote = Info(QuoteCharacter).Trim();
        return quote + (quote.Length == 0 ? name : name.Replace(quote, quote + quote, StringComparison.Ordinal)) + quote;
    }

    /// <summary>
    /// Ends a result that nobody wants to the end. Drivers of MySQL's protocol would read it all first, be it hours: the server is told by a
    /// second connection to end the first. Any thread may call it.
    /// </summary>
    public void Abandon(Statement statement)
    {
        if (Interlocked.Exchange(ref _kill, null) is not { } kill)
        {
            statement.Cancel();
            return;
        }
        try
        {
            using var other = new Database(_spec);
            using var end = other.NewStatement();
            end.Prepare(kill);
            end.Execute();
        }
        catch (Exception e) when (e is TerminalException or TransientException) { /* The connection is gone already. */ }
    }

    private string Ask(string sql)
    {
        using var statement = NewStatement();
        statement.Prepare(sql);
        statement.Execute();
        return statement.All(1)[0][0]!;
    }

    public Statement NewStatement()
    {
        Check(Native.Allocate(Native.Statement, _connection, out var handle), Native.Connection, _connection);
        return new Statement(handle);
    }

    private string Info(ushort kind)
    {
        var text = stackalloc char[256];
        return Native.Info(_connection, kind, text, 512, out var bytes) is Native.Success or Native.SuccessWithInfo ? new string(text, 0, Math.Min(bytes / 2, 255)) : "";
    }

    // The driver of MariaDB gives its client's own numbers the state that says nothing: no server there, or it went away.
    private static readonly int[] Unreachable = [2002, 2003, 2006, 2013, 2055];

    /// <exception cref="TerminalException">Trying again will not help.</exception>
    /// <exception cref="TransientException">It may.</exception>
    public static void Check(short code, short kind, nint handle)
    {
        if (code is Native.Success or Native.SuccessWithInfo) return;
        var state = stackalloc char[6];
        var message = stackalloc char[1024];
        var all = new StringBuilder();
        var (first, number) = ("", 0);
        for (short i = 1; i <= 5 && Native.Diagnostic(kind, handle, i, state, out var native, message, 1024, out var length) is Native.Success or Native.SuccessWithInfo; i++)
        {
            if (i == 1) (first, number) = (new string(state, 0, 5), native);
            all.Append(all.Length > 0 ? "; " : "").Append(message, Math.Min((int)length, 1023));
        }
        var text = $"{(all.Length > 0 ? all.ToString().TrimEnd() : $"ODBC gave code {code} and no message")} [{first}]";
        if (first is "HY008") throw new OperationCanceledException("The read was cancelled.");
        if (first.StartsWith("08", StringComparison.Ordinal) || first is "HYT00" or "HYT01" or "40001" or "40003" || (first is "HY000" && Unreachable.Contains(number))) throw new TransientException(text);
        throw new TerminalException(text, first switch
        {
            "IM002" or "01000" => "Check driver against what odbcinst -q -d lists, or dsn against odbc.ini.",
            "IM003" or "IM004" => "The driver's library cannot be loaded: install it again.",
            "28000" => "Check user and password.",
            "42S02" => "Correct the table's name.",
            "42S22" or "42000" => "Correct the query.",
            _ => null,
        });
    }

    public void Dispose()
    {
        if (_connected)
        {
            _ = Native.EndTransaction(Native.Connection, _connection, Rollback);
            _ = Native.Disconnect(_connection);
        }
        if (_connection != 0) _ = Native.Free(Native.Connection, _connection);
        if (_environment != 0) _ = Native.Free(Native.Environment, _environment);
        (_connection, _environment, _connected) = (0, 0, false);
    }
}

/// <summary>The connection string. Values with signs of its syntax stand in braces, so that none can add attributes of its own; others do not, since drivers take braces for a part of numbers.</summary>
internal static class ConnectionText
{
    private static readonly System.Buffers.SearchValues<char> Syntax = System.Buffers.SearchValues.Create(";{}[]()=?*!@,\\");
    // Names of files or libraries to load, past what the administrator has installed, and what must stay secret.
    private static readonly string[] Refused = ["DRIVER", "DSN", "FILEDSN", "SAVEFILE", "PWD", "PASSWORD", "LOADEXT", "PLUGIN_DIR"];

    public static string Of(OdbcSpec spec)
    {
        if (spec.Driver is null == spec.Dsn is null) throw new TerminalException("One of driver and dsn is needed, and not both.", "Set driver to a name that odbcinst -q -d lists.");
        if (spec.Driver?.AsSpan().IndexOfAny('/', '\\') >= 0) throw new TerminalException($"driver is \"{spec.Driver}\": a path, where the name of an installed driver is needed.", "Set it to a name that odbcinst -q -d lists.");
        var parts = new List<(string Key, string? Value)>
        {
            ("DRIVER", spec.Driver), ("DSN", spec.Dsn), ("SERVER", spec.Server), ("PORT", spec.Port?.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("DATABASE", spec.Database),
            ("UID", spec.User), ("PWD", spec.Password.IsEmpty ? null : spec.Password.Reveal()),
        };
        foreach (var (key, value) in spec.Options)
        {
            if (key.AsSpan().IndexOfAny(Syntax) >= 0 || Refused.Contains(key.Trim(), StringComparer.OrdinalIgnoreCase)) throw new TerminalException($"\"{key}\" cannot be given in options.", "Driver, data source and password have settings of their own.");
            parts.RemoveAll(p => p.Key.Equals(key, StringComparison.OrdinalIgnoreCase));
            parts.Add((key, value));
        }
        foreach (var (key, value) in Streaming(spec.Driver ?? ""))
            if (!spec.Options.Keys.Contains(key, StringComparer.OrdinalIgnoreCase)) parts.Add((key, value));
        return string.Concat(parts.Where(p => p.Value is not null).Select(p => $"{p.Key}={Written(p.Key, p.Value!)};"));
    }

    private static string Written(string key, string value) =>
        key == "DRIVER" || value.AsSpan().IndexOfAny(Syntax) >= 0 || value.Trim() != value ? "{" + value.Replace("}", "}}", StringComparison.Ordinal) + "}" : value;

    // By themselves these drivers fetch a whole result into memory before they give its first row.
    private static (string, string)[] Streaming(string driver) =>
        driver.Contains("postgres", StringComparison.OrdinalIgnoreCase) ? [("UseDeclareFetch", "1"), ("Fetch", "20000"), ("BoolsAsChar", "0"), ("MaxVarcharSize", "4000"), ("TextAsLongVarchar", "1")]
        : driver.Contains("mariadb", StringComparison.OrdinalIgnoreCase) || driver.Contains("mysql", StringComparison.OrdinalIgnoreCase) ? [("NO_CACHE", "1"), ("FORWARDONLY", "1"), ("CHARSET", "utf8mb4")]
        : [];
}
