using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace FlowForge.Catalog;

/// <summary>
/// The catalog: one SQLite file in WAL mode. Several processes of one machine may have it open (worker pools do); each hears of its own changes only. All stores are thread-safe and synchronous: writes queue for one
/// writer, reads run beside it. What a store method has written when it returns survives a kill of the process; runs, jobs and
/// claims survive a power loss too.
/// </summary>
public sealed class CatalogDatabase : IDisposable
{
    private const int IdleReaders = 8;

    private readonly string _readerString;
    private readonly SqlSession _durable;
    private readonly SqlSession _quick;
    private readonly Lock _writing = new();
    private readonly ConcurrentBag<SqlSession> _readers = [];
    private readonly CatalogEvents _events = new();
    private volatile bool _disposed;

    private CatalogDatabase(string path, string writerString, string readerString)
    {
        Path = path;
        _readerString = readerString;
        var durable = OpenConnection(writerString, "PRAGMA synchronous = FULL");
        try
        {
            Migrator.Migrate(durable, path);
            _durable = new SqlSession(durable);
            _quick = new SqlSession(OpenConnection(writerString, "PRAGMA synchronous = NORMAL"));
        }
        catch
        {
            durable.Dispose();
            throw;
        }
        Pipelines = new PipelineStore(this);
        Runs = new RunStore(this);
        Logs = new LogStore(this);
        Claims = new ClaimStore(this);
        Files = new FileSeenStore(this);
        Schemas = new SchemaHistoryStore(this);
        Checks = new CheckResultStore(this);
        Rejects = new RejectSummaryStore(this);
        Lineage = new LineageStore(this);
        ColumnLineage = new ColumnLineageStore(this);
        Profiles = new ProfileStore(this);
        Watermarks = new WatermarkStore(this);
        Settings = new SettingStore(this);
        Backfills = new BackfillStore(this);
        Triggers = new TriggerStore(this);
        Holds = new SchemaHoldStore(this);
        Audit = new AuditStore(this);
        Care = new TableCareStore(this);
        Deliveries = new DeliveryStore(this);
    }

    /// <summary>Absolute path of the database file.</summary>
    public string Path { get; }

    /// <summary>Version of the SQLite library in use.</summary>
    public static string SqliteVersion => SqliteLibrary.Version;

    public PipelineStore Pipelines { get; }

    public RunStore Runs { get; }

    public LogStore Logs { get; }

    public ClaimStore Claims { get; }

    public FileSeenStore Files { get; }

    public SchemaHistoryStore Schemas { get; }

    public CheckResultStore Checks { get; }

    public RejectSummaryStore Rejects { get; }

    public LineageStore Lineage { get; }

    public ColumnLineageStore ColumnLineage { get; }

    public ProfileStore Profiles { get; }

    public WatermarkStore Watermarks { get; }

    public SettingStore Settings { get; }

    public BackfillStore Backfills { get; }

    public TriggerStore Triggers { get; }

    public SchemaHoldStore Holds { get; }

    public AuditStore Audit { get; }

    public TableCareStore Care { get; }

    public DeliveryStore Deliveries { get; }

    /// <summary>Changes made through this object.</summary>
    public ICatalogEvents Events => _events;

    /// <summary>Tells the subscribers of a change that another process may have made.</summary>
    public void Announce(CatalogChange change) => _events.Tell([change]);

    /// <summary>Opens the file, makes it and its folder when absent, and brings it to the newest form.</summary>
    /// <exception cref="CatalogException">The file is no catalog, is newer than this program, or cannot be opened.</exception>
    public static CatalogDatabase Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        _ = SqliteLibrary.Version;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            return new CatalogDatabase(path, ConnectionString(path, SqliteOpenMode.ReadWriteCreate), ConnectionString(path, SqliteOpenMode.ReadOnly));
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new CatalogException($"The catalog {path} cannot be opened: {e.Message} Check that the file is a FlowForge catalog and that its folder can be written.", e);
        }
    }

    public void Dispose()
    {
        lock (_writing)
        {
            if (_disposed)
            {
                return;
            }
            _disposed = true;
            while (_readers.TryTake(out var reader))
            {
                reader.Dispose();
            }
            _quick.Dispose();
            _durable.Dispose();
        }
    }

    /// <summary>Runs <paramref name="work"/> on a reader: one consistent view, beside the writer.</summary>
    internal T Read<T>(Func<SqlSession, T> work)
    {
        var session = RentReader();
        try
        {
            return work(session);
        }
        finally
        {
            ReturnReader(session);
        }
    }

    /// <summary>Streams from a reader of its own.</summary>
    internal IEnumerable<T> ReadStream<T>(Func<SqlSession, IEnumerable<T>> rows)
    {
        var session = RentReader();
        try
        {
            foreach (var row in rows(session))
            {
                yield return row;
            }
        }
        finally
        {
            ReturnReader(session);
        }
    }

    /// <summary>Runs <paramref name="work"/> in a transaction that is on disk when this returns; then tells the changes.</summary>
    internal T Write<T>(Func<SqlSession, T> work, params ReadOnlySpan<CatalogChange> changes) => Write(_durable, work, changes);

    /// <summary>As <see cref="Write{T}(Func{SqlSession, T}, ReadOnlySpan{CatalogChange})"/>, but a power loss may take the last of them back: for what can be had again.</summary>
    internal T WriteQuick<T>(Func<SqlSession, T> work, params ReadOnlySpan<CatalogChange> changes) => Write(_quick, work, changes);

    private T Write<T>(SqlSession session, Func<SqlSession, T> work, ReadOnlySpan<CatalogChange> changes)
    {
        T result;
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            result = session.InTransaction(work);
        }
        _events.Tell(changes);
        return result;
    }

    private SqlSession RentReader()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _readers.TryTake(out var session) ? session : new SqlSession(OpenConnection(_readerString));
    }

    private void ReturnReader(SqlSession session)
    {
        if (_disposed || _readers.Count >= IdleReaders)
        {
            session.Dispose();
        }
        else
        {
            _readers.Add(session);
        }
    }

    private static string ConnectionString(string path, SqliteOpenMode mode) => new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = mode,
        Pooling = false,
        DefaultTimeout = 30,
    }.ToString();

    private static SqliteConnection OpenConnection(string connectionString, string? pragma = null)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = pragma is null
                ? "PRAGMA busy_timeout = 10000; PRAGMA query_only = 1; PRAGMA cache_size = -8000"
                : $"PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; {pragma}; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864";
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
