using FlowForge.Duck;
using System.Text;
using FlowForge.Lake.Files;
using FlowForge.Lake.Log;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Reading;

/// <summary>
/// Writes the DuckDB expression that reads a set of files as the table's schema says: column order and types, partition values from the log, NULL for
/// columns that a file has not. Files with the same columns are read by one <c>read_parquet</c>, so thousands of them are opened only as the query needs them.
/// </summary>
internal sealed class ScanSql(IFileStore store, TableSchema schema, IReadOnlyList<string> partitionColumns, ColumnMapping mapping, IReadOnlyCollection<CopyHold>? holders = null)
{
    /// <summary>The tag of an add action that says which columns its file has.</summary>
    public const string ColumnsTag = "flowforge.columns";

    /// <summary>The column with the file's path, where asked for.</summary>
    public const string FileColumn = "__ff_file";

    /// <summary>The column with the file's place, and the one with the row's number in the file, from 0, where asked for.</summary>
    public const string PlaceColumn = "__ff_place", RowColumn = "__ff_row";

    private const int MostBranches = 50;

    /// <summary>A number for each file that goes into <see cref="PlaceColumn"/>; null leaves out that and <see cref="RowColumn"/>.</summary>
    public Func<DataFile, int>? PlaceOf { get; init; }

    /// <summary>A FROM-able expression in parentheses.</summary>
    public string Write(IReadOnlyList<DataFile> files, Func<TableColumn, bool> include, bool withFile = false)
    {
        var columns = schema.Columns.Where(include).ToList();
        if (columns.Count == 0) throw new LakeException($"The table at {store.Root} has no columns to read.");
        if (files.Count == 0) return $"(SELECT {Typed(columns)}{(withFile ? $", CAST(NULL AS VARCHAR) AS {FileColumn}" : "")}{(PlaceOf is null ? "" : $", CAST(NULL AS INTEGER) AS {PlaceColumn}, CAST(NULL AS BIGINT) AS {RowColumn}")} WHERE false)";
        if (!store.IsLocal) store.Fetch([.. files.Where(f => !FilePaths.IsAbsolute(f.Uri)).Select(f => (f.Path, f.Bytes))], holders ?? []);
        if (HasTexts && HasBinaries) RefuseUnmarkedTexts(files);
        var current = Fingerprint(mapping.Physical(schema), mapping.Physical(partitionColumns, schema));
        var branches = Groups(files).Select(g => Branch(g.Files, g.Tag, g.Tag == current && mapping.Mode != ColumnMappingMode.Id, columns, withFile, g.IsListed));
        return $"({string.Join(" UNION ALL ", branches)})";
    }

    /// <summary>A FROM-able expression with the same columns over one row of NULLs, in which partition columns are columns like all others.</summary>
    public string WritePlan(Func<TableColumn, bool> include)
    {
        var stored = schema.Columns.Select(c => c with { Name = mapping.Physical(c), Type = mapping.Physical(c.Type) }).ToList();
        var file = Path.Combine(store.LocalFolder, "_flowforge", "plans", Fingerprint(new TableSchema(stored), []) + ".parquet");
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var temporary = $"{file}.{Guid.NewGuid():n}";
            using (var session = LogEngine.Connect()) session.Execute($"COPY (SELECT {Typed(stored)}) TO {SqlText.Literal(temporary)} (FORMAT parquet)");
            File.Move(temporary, file, overwrite: true);
        }
        var columns = schema.Columns.Where(include).Select(c => $"{mapping.ToLogical(SqlText.Identifier(mapping.Physical(c)), c.Type)} AS {SqlText.Identifier(c.Name)}");
        return $"(SELECT {string.Join(", ", columns)} FROM read_parquet({SqlText.File(file)}, hive_partitioning=false))";
    }

    /// <summary>The files in the order in which <see cref="Write"/> reads them.</summary>
    public IReadOnlyList<DataFile> InOrder(IReadOnlyList<DataFile> files) => [.. Groups(files).SelectMany(g => g.Files)];

    // Files that one read_parquet can read together, in the order of the first file of each.
    private IEnumerable<(List<DataFile> Files, string? Tag, bool IsListed)> Groups(IReadOnlyList<DataFile> files)
    {
        foreach (var group in files.GroupBy(f => (Columns: f.Tags?.GetValueOrDefault(ColumnsTag), IsHive: LiteralKey(f) is null, Vector: f.DeletionVector is null ? null : f.Uri)))
        {
            var byValues = group.GroupBy(LiteralKey).ToList();
            // A branch for each partition lets DuckDB leave out whole partitions; too many of them cost more to plan than they save.
            if (byValues.Count > MostBranches) yield return ([.. group], group.Key.Columns, true);
            else foreach (var values in byValues) yield return ([.. values], group.Key.Columns, false);
        }
    }

    /// <summary>Tells files with the same Parquet columns from others.</summary>
    public static string Fingerprint(TableSchema schema, IReadOnlyList<string> partitionColumns)
    {
        var text = string.Join('\n', schema.Columns.Where(c => !partitionColumns.Contains(c.Name, StringComparer.OrdinalIgnoreCase)).Select(c => $"{c.Name} {c.Type}"));
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
    }

    // Partition values: from the folder names, as literals of the one partition that all files are of, or (listed) looked up by the file's place in the list.
    private string Branch(List<DataFile> files, string? tag, bool isCurrent, List<TableColumn> columns, bool withFile, bool listed)
    {
        var vector = files[0].DeletionVector is null ? null : DeletedRows.KeepCondition(store, files[0]);
        var literals = partitionColumns.Count > 0 && LiteralKey(files[0]) is not null ? files[0].PartitionValues : null;
        var options = new StringBuilder();
        if (partitionColumns.Count > 0 && literals is null)
        {
            var types = partitionColumns.Select(c => $"{SqlText.Literal(c)}: {SqlText.Literal(schema.Find(c)!.DuckType)}");
            options.Append(", hive_partitioning=true, hive_types={").AppendJoin(", ", types).Append('}');
        }
        else
        {
            options.Append(", hive_partitioning=false");
        }
        var stored = schema.Columns.Where(c => !IsPartition(c)).ToList();
        if (mapping.Mode == ColumnMappingMode.Id) options.Append(", schema=MAP{").AppendJoin(", ", stored.Select(FieldById)).Append('}');
        else if (tag is null) options.Append(", union_by_name=true");
        // Some writers (ClickHouse among them) do not note in their files that a column of texts holds texts.
        if (tag is null && HasTexts && !HasBinaries) options.Append(", binary_as_string=true");
        var paths = string.Join(", ", files.Select(f => SqlText.File(Local(store, f))));
        var source = $"read_parquet([{paths}]{options})";
        if (!isCurrent)
        {
            // The files may lack columns or hold narrower types: an empty relation with all columns makes each name known.
            if (stored.Count > 0)
                source = $"(SELECT {Typed(stored.Select(c => c with { Name = mapping.Physical(c), Type = mapping.Physical(c.Type) }))} WHERE false " +
                    $"UNION ALL BY NAME SELECT *{(withFile ? ", filename" : "")}{(listed || PlaceOf is not null ? ", file_index" : "")}{(vector is null && PlaceOf is null ? "" : ", file_row_number")} FROM {source})";
        }
        return $"SELECT {string.Join(", ", columns.Select(Expression))}{(withFile ? $", filename AS {FileColumn}" : "")}{Place(files)} FROM {source}{(vector is null ? "" : $" WHERE {vector}")}";

        string Expression(TableColumn column)
        {
            var name = SqlText.Identifier(column.Name);
            if (IsPartition(column)) return literals is null ? name : $"{(listed ? Listed(column, files) : Literal(column, literals))} AS {name}";
            var physical = SqlText.Identifier(mapping.Physical(column));
            var value = mapping.ToLogical(isCurrent ? physical : $"CAST({physical} AS {mapping.Physical(column.Type).DuckType})", column.Type);
            return value == name ? name : $"{value} AS {name}";
        }
    }

    private string Place(List<DataFile> files)
    {
        if (PlaceOf is null) return "";
        var numbers = string.Join(", ", files.Select(f => PlaceOf(f).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        var place = files.Count == 1 ? numbers : $"CAST([{numbers}] AS INTEGER[])[CAST(file_index AS BIGINT) + 1]";
        return $", CAST({place} AS INTEGER) AS {PlaceColumn}, CAST(file_row_number AS BIGINT) AS {RowColumn}";
    }

    // Outer columns are found by their ids; the fields inside them by the physical names, which every known writer gives them in the files too.
    private string FieldById(TableColumn column)
    {
        var id = ColumnMapping.Id(column) ?? throw new LakeException($"Column '{column.Name}' of the table at {store.Root} has no {ColumnMapping.IdKey}, though the table maps its columns by id. Its log is damaged.");
        return string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{id}: {{name: {SqlText.Literal(mapping.Physical(column))}, type: {SqlText.Literal(mapping.Physical(column.Type).DuckType)}, default_value: NULL}}");
    }

    /// <summary>Where a file lies.</summary>
    public static string Local(IFileStore store, DataFile file)
    {
        if (!FilePaths.IsAbsolute(file.Uri)) return store.ReadPath(file.Path);
        return file.Uri.StartsWith("file:", StringComparison.Ordinal) ? new Uri(file.Uri).LocalPath : file.Path;
    }

    // Null: the folder name says the partition values as DuckDB reads them. Otherwise the values, as one text, to group by.
    private string? LiteralKey(DataFile file)
    {
        if (partitionColumns.Count == 0) return null;
        var values = partitionColumns.Select(c => KeyValuePair.Create(c, Value(file.PartitionValues, c))).ToList();
        var folder = mapping.IsOn ? null : FilePaths.PartitionFolder(values);
        if (folder is not null && !store.LocalFolder.Contains('=', StringComparison.Ordinal) && partitionColumns.All(IsPlain)
            && file.Path.StartsWith(folder + "/", StringComparison.Ordinal) && !file.Path.AsSpan(folder.Length + 1).Contains('/')) return null;
        return string.Join('\0', values.Select(v => v.Value is null ? "n" : "v" + v.Value));
    }

    private bool IsPlain(string column) =>
        column.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') && !Equals(schema.Find(column)!.Type, PrimitiveType.Binary);

    private bool HasTexts => schema.Columns.Any(c => c.Type.Any(t => t.Equals(PrimitiveType.String)));

    private bool HasBinaries => schema.Columns.Any(c => c.Type.Any(t => t.Equals(PrimitiveType.Binary)));

    private void RefuseUnmarkedTexts(IReadOnlyList<DataFile> files)
    {
        var stored = schema.Columns.Where(c => !IsPartition(c)).Select(c => c with { Name = mapping.Physical(c) }).ToList();
        foreach (var file in files)
        {
            if (file.Tags?.ContainsKey(ColumnsTag) == true || !File.Exists(Local(store, file)) || UnmarkedTexts.Find(Local(store, file), stored) is not { } column) continue;
            throw new LakeException($"File {file.Path} of the table at {store.Root} does not mark the texts of column '{column}' as texts, and beside binary columns they cannot be told from those. Write the table's files anew with the tool that made them, so that texts are marked (UTF8).");
        }
    }

    private bool IsPartition(TableColumn column) => partitionColumns.Contains(column.Name, StringComparer.OrdinalIgnoreCase);

    private string? Value(IReadOnlyDictionary<string, string?> values, string column) =>
        values.TryGetValue(mapping.IsOn ? mapping.Physical(schema.Find(column)!) : column, out var value) && value is { Length: > 0 } ? value : null;

    private string Literal(TableColumn column, IReadOnlyDictionary<string, string?> values) =>
        Value(values, column.Name) is { } value ? $"CAST({SqlText.Literal(value)} AS {column.DuckType})" : $"CAST(NULL AS {column.DuckType})";

    private string Listed(TableColumn column, List<DataFile> files)
    {
        var values = files.Select(f => Value(f.PartitionValues, column.Name) is { } value ? SqlText.Literal(value) : "NULL");
        return $"CAST(CAST([{string.Join(", ", values)}] AS VARCHAR[])[CAST(file_index AS BIGINT) + 1] AS {column.DuckType})";
    }

    private static string Typed(IEnumerable<TableColumn> columns) =>
        string.Join(", ", columns.Select(c => $"CAST(NULL AS {c.DuckType}) AS {SqlText.Identifier(c.Name)}"));
}
