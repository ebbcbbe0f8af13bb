using System.Runtime.CompilerServices;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Files;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Delta;

/// <summary>
/// Reads Delta tables that other tools wrote, at a version: checkpoints, deletion vectors, column mapping and partitions as the lake reads its own. Nothing is written. It is the runtime's own connector and no plugin, for the
/// reader of Delta logs and of Parquet is the lake's (decision 0008); it uses the contract alone otherwise.
/// </summary>
[Connector("delta", Title = "Delta table", Description = "Reads Delta Lake tables on local disks, at any version that is kept.")]
public sealed class DeltaConnector(ConnectorContext<DeltaSpec> context) : IBatchSource, ITestConnection, IDiscover, IDisposable
{
    private const int Deepest = 4;
    private const long MemoryBytes = 256L << 20;
    private readonly DeltaSpec _spec = context.Settings;
    private readonly Roots _roots = new(context.AllowedRoots);
    private readonly Dictionary<string, TableSnapshot> _snapshots = [];
    private DuckDatabase? _database;

    public ValueTask<Schema> SchemaAsync(ReadRequest request, CancellationToken cancellationToken) => new(Task.Run(() =>
    {
        using var session = Session();
        using var reader = Query(session, Sql(request) + " LIMIT 0", cancellationToken);
        return reader.Schema;
    }, cancellationToken));

    public async IAsyncEnumerable<SourceBatch> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var session = Session();
        var sql = await Task.Run(() => Sql(request) + (request.Limit is { } limit ? FormattableString.Invariant($" LIMIT {limit}") : ""), cancellationToken).ConfigureAwait(false);
        using var reader = await Task.Run(() => Query(session, sql, cancellationToken), cancellationToken).ConfigureAwait(false);
        while (await Task.Run(() => Next(reader), cancellationToken).ConfigureAwait(false) is { } batch)
        {
            yield return new SourceBatch(batch);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public Task<string> TestAsync(CancellationToken cancellationToken) => Task.Run(() =>
    {
        if (!IsTable(Folder()))
        {
            var tables = Tables(cancellationToken).Count;
            return tables > 0 ? $"{tables} Delta tables below {_spec.Path}" : throw NoTable(_spec.Path);
        }
        var snapshot = Snapshot(null);
        return $"Version {snapshot.Version} of {_spec.Path}, {snapshot.Files.Count} files";
    }, cancellationToken);

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var name in await Task.Run(() => Tables(cancellationToken), cancellationToken).ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var snapshot = await Task.Run(() => Snapshot(name), cancellationToken).ConfigureAwait(false);
            yield return new DiscoveredTable(name) { Columns = [.. snapshot.Schema.Columns.Select(c => new DiscoveredColumn(c.Name, c.DuckType))], Bytes = snapshot.Bytes, Rows = snapshot.Files.All(f => f.Rows is not null) ? snapshot.Rows : null };
        }
    }

    private string Sql(ReadRequest request)
    {
        var snapshot = Snapshot(request.Table);
        var sql = $"SELECT * FROM {Guarded(() => snapshot.ScanSql(withReserved: true))} AS t";
        if (request.From is not { Value: { } value } mark) return sql;
        var column = snapshot.Schema.Find(mark.Column) ?? throw new TerminalException($"There is no column {mark.Column} to read by. There are: {string.Join(", ", snapshot.Schema.Columns.Select(c => c.Name))}.", "Correct watermark_column.");
        var name = SqlText.Identifier(column.Name);
        return $"{sql} WHERE {name} >= CAST({SqlText.Literal(value)} AS {column.DuckType}){(mark.IncludeNulls ? $" OR {name} IS NULL" : "")}";
    }

    /// <summary>The table at the version that is asked for; the same one for all that this connector is asked.</summary>
    private TableSnapshot Snapshot(string? table)
    {
        if (_snapshots.TryGetValue(table ?? "", out var known)) return known;
        var folder = _roots.Check(table is null || IsTable(Folder()) ? Folder() : Path.Combine(Folder(), table));
        var shown = table ?? _spec.Path;
        if (_spec is { Version: not null, Timestamp: not null }) throw new TerminalException("Both version and timestamp are given.", "Keep one of them.");
        if (!IsTable(folder)) throw NoTable(shown);
        var source = new LakeTable(new LocalFileStore(folder), shown);
        var snapshot = Guarded(() => _spec.Version is { } version ? source.At(version) : _spec.Timestamp is { } time ? source.At(time) : source.Latest())
            ?? throw Missing(source, shown);
        // A log may name files anywhere: none outside the folders that may be read.
        foreach (var file in Guarded(snapshot.LocalFiles)) _roots.Check(file);
        return _snapshots[table ?? ""] = snapshot;
    }

    private TerminalException Missing(LakeTable source, string shown)
    {
        if (Guarded(source.Latest) is not { } latest) return NoTable(shown);
        return _spec.Version is { } version
            ? new TerminalException($"{shown} has no version {version}: the newest is {latest.Version}.", "Correct version.")
            : new TerminalException($"{shown} has no version of {_spec.Timestamp:u} or before that is still kept.", "Give a later timestamp.");
    }

    private TerminalException NoTable(string shown) =>
        new($"{shown} is no Delta table: there is no _delta_log with a version in it.", IsTable(Folder()) ? "Check path." : "Name the folder that holds _delta_log, or one of the tables below path in table_name.");

    private List<string> Tables(CancellationToken cancellationToken)
    {
        var root = _roots.Check(Folder());
        if (!Directory.Exists(root)) throw NoTable(_spec.Path);
        if (IsTable(root)) return [Path.GetFileName(root)];
        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = Deepest, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
        var found = new List<string>();
        foreach (var log in Directory.EnumerateDirectories(root, "_delta_log", options))
        {
            cancellationToken.ThrowIfCancellationRequested();
            found.Add(Path.GetRelativePath(root, Path.GetDirectoryName(log)!).Replace(Path.DirectorySeparatorChar, '/'));
        }
        return [.. found.Order(StringComparer.Ordinal)];
    }

    private string Folder() => _roots.Check(Path.GetFullPath(_spec.Path.TrimEnd('/'), context.BaseDirectory));

    private static bool IsTable(string folder) => Directory.Exists(Path.Combine(folder, "_delta_log"));

    private DuckSession Session() => (_database ??= DuckDatabase.Open(new DuckOptions { MemoryLimitBytes = MemoryBytes, Threads = 2, PreserveInsertionOrder = true })).Connect();

    private static DuckReader Query(DuckSession session, string sql, CancellationToken cancellationToken) => Guarded(() => session.Query(sql, cancellationToken));

    private static RecordBatch? Next(DuckReader reader) => Guarded(reader.Next);

    private static T Guarded<T>(Func<T> call)
    {
        try { return call(); }
        catch (LakeException e) { throw new TerminalException(e.Message, "Check the table with the tool that writes it.", e); }
        catch (DuckException e) { throw new TerminalException($"The table's files cannot be read: {e.Message}", "Check the table with the tool that writes it; its old files may have been vacuumed.", e); }
    }

    public void Dispose() => _database?.Dispose();
}
