using System.Collections.Immutable;
using System.Globalization;
using FlowForge.Duck;
using FlowForge.Lake.Log;
using FlowForge.Lake.Reading;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Writing;

/// <summary>A finished Parquet file that is not yet part of the table.</summary>
/// <param name="File">As the log will name it.</param>
/// <param name="LocalPath">Where it lies until then.</param>
internal sealed record StagedFile(DataFile File, string LocalPath);

/// <summary>Runs one COPY into a writer's folder and describes the files that came of it.</summary>
internal sealed class StagedWrite(WriterLease lease, int number, ColumnMapping mapping)
{
    // The writer holds a row group of values of every column, and a megabyte for the dictionary of each text: beyond so many columns both get smaller, so that what it needs stays about the same.
    private const int WideTable = 256;
    private const int UsualRowGroup = 122_880;
    private const int SmallestRowGroup = 2048;
    private const int DictionaryBytes = 64 << 20;
    private static readonly string[] Codecs = ["zstd", "snappy", "gzip", "none"];

    /// <param name="session">Any session; its settings for partitioned writes are raised.</param>
    /// <param name="selectSql">The rows.</param>
    /// <param name="columns">The columns to write, in order, with the types that the files get.</param>
    /// <param name="partitionBy">Columns that go into the log instead.</param>
    /// <param name="options">Compression and size.</param>
    /// <param name="words">Columns of the rows that are of an ENUM type: they are written as the texts that they are, without making a text of each.</param>
    /// <param name="ct">Interrupts the COPY.</param>
    public List<StagedFile> Run(DuckSession session, string selectSql, TableSchema columns, IReadOnlyList<string> partitionBy, WriteOptions options, IReadOnlySet<string> words, CancellationToken ct)
    {
        var codec = options.Compression.ToLowerInvariant();
        if (!Codecs.Contains(codec)) throw new LakeException($"Compression '{options.Compression}' is not known: use {string.Join(", ", Codecs)}.");
        var folder = Path.Combine(lease.Folder, "w" + number.ToString(CultureInfo.InvariantCulture));
        // From here on columns have the names that files and log know them by.
        var (stored, storedBy) = (mapping.Physical(columns), mapping.Physical(partitionBy, columns));
        var (isWide, rowGroup) = (stored.Columns.Count > WideTable, Math.Max(SmallestRowGroup, WideTable * UsualRowGroup / Math.Max(1, stored.Columns.Count)));
        var settings = new List<string> { ParquetSettings.Of(codec, isWide ? rowGroup / 5 : options.DictionaryEntries), "RETURN_STATS" };
        if (partitionBy.Count > 0)
        {
            // The defaults make thousands of tiny files when there are hundreds of partitions.
            session.Execute("SET partitioned_write_max_open_files = 300; SET partitioned_write_flush_threshold = 1048576");
            // Unique names: a text that reads as Hive's word for NULL shares a folder with NULL, and would replace its file.
            settings.Add("FILENAME_PATTERN '{uuid}'");
            settings.Add($"PARTITION_BY ({string.Join(", ", storedBy.Select(SqlText.Identifier))})");
        }
        else
        {
            settings.Add($"FILE_SIZE_BYTES {options.TargetFileBytes.ToString(CultureInfo.InvariantCulture)}");
        }
        if (isWide)
        {
            settings.Add(string.Create(CultureInfo.InvariantCulture, $"ROW_GROUP_SIZE {rowGroup}"));
            settings.Add(string.Create(CultureInfo.InvariantCulture, $"STRING_DICTIONARY_PAGE_SIZE_LIMIT {DictionaryBytes / stored.Columns.Count}"));
        }
        if (mapping.IsOn) settings.Add($"FIELD_IDS {FieldIds.Of(stored.Columns.Where(c => !storedBy.Contains(c.Name, StringComparer.OrdinalIgnoreCase)))}");
        var select = string.Join(", ", columns.Columns.Select(c => Expression(c, partitionBy, words)));
        var sql = $"COPY (SELECT {select} FROM ({selectSql}) AS rows_to_write) TO {SqlText.Literal(folder)} ({string.Join(", ", settings)})";
        var statistics = new FileStatistics(stored, storedBy);
        var fingerprint = ScanSql.Fingerprint(stored, storedBy);
        var tags = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add(ScanSql.ColumnsTag, fingerprint).AddRange(options.Tags ?? new Dictionary<string, string>());
        var files = new List<StagedFile>();
        foreach (var row in Copy(session, sql, folder, partitionBy, ct))
        {
            var local = (string)row[0]!;
            var rows = Convert.ToInt64(row[1], CultureInfo.InvariantCulture);
            if (rows == 0)
            {
                File.Delete(local);
                continue;
            }
            var values = PartitionValues(row[5], storedBy);
            var name = string.Create(CultureInfo.InvariantCulture, $"part-{number:D3}-{files.Count:D5}-{lease.Id}.{(codec == "none" ? "" : codec + ".")}parquet");
            var partitionFolder = storedBy.Count == 0 ? "" : FilePaths.PartitionFolder(storedBy.Select(p => KeyValuePair.Create(p, values[p])));
            var path = string.IsNullOrEmpty(partitionFolder) ? name : $"{partitionFolder}/{name}";
            var file = new FileInfo(local);
            var modified = new DateTimeOffset(file.LastWriteTimeUtc).ToUnixTimeMilliseconds();
            files.Add(new StagedFile(new DataFile(FilePaths.Encode(path), values, file.Length, modified, statistics.Write(rows, row[4]), tags), local));
        }
        return files;
    }

    private static IReadOnlyList<object?[]> Copy(DuckSession session, string sql, string folder, IReadOnlyList<string> partitionBy, CancellationToken ct)
    {
        using var behind = new WriteBehind(folder);
        try
        {
            return session.Rows(sql, ct);
        }
        catch (DuckException e) when (partitionBy.Count > 0 && e.Message.Contains("File name too long", StringComparison.Ordinal))
        {
            throw new LakeException($"A value of partition column {string.Join(" or ", partitionBy)} is too long to name a folder (255 bytes). Partition by a column with short values.", e);
        }
    }

    // Partition values are cast to the text that the log demands, so that what DuckDB groups by is what is recorded.
    private string Expression(TableColumn column, IReadOnlyList<string> partitionBy, IReadOnlySet<string> words)
    {
        var name = SqlText.Identifier(column.Name);
        var physical = SqlText.Identifier(mapping.Physical(column));
        if (words.Contains(column.Name) && column.Type is PrimitiveType { Name: "string" } && !partitionBy.Contains(column.Name, StringComparer.OrdinalIgnoreCase)) return $"{name} AS {physical}";
        if (!partitionBy.Contains(column.Name, StringComparer.OrdinalIgnoreCase)) return $"{mapping.ToPhysical($"CAST({name} AS {column.DuckType})", column.Type)} AS {physical}";
        var value = column.Type switch
        {
            PrimitiveType { Name: "timestamp" } => $"strftime(CAST({name} AS TIMESTAMPTZ) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')",
            PrimitiveType { Name: "timestamp_ntz" } => $"strftime(CAST({name} AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%f')",
            // The protocol takes an empty text for NULL.
            PrimitiveType { Name: "string" } => $"nullif(CAST({name} AS VARCHAR), '')",
            PrimitiveType { Name: "binary" } or ArrayType or MapType or StructType =>
                throw new LakeException($"Column '{column.Name}' ({column.Type}) cannot be a partition column. Partition by a number, a date or a text."),
            _ => $"CAST(CAST({name} AS {column.DuckType}) AS VARCHAR)",
        };
        return $"{value} AS {physical}";
    }

    private static ImmutableSortedDictionary<string, string?> PartitionValues(object? keys, IReadOnlyList<string> partitionBy)
    {
        if (partitionBy.Count == 0) return ImmutableSortedDictionary<string, string?>.Empty;
        var found = (IReadOnlyDictionary<string, object?>)keys!;
        return partitionBy.ToImmutableSortedDictionary(p => p, p => found.TryGetValue(p, out var value) || found.TryGetValue(SqlText.Identifier(p), out value) ? (string?)value : null, StringComparer.Ordinal);
    }
}
