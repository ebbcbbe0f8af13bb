using FlowForge.ServiceDefaults;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace FlowForge.Temporal.DevServer.Persistence;

/// <summary>The database file: one writer connection, a pool of readers, the schema and its migrations.</summary>
internal sealed class Database : IDisposable
{
    private readonly string _path;
    private readonly SqliteConnection? _anchor;
    private readonly Stack<SqliteConnection> _readers = new();
    private readonly bool _memory;
    private readonly FileStream? _lock;

    static Database()
    {
        SqliteNative.Redirect(typeof(SQLite3Provider_e_sqlite3).Assembly, text => Console.Error.WriteLine(text));
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
    }

    /// <summary>Opens or creates the file; null keeps everything in memory (for tests).</summary>
    /// <exception cref="DatabaseException">The file is of a newer version, or is no database, or another server holds it.</exception>
    public Database(string? path)
    {
        _memory = path is null;
        _path = path ?? $"file:flowforge-{Guid.NewGuid():N}?mode=memory&cache=shared";
        if (!_memory && Path.GetDirectoryName(Path.GetFullPath(_path)) is { } folder)
        {
            Directory.CreateDirectory(folder);
            _lock = Hold(_path);
        }
        try
        {
            var connection = Open(SqliteOpenMode.ReadWriteCreate);
            if (!_memory)
            {
                Execute(connection, "PRAGMA journal_mode = WAL");
            }
            Migrations.Apply(connection, path ?? "memory");
            _anchor = connection;
        }
        catch (Exception e) when (e is SqliteException or DatabaseException)
        {
            _lock?.Dispose();
            if (e is DatabaseException)
            {
                throw;
            }
            throw new DatabaseException($"Cannot open the database {path}: {e.Message}", e);
        }
    }

    /// <summary>The writer's connection: every commit is synced before it counts.</summary>
    public SqliteConnection OpenWriter()
    {
        var connection = Open(SqliteOpenMode.ReadWrite);
        if (!_memory)
        {
            Execute(connection, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000");
        }
        return connection;
    }

    /// <summary>Lends a read connection; dispose the lease to give it back.</summary>
    public ReaderLease Reader()
    {
        lock (_readers)
        {
            if (_readers.TryPop(out var idle))
            {
                return new ReaderLease(this, idle);
            }
        }
        var connection = Open(SqliteOpenMode.ReadWrite);
        Execute(connection, "PRAGMA query_only = ON");
        if (_memory)
        {
            Execute(connection, "PRAGMA read_uncommitted = ON");
        }
        return new ReaderLease(this, connection);
    }

    private void Return(SqliteConnection connection)
    {
        lock (_readers)
        {
            if (_readers.Count < 8)
            {
                _readers.Push(connection);
                return;
            }
        }
        connection.Dispose();
    }

    private SqliteConnection Open(SqliteOpenMode mode)
    {
        var builder = new SqliteConnectionStringBuilder { DataSource = _path, Pooling = false };
        if (!_memory)
        {
            builder.Mode = mode;
        }
        var connection = new SqliteConnection(builder.ToString());
        connection.Open();
        Execute(connection, "PRAGMA busy_timeout = 10000; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY; PRAGMA case_sensitive_like = ON");
        return connection;
    }

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        lock (_readers)
        {
            while (_readers.TryPop(out var reader))
            {
                reader.Dispose();
            }
        }
        _anchor?.Dispose();
        _lock?.Dispose();
    }

    /// <summary>Two servers on one file would each believe in their own memory. The lock goes with the process, however it ends.</summary>
    private static FileStream Hold(string path)
    {
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new DatabaseException($"Another server holds the database {path}. Stop it first, or name another file.", e);
        }
    }

    /// <summary>A read connection with its prepared statements, on loan.</summary>
    internal readonly struct ReaderLease(Database owner, SqliteConnection connection) : IDisposable
    {
        public SqliteConnection Connection => connection;

        public SqliteDataReader Read(string sql, params ReadOnlySpan<object?> values)
        {
            var command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter($"${i + 1}", values[i] ?? DBNull.Value));
            }
            return command.ExecuteReader();
        }

        public void Dispose() => owner.Return(connection);
    }
}

/// <summary>The database cannot be used; the message says why and what to do.</summary>
public sealed class DatabaseException(string message, Exception? inner = null) : Exception(message, inner);
