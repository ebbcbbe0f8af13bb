using System.Globalization;
using FlowForge.Duck;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Formats.Parquet;

/// <summary>Parquet files, read by DuckDB itself; counted by their footers.</summary>
internal sealed class ParquetSource
{
    private readonly DuckSession _session;
    private readonly IReadOnlyList<LandedFile> _files;
    private readonly Dictionary<int, long> _rows = [];
    private readonly Dictionary<int, UnreadableFileException> _faults = [];

    private ParquetSource(DuckSession session, IReadOnlyList<LandedFile> files) => (_session, _files) = (session, files);

    public IReadOnlyDictionary<int, UnreadableFileException> Faults => _faults;

    /// <summary>Reads the footers; files without a sound one are faults.</summary>
    public static ParquetSource Open(DuckSession session, IReadOnlyList<LandedFile> files, CancellationToken ct)
    {
        var source = new ParquetSource(session, files);
        for (var i = 0; i < files.Count; i++)
        {
            try { source._rows[i] = session.Scalar<long>($"SELECT num_rows FROM parquet_file_metadata({SqlText.Literal(files[i].LocalPath)})", ct); }
            catch (DuckException e) { source._faults[i] = new UnreadableFileException("BROKEN_PARQUET", $"The file is no readable Parquet file: {e.Message}", "Write or fetch it again.", e); }
        }
        return source;
    }

    public Dictionary<int, FileTally> Tallies()
    {
        var tallies = _rows.ToDictionary(r => r.Key, r => new FileTally(r.Value, r.Value));
        foreach (var (file, fault) in _faults) tallies[file] = new FileTally(1, 1, fault);
        return tallies;
    }

    /// <summary>The rows of all sound files; null when there are none.</summary>
    public RowSet? Rows(IngestDefinition job)
    {
        if (_rows.Count == 0) return null;
        var paths = _rows.Keys.Order().Select(i => _files[i].LocalPath).ToList();
        var many = paths.Count > 1 ? ", union_by_name = true, filename = '_ff_path'" : "";
        var from = $"read_parquet({SqlText.LiteralList(paths)}, file_row_number = true{many})";
        var columns = _session.Describe($"SELECT * FROM {from}").Where(c => c.Name is not ("file_row_number" or "_ff_path")).ToList();
        var names = ColumnNaming.Tables([.. columns.Select(c => c.Name)], job.RenameMap);
        var declared = job.UserSchema.ToDictionary(c => c.Name, c => c.Type, StringComparer.OrdinalIgnoreCase);
        var rows = columns.Select((c, i) => declared.Count == 0 ? new RowColumn(c.Name, names[i], SqlText.Identifier(c.Name), c.Type)
            : declared.TryGetValue(c.Name, out var type) ? new RowColumn(c.Name, names[i], $"CAST({SqlText.Identifier(c.Name)} AS {type})", type) : null).OfType<RowColumn>().ToList();
        return new RowSet(from, rows, FileSql(paths), "file_row_number + 1");
    }

    private string FileSql(List<string> paths)
    {
        if (paths.Count == 1) return SqlText.Literal(_files[_rows.Keys.First()].Path);
        var names = _rows.Keys.Order().Select(i => _files[i].Path);
        return string.Create(CultureInfo.InvariantCulture, $"list_extract({SqlText.LiteralList(names)}, list_position({SqlText.LiteralList(paths)}, _ff_path))");
    }
}
