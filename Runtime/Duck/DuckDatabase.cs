using System.Collections.Concurrent;
using FlowForge.Duck.In;
using FlowForge.Duck.Native;

namespace FlowForge.Duck;

/// <summary>
/// One DuckDB instance. Thread-safe. Sessions keep the instance alive: disposing the database while some are open closes it when
/// the last session goes.
/// </summary>
public sealed class DuckDatabase : IDisposable
{
    // Two opens of one file in a process both succeed in DuckDB and then corrupt each other.
    private static readonly ConcurrentDictionary<string, DuckDatabase> OpenFiles = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<ulong, WeakReference<DuckSession>> _sessions = new();
    private readonly string? _file, _spill;
    private nint _handle;
    private int _users = 1;
    private bool _disposed;

    private DuckDatabase(nint handle, DuckOptions options, string? file, string? spill)
    {
        _handle = handle;
        (_file, _spill) = (file, spill);
        Options = options;
        Sources = new SourceRegistry();
    }

    public DuckOptions Options { get; }

    /// <summary>Version of the library, as <c>v1.5.6</c>.</summary>
    public static unsafe string LibraryVersion => Text.Borrowed(Api.LibraryVersion()) ?? "";

    internal SourceRegistry Sources { get; }

    /// <summary>Opens or creates a database.</summary>
    /// <exception cref="DuckException">A setting is wrong, or the file is locked, missing (read-only) or not a database.</exception>
    public static DuckDatabase Open(DuckOptions? options = null)
    {
        options ??= new DuckOptions();
        var inMemory = options.Path is ":memory:" or "";
        var file = inMemory || options.ReadOnly ? null : Path.GetFullPath(options.Path);
        var spill = inMemory || options.TempDirectory is not null ? SpillFolder.Make(options.TempDirectory, options.Spiller) : null;
        nint config = 0;
        DuckDatabase? opened = null;
        try
        {
            config = MakeConfig(options with { TempDirectory = spill });
            if (Api.OpenExt(inMemory ? ":memory:" : options.Path, out var handle, config, out var error) != DuckState.Success)
                throw DuckException.From(Text.Owned(error), null);
            var database = new DuckDatabase(handle, options, file, spill);
            if (file is not null && !OpenFiles.TryAdd(file, database))
            {
                Api.Close(ref handle);
                throw new DuckException(DuckErrorKind.Io, $"The database file {file} is already open in this process: use its sessions instead of opening it twice.");
            }
            database.Prepare();
            return opened = database;
        }
        finally
        {
            if (config != 0) Api.DestroyConfig(ref config);
            if (opened is null && spill is not null) SpillFolder.Remove(spill);
        }
    }

    /// <summary>A new connection. Sessions are cheap; use one for each stream or thread.</summary>
    public DuckSession Connect()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (Api.Connect(_handle, out var connection) != DuckState.Success)
                throw new DuckException(DuckErrorKind.Connection, "DuckDB refused a connection.");
            _users++;
            var session = new DuckSession(this, connection);
            _sessions[session.ConnectionId] = new WeakReference<DuckSession>(session);
            return session;
        }
    }

    internal DuckSession? FindSession(ulong connectionId) =>
        _sessions.TryGetValue(connectionId, out var known) && known.TryGetTarget(out var session) ? session : null;

    /// <summary>The functions that bring managed batches in exist once in an instance.</summary>
    private void Prepare()
    {
        try
        {
            using var session = Connect();
            SourceFunction.Register(session.Handle, Sources);
            // Never the machine's: a day is the same day wherever a statement runs. A session may set its own.
            session.Execute("SET GLOBAL TimeZone = 'UTC'");
            // As a setting at open it is shown but not enforced (1.5.6).
            if (Options.SpillLimitBytes is { } bytes) session.Execute($"SET max_temp_directory_size = '{bytes}B'");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private static nint MakeConfig(DuckOptions options)
    {
        if (Api.CreateConfig(out var config) != DuckState.Success) throw new DuckException(DuckErrorKind.OutOfMemory, "DuckDB could not make a configuration.");
        foreach (var (name, value) in options.ToConfig())
        {
            if (Api.SetConfig(config, name, value) == DuckState.Success) continue;
            Api.DestroyConfig(ref config);
            throw new DuckException(DuckErrorKind.Settings, $"DuckDB knows no setting '{name}' or refuses the value '{value}'.");
        }
        return config;
    }

    internal void Closed(DuckSession session)
    {
        _sessions.TryRemove(session.ConnectionId, out _);
        Release();
    }

    private void Release()
    {
        lock (_gate)
        {
            if (--_users > 0) return;
            if (_handle != 0) Api.Close(ref _handle);
            _handle = 0;
            if (_file is not null) OpenFiles.TryRemove(_file, out _);
            if (_spill is not null) SpillFolder.Remove(_spill);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
        }
        Release();
        GC.SuppressFinalize(this);
    }
}
