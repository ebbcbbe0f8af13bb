using System.Globalization;
using FlowForge.Duck;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Formats.Parquet;

/// <summary>Parquet files, read by DuckDB itself; counted by their footers.</summary>
internal sealed class ParquetSource
{
    // Names that the scan of many files gives to columns of its own.
    private static readonly HashSet<string> TakenNames = new(["_ff_path", PartRows.FileRowNumber], StringComparer.OrdinalIgnoreCase);
    private readonly DuckSession _session;
    private readonly IReadOnlyList<LandedFile> _files;
    private readonly Dictionary<int, long> _rows = [];
    private readonly Dictionary<int, UnreadableFileException> _faults = [];

    private ParquetSource(DuckSession session, IReadOnlyList<LandedFile> files) => (_session, _files) = (session, files);

    public IReadOnlyDictionary<int, UnreadableFileException> Faults => _faults;

    /// <summary>Reads the footers; files without a sound one are faults.</summary>
    /// <param name="broken">Files that are known to be faults.</param>
    public static ParquetSource Open(DuckSession session, IReadOnlyList<LandedFile> files, IReadOnlyDictionary<int, UnreadableFileException> broken, CancellationToken ct)
    {
        var source = new ParquetSource(session, files);
        for (var i = 0; i < files.Count; i++)
        {
            if (broken.TryGetValue(i, out var fault))
            {
                source._faults[i] = fault;
                continue;
            }
            try { source._rows[i] = session.Scalar<long>($"SELECT num_rows FROM parquet_file_metadata({SqlText.File(files[i].LocalPath)})", ct); }
            catch (DuckException e) { source._faults[i] = new UnreadableFileException("BROKEN_PARQUET", $"The file is no readable Parquet file: {e.Message}", "Write or fetch it again.", e); }
        }
        return source;
    }

    /// <summary>Whether an error may mean that a file's pages are damaged below a sound footer, and not that the engine or the disk has failed.</summary>
    public static bool MayBeDamage(DuckException failure) => failure.Kind is DuckErrorKind.InvalidInput or DuckErrorKind.Unknown or DuckErrorKind.Conversion or DuckErrorKind.Serialization or DuckErrorKind.NotImplemented or DuckErrorKind.OutOfRange;

    /// <summary>After an error: reads every value of each file by itself and notes the files that cannot be read.</summary>
    /// <returns>Whether there are more of them than before.</returns>
    public static bool FindBroken(DuckSession session, IReadOnlyList<LandedFile> files, Dictionary<int, UnreadableFileException> broken, CancellationToken ct)
    {
        var known = broken.Count;
        for (var i = 0; i < files.Count; i++)
        {
            if (broken.ContainsKey(i)) continue;
            try
            {
                // A footer that cannot be read is found by itself.
                session.Scalar<long>($"SELECT num_rows FROM parquet_file_metadata({SqlText.Literal(files[i].LocalPath)})", ct);
            }
            catch (DuckException e) when (MayBeDamage(e)) { continue; }
            try { session.Rows($"SELECT bit_xor(hash(of_file)) FROM read_parquet({SqlText.Literal(files[i].LocalPath)}) AS of_file", ct); }
            catch (DuckException e) when (MayBeDamage(e)) { broken[i] = new UnreadableFileException("BROKEN_PARQUET", $"The file is damaged: {e.Message}", "Write or fetch it again.", e); }
        }
        return broken.Count > known;
    }

    public Dictionary<int, FileTally> Tallies()
    {
        var tallies = _rows.ToDictionary(r => r.Key, r => new FileTally(r.Value, r.Value) { PassedOver = _files[r.Key].Picks is { Whole: false } picks ? r.Value - picks.Expected : 0 });
        foreach (var (file, fault) in _faults) tallies[file] = new FileTally(1, 1, fault);
        return tallies;
    }

    /// <summary>Columns of the sound files with times in UTC that are in nanoseconds: DuckDB reads them to the microsecond.</summary>
    public IReadOnlyList<string> FinerInstants(CancellationToken ct) => _rows.Count == 0 ? []
        : [.. _session.Rows($"SELECT DISTINCT name FROM parquet_schema({SqlText.Files(_rows.Keys.Order().Select(i => _files[i].LocalPath))}) WHERE logical_type LIKE 'TimestampType(isAdjustedToUTC=1%NANOS=Nano%' ORDER BY 1", ct).Select(r => (string)r[0]!)];

    /// <summary>The rows of all sound files; null when there are none.</summary>
    /// <param name="job">Its schema is a contract in user mode: rows that do not fit are rejects.</param>
    /// <param name="table">The table as it is.</param>
    /// <param name="rejects">Takes rows that do not fit.</param>
    /// <param name="ct">Interrupts.</param>
    public RowSet? Rows(IngestDefinition job, TableSnapshot? table, Action<Reject> rejects, CancellationToken ct)
    {
        if (_rows.Count == 0) return null;
        var sound = _rows.Keys.Order().ToList();
        var parts = sound.ConvertAll(i => new RowPart(_files[i].Path, _files[i].LocalPath, _rows[i], _files[i].Size, null, null, Columns(_files[i])));
        TableTypes.Check(job, table, parts);
        var isPlain = job.SchemaMode == SchemaMode.Infer && (table is null || !job.Discards()) && sound.All(i => _files[i].Picks is not { Whole: false }) && SameTypes(parts) && !parts.Any(p => p.Columns.Any(c => TakenNames.Contains(c.Name))) && parts.TrueForAll(p => HasMicroseconds(p, ct));
        return isPlain ? Plain(job, sound, parts) : new PartRows(_session, parts, job, table) { Numbers = sound, Picks = sound.ConvertAll(i => _files[i].Picks?.Numbers) }.Rows(rejects, ct) with { RejectedInSql = RowSet.RunOf(_files, "_ff_part") };
    }

    /// <summary>All rows as they are, read by one scan.</summary>
    private RowSet Plain(IngestDefinition job, List<int> sound, List<RowPart> parts)
    {
        var paths = sound.ConvertAll(i => _files[i].LocalPath);
        var many = paths.Count > 1 ? ", union_by_name = true, filename = '_ff_path'" : "";
        var columns = parts.SelectMany(p => p.Columns).DistinctBy(c => c.Name, StringComparer.OrdinalIgnoreCase).ToList();
        var names = ColumnNaming.Tables([.. columns.Select(c => c.Name)], job.RenameMap);
        return new RowSet($"read_parquet({SqlText.Files(paths)}, file_row_number = true{many})",
            [.. columns.Select((c, i) => new RowColumn(c.Name, names[i], SqlText.Identifier(c.Name), c.Type))], FileSql(paths), "file_row_number + 1") { FileWordSql = paths.Count == 1 ? RowSet.FileWord([_files[sound[0]]], "") : null };
    }

    private bool HasMicroseconds(RowPart part, CancellationToken ct)
    {
        var finer = part.Columns.Where(c => c.Type == CastSql.Nanoseconds).Select(c => CastSql.Misfits(SqlText.Identifier(c.Name), c.Type, "TIMESTAMP", null)).ToList();
        return finer.Count == 0 || _session.Scalar<long>($"SELECT count(*) FROM (SELECT 1 FROM read_parquet({SqlText.File(part.LocalPath)}) WHERE {string.Join(" OR ", finer)} LIMIT 1) AS finer", ct) == 0;
    }

    private List<PartColumn> Columns(LandedFile file) =>
        [.. _session.Describe($"SELECT * FROM read_parquet({SqlText.File(file.LocalPath)})").Select(c => new PartColumn(c.Name, c.Name, c.Type))];

    private static bool SameTypes(List<RowPart> parts) =>
        parts.SelectMany(p => p.Columns).GroupBy(c => c.Name, StringComparer.OrdinalIgnoreCase).All(c => c.Select(x => x.Type).Distinct().Count() == 1 && c.Select(x => x.Name).Distinct().Count() == 1);

    private string FileSql(List<string> paths)
    {
        if (paths.Count == 1) return SqlText.Literal(_files[_rows.Keys.First()].Path);
        var names = _rows.Keys.Order().Select(i => _files[i].Path);
        return string.Create(CultureInfo.InvariantCulture, $"list_extract({SqlText.LiteralList(names)}, list_position({SqlText.LiteralList(paths)}, _ff_path))");
    }
}
