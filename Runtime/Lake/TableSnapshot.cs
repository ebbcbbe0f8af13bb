using System.Collections.Immutable;
using FlowForge.Lake.Files;
using FlowForge.Lake.Log;
using FlowForge.Lake.Reading;
using FlowForge.Lake.Schema;
using FlowForge.Lake.State;

namespace FlowForge.Lake;

/// <summary>A table as of one version. Immutable and thread-safe; it stays readable while vacuum keeps its files.</summary>
public sealed class TableSnapshot
{
    private readonly LogState state;
    private readonly IFileStore store;
    private readonly Lazy<IReadOnlyList<DataFile>> files;
    private readonly Lazy<long> rows;
    private readonly Lazy<(IReadOnlyList<DataFile> Files, IReadOnlyDictionary<string, int> Places)> places;
    private ImmutableList<CopyHold> holders = [];

    internal TableSnapshot(LogState state, IFileStore store, string table)
    {
        this.state = state;
        this.store = store;
        Metadata = state.Metadata ?? throw new LakeException($"Table {table} has no metaData action up to version {state.Version}; its log is damaged.");
        Mapping = ColumnMapping.Of(state.Protocol, Metadata);
        files = new(() => [.. state.Files.Values.OrderBy(f => f.Order)]);
        places = new(() =>
        {
            var inOrder = new ScanSql(store, Schema, PartitionColumns, Mapping).InOrder(Files);
            return (inOrder, inOrder.Select((f, i) => (f.Uri, i)).ToDictionary(f => f.Uri, f => f.i, StringComparer.Ordinal));
        });
        rows = new(() => state.Files.Values.Sum(f => f.Rows ?? 0) + UnsaidRows.Of(store, state.Files.Values));
    }

    /// <summary>The version, from 0.</summary>
    public long Version => state.Version;

    /// <summary>The table's identity in the log; a table that was dropped and made again has another one.</summary>
    public string TableId => Metadata.Id;

    /// <summary>All columns, the reserved ones included.</summary>
    public TableSchema Schema => Metadata.Schema;

    /// <summary>Columns whose values lie in the log and name folders, outermost first.</summary>
    public IReadOnlyList<string> PartitionColumns => Metadata.PartitionColumns;

    /// <summary>The table's description, when it has one.</summary>
    public string? Description => Metadata.Description;

    /// <summary>The files, in the order in which they came.</summary>
    public IReadOnlyList<DataFile> Files => files.Value;

    /// <summary>Rows, from the files' statistics, which every file that FlowForge wrote has; of files of other tools that lack them, up to 1,000 that lie on this machine are looked at for it.</summary>
    public long Rows => rows.Value;

    /// <summary>Bytes of the files.</summary>
    public long Bytes => state.Files.Values.Sum(f => f.Bytes);

    /// <summary>Metadata domains and their configuration.</summary>
    public IReadOnlyDictionary<string, string> Domains => state.Domains.ToDictionary(d => d.Key, d => d.Value.Configuration);

    internal MetadataAction Metadata { get; }

    internal ColumnMapping Mapping { get; }

    /// <summary>The file's value of a partition column; null is NULL.</summary>
    internal string? PartitionValue(DataFile file, string column) =>
        file.PartitionValues.TryGetValue(Mapping.Physical(Schema.Find(column)!), out var value) && value is { Length: > 0 } ? value : null;

    /// <summary>A text that files of one partition have in common, and no others.</summary>
    internal string PartitionKey(DataFile file) => string.Join('\0', PartitionColumns.Select(c => PartitionValue(file, c) is { } value ? "v" + value : "n"));

    internal LogState LogState => state;

    /// <summary>
    /// An expression for FROM, in parentheses, that reads this version in DuckDB: columns in the schema's order and types, partition values from the log,
    /// NULL where an older file lacks a column; an empty relation with the right columns when there are no files.
    /// </summary>
    /// <param name="withReserved">True to have FlowForge's own columns (<c>_ff_run</c> …) too.</param>
    public string ScanSql(bool withReserved = false) => ScanSql(Files, withReserved);

    /// <summary>As <see cref="ScanSql(bool)"/>, for some of the table's files only.</summary>
    public string ScanSql(IReadOnlyList<DataFile> some, bool withReserved = false) =>
        Scan.Write(some, c => withReserved || !c.IsReserved);

    /// <summary>
    /// As <see cref="ScanSql(bool)"/> for planning only: <see cref="NeededFiles"/> says which files a query over it needs. Where the files are elsewhere it reads none of them, but an
    /// empty file with the same columns.
    /// </summary>
    public string PlanSql(bool withReserved = false) => IsLocal ? ScanSql(withReserved) : Scan.WritePlan(c => withReserved || !c.IsReserved);

    /// <summary>True when the files are on this machine's disk, and nowhere else.</summary>
    public bool IsLocal => store.IsLocal;

    /// <summary>
    /// As <see cref="ScanSql(IReadOnlyList{DataFile}, bool)"/>, with two more columns that tell every row of this version from every other and sort them in the table's own order, whichever files are
    /// read: <see cref="PlaceColumn"/> (INTEGER, for <see cref="FileAt"/>) and <see cref="RowColumn"/> (BIGINT, the physical row in the file from 0).
    /// </summary>
    public string ScanWithPlaces(IReadOnlyList<DataFile> some, bool withReserved = false) =>
        new ScanSql(store, Schema, PartitionColumns, Mapping, holders) { PlaceOf = f => places.Value.Places[f.Uri] }.Write(some, c => withReserved || !c.IsReserved);

    /// <summary>Columns of <see cref="ScanWithPlaces"/>.</summary>
    public const string PlaceColumn = Reading.ScanSql.PlaceColumn, RowColumn = Reading.ScanSql.RowColumn;

    /// <summary>The file of a place.</summary>
    public DataFile FileAt(int place) => places.Value.Files[place];

    /// <summary>The files with the rows from <paramref name="offset"/> on in the order of <see cref="ScanSql(bool)"/>, and the offset among their rows.</summary>
    public (IReadOnlyList<DataFile> Files, long Offset) FilesOfPage(long offset, long limit) =>
        FileWindows.Page(Scan.InOrder(Files), offset, limit);

    /// <summary>
    /// The files that came since an earlier version, when nothing else happened to the table since then; null when rows went or changed, files were written anew (optimize does that too), or the
    /// columns are others.
    /// </summary>
    public IReadOnlyList<DataFile>? AddedSince(TableSnapshot earlier)
    {
        if (earlier.TableId != TableId || earlier.Version > Version || !Columns(earlier).SequenceEqual(Columns(this))) return null;
        var known = earlier.Files.ToDictionary(f => f.Uri, StringComparer.Ordinal);
        var added = new List<DataFile>();
        foreach (var file in Files)
            if (!known.Remove(file.Uri, out var before)) added.Add(file);
            else if (!Equals(before.DeletionVector, file.DeletionVector)) return null;
        return known.Count == 0 ? added : null;
    }

    /// <summary>
    /// The files of an earlier version whose rows this one does not have as they were, and those of this one that came for them or beside them; null when the table or its columns are others. A row that both have may be
    /// in both.
    /// </summary>
    public (IReadOnlyList<DataFile> Gone, IReadOnlyList<DataFile> Came)? ChangedSince(TableSnapshot earlier)
    {
        if (earlier.TableId != TableId || earlier.Version > Version || !Columns(earlier).SequenceEqual(Columns(this))) return null;
        return (earlier.FilesWithout(this), FilesWithout(earlier));
    }

    /// <summary>The files of this version that another one does not have, or has with other rows marked as deleted.</summary>
    public IReadOnlyList<DataFile> FilesWithout(TableSnapshot other)
    {
        var known = other.Files.ToDictionary(f => f.Uri, StringComparer.Ordinal);
        return [.. Files.Where(f => !known.TryGetValue(f.Uri, out var there) || !Equals(f.DeletionVector, there.DeletionVector))];
    }

    /// <summary>Whether these files of this version are still there: vacuum takes those of old versions.</summary>
    public bool HasAll(IReadOnlyList<DataFile> some) => some.All(f => FilePaths.IsAbsolute(f.Uri) ? File.Exists(ReadPath(f)) : store.Exists(f.Path));

    private static IEnumerable<(string, string)> Columns(TableSnapshot table) => table.Schema.Columns.Where(c => !c.IsReserved).Select(c => (c.Name, c.DuckType));

    /// <summary>The files that may hold one of the first <paramref name="count"/> rows by a column, NULLs last: all others have only rows behind those.</summary>
    public IReadOnlyList<DataFile> FilesOfTop(string column, bool descending, long count) => FileWindows.Top(this, Schema.Find(column) ?? throw new ArgumentException($"No column '{column}'.", nameof(column)), descending, count);

    /// <summary>All columns and, as <c>__ff_file</c>, the path of the file that each row comes from.</summary>
    internal string ScanWithFile(IReadOnlyList<DataFile> some) => Scan.Write(some, _ => true, withFile: true);

    /// <summary>
    /// Keeps the copies on this machine of the files that are read through this snapshot until the result is disposed, however long the reading takes; null where the files are here
    /// anyway. It keeps no version from vacuum: <see cref="LakeTable.Hold(TableSnapshot)"/> does both.
    /// </summary>
    public CopyHold? HoldCopies()
    {
        if (store.HoldCopies() is not { } hold) return null;
        ImmutableInterlocked.Update(ref holders, h => h.Add(hold));
        hold.Ended = () => ImmutableInterlocked.Update(ref holders, h => h.Remove(hold));
        return hold;
    }

    private ScanSql Scan => new(store, Schema, PartitionColumns, Mapping, holders);

    /// <summary>Where the files of this version lie on the disk, those with deletion vectors too. A log may name files outside of the table's folder.</summary>
    public IReadOnlyList<string> LocalFiles() =>
        [.. Files.Select(ReadPath), .. Files.Select(f => f.DeletionVector?.FileUri).OfType<string>().Distinct(StringComparer.Ordinal).Select(u => Path.Combine(store.Root, u.StartsWith("file:", StringComparison.Ordinal) ? new Uri(u).LocalPath : FilePaths.Decode(u)))];

    internal string ReadPath(DataFile file) => Reading.ScanSql.Local(store, file);

    /// <summary>The last version that the application committed, or null.</summary>
    public long? TransactionVersion(string applicationId) => state.Transactions.GetValueOrDefault(applicationId)?.Version;

    /// <summary>Where the application stood with this table at this version, or null when it never committed a state.</summary>
    public JobState? StateOf(string applicationId) =>
        state.Domains.GetValueOrDefault(StateFiles.Domain(applicationId)) is { } domain ? new StateFiles(store).Read(domain.Configuration) : null;

    /// <summary>The state that was committed last by any application, or null.</summary>
    public JobState? State =>
        state.Domains.Values.Where(d => d.Domain.StartsWith(StateFiles.Domain(""), StringComparison.Ordinal))
            .Select(d => new StateFiles(store).Read(d.Configuration)).MaxBy(s => s.TableVersion);
}
