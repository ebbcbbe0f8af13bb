using System.Globalization;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Types;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Sources;

/// <summary>The landed parts of a source of rows as rows for the table. Types come from the source; parts, and the table as it is, may differ, and then the narrowest type that holds all of them is taken.</summary>
internal sealed class PartRows(DuckSession session, IReadOnlyList<RowPart> parts, IngestDefinition job, TableSnapshot? table)
{
    /// <summary>The column that DuckDB numbers a file's rows in; a file that has one of its own is refused with it.</summary>
    public const string FileRowNumber = "file_row_number";

    private const string PickedRows = "temp.ff_picks";
    private readonly List<SourceColumn> _columns = Columns(parts);

    /// <summary>The parts' numbers in the job's list of files; null when they are the list.</summary>
    public IReadOnlyList<int>? Numbers { get; init; }

    /// <summary>For each part the rows that are wanted, null for all of them; null when all rows of all parts are.</summary>
    public IReadOnlyList<long[]?>? Picks { get; init; }

    /// <summary>The column with the number of a row's record; null when it is the place of the row in its part.</summary>
    public string? RecordSql { get; init; }

    /// <summary>Rows in the landed files, by their footers.</summary>
    public IReadOnlyList<long> Landed(CancellationToken ct) =>
        [.. parts.Select(p => session.Scalar<long>($"SELECT num_rows FROM parquet_file_metadata({SqlText.File(p.LocalPath)})", ct))];

    /// <summary>The rows that fit; the others go to the rejects.</summary>
    public RowSet Rows(Action<Reject> rejects, CancellationToken ct)
    {
        KeepPicks(ct);
        var source = _columns.Select((c, i) => (c.Name, Sql: $"c{i}", Type: SourceType(c, ct))).ToList();
        var from = Arms(source);
        var operation = job.WriteMode == Pipelines.WriteMode.Merge ? source.Find(c => c.Name == RowSet.Operation).Sql : null;
        if (operation is not null) source.RemoveAll(c => c.Sql == operation);
        return Rows(source, from, operation, rejects, ct) with { OperationSql = operation };
    }

    private RowSet Rows(List<(string Name, string Sql, string Type)> source, string from, string? operation, Action<Reject> rejects, CancellationToken ct)
    {
        var names = ColumnNaming.Tables([.. source.Select(c => c.Name)], job.RenameMap);
        var keepsTypes = table is not null && job.KeepsTypes();
        List<ProvedColumn> demanded;
        if (job.SchemaMode == SchemaMode.User)
        {
            demanded = CastProof.Declared(job.UserSchema, source);
            names = ColumnNaming.Tables([.. demanded.Select(c => c.Name)], job.RenameMap);
            if (operation is not null) demanded = [.. demanded.Select((c, i) => c with { MayMiss = MayMiss(operation, names[i]) })];
        }
        else
        {
            var kept = source.Select((c, i) => (Column: c, Name: names[i])).Where(p => !job.LeavesOut(p.Name, table)).ToList();
            names = kept.ConvertAll(p => p.Name);
            demanded = kept.ConvertAll(p => new ProvedColumn(p.Column.Name, p.Column.Sql, p.Column.Type,
                keepsTypes && table!.Schema.Find(p.Name) is { } old && job.PolicyOf(p.Name) == DriftPolicy.Discard ? old.DuckType : TableType(p.Column, from, keepsTypes ? table!.Schema.Find(p.Name) : null, ct)));
            // Without a column whose values may be refused, the types are such that all values fit.
            if (!keepsTypes || !names.Any(n => job.PolicyOf(n) == DriftPolicy.Discard)) return Set(demanded, names, from);
        }
        from = new CastProof(session, from, "_ff_part", "_ff_row", source.ConvertAll(c => (c.Name, c.Sql))).Prove(demanded, rejects, ct);
        return Set(demanded, names, from) with { Lacking = Lacking() };
    }

    private LackingColumns Lacking() => job.SchemaMode != SchemaMode.User ? LackingColumns.None
        : new([.. parts.Select(p => (p.Name, (IReadOnlyList<string>)[.. job.UserSchema.Select(c => c.Name).Except(p.Columns.Select(c => c.Name), StringComparer.OrdinalIgnoreCase)]))]);

    // What was deleted has its key, and no other values.
    private string MayMiss(string operation, string column) =>
        $"(coalesce({operation}, '') IN ({(job.DedupeKeys.Contains(column, StringComparer.OrdinalIgnoreCase) ? "'t'" : "'d', 't'")}))";

    private static RowSet Set(List<ProvedColumn> columns, IReadOnlyList<string> names, string from) => new(from,
        [.. columns.Select((c, i) => new RowColumn(c.Name, names[i], c.From == "NULL" ? $"CAST(NULL AS {c.To})" : CastSql.AlwaysFits(c.From, c.To) ? CastSql.Cast(c.Sql, c.From, c.To) : CastSql.TryCast(c.Sql, c.From, c.To, c.Format), c.To == "JSON" ? "VARCHAR" : c.To))],
        "_ff_name", "_ff_row");

    private string Arms(List<(string Name, string Sql, string Type)> source)
    {
        var arms = parts.Select((p, i) =>
        {
            var values = source.Select((c, n) =>
                _columns[n].In(p) is { } own ? $"{CastSql.Cast(SqlText.Identifier(own.Landed), own.Type, c.Type == "NULL" ? "VARCHAR" : c.Type)} AS {c.Sql}" : $"CAST(NULL AS {(c.Type == "NULL" ? "VARCHAR" : c.Type)}) AS {c.Sql}");
            return $"SELECT {string.Concat(values.Select(v => v + ", "))}{SqlText.Literal(p.Name)} AS _ff_name, {(Numbers?[i] ?? i).ToString(CultureInfo.InvariantCulture)} AS _ff_part, {RecordOf(p)} AS _ff_row FROM {Numbered(p)}{Picked(i)}";
        });
        return $"({string.Join(" UNION ALL ", arms)})";
    }

    private static bool HasOwnNumber(RowPart part) => part.Columns.Any(c => string.Equals(c.Landed, FileRowNumber, StringComparison.OrdinalIgnoreCase));

    private static string Number(RowPart part) => HasOwnNumber(part) ? "_ff_physical" : FileRowNumber;

    private string RecordOf(RowPart part) => RecordSql ?? $"{Number(part)} + 1";

    private static string Numbered(RowPart part) =>
        HasOwnNumber(part) ? $"(SELECT *, row_number() OVER () - 1 AS _ff_physical FROM read_parquet({SqlText.File(part.LocalPath)})) AS numbered" : $"read_parquet({SqlText.File(part.LocalPath)}, {FileRowNumber} = true)";

    private string Picked(int part) => Picks?[part] is null ? "" : string.Create(CultureInfo.InvariantCulture, $" SEMI JOIN (SELECT row FROM {PickedRows} WHERE part = {part}) AS picked ON {RecordOf(parts[part])} = picked.row");

    /// <summary>The wanted rows as a table of the session: there may be millions.</summary>
    private void KeepPicks(CancellationToken ct)
    {
        if (Picks is null || Picks.All(p => p is null)) return;
        var schema = new Schema([new Field("part", Int32Type.Default, false), new Field("row", Int64Type.Default, false)]);
        session.RegisterSource("ff_pick_source", schema, () => Picks.SelectMany((rows, part) => (rows ?? []).Chunk(1 << 16).Select(some => Batch(schema, part, some))));
        try { session.Execute($"CREATE OR REPLACE TEMP TABLE ff_picks AS FROM ff_pick_source", ct); }
        finally { session.UnregisterSource("ff_pick_source"); }
    }

    private static RecordBatch Batch(Schema schema, int part, long[] rows)
    {
        var parts = new Int32Array.Builder();
        var numbers = new Int64Array.Builder();
        foreach (var row in rows)
        {
            parts.Append(part);
            numbers.Append(row);
        }
        return new RecordBatch(schema, [parts.Build(), numbers.Build()], rows.Length);
    }

    /// <summary>One type for all parts.</summary>
    private string SourceType(SourceColumn column, CancellationToken ct)
    {
        var types = parts.Select(p => column.In(p)?.Type).OfType<string>().Where(t => t != "NULL").Distinct().ToList();
        if (types.Count <= 1) return types.FirstOrDefault() ?? "NULL";
        if (types.Contains(CastSql.Nanoseconds) && !parts.Where(p => column.In(p)?.Type == CastSql.Nanoseconds).All(p => HasMicroseconds(SqlText.Identifier(column.In(p)!.Landed), $"read_parquet({SqlText.File(p.LocalPath)})", ct))) return "VARCHAR";
        var all = DuckTypes.ToDelta(types[0]);
        for (var i = 1; i < types.Count; i++)
        {
            var seen = types.Take(i).ToList();
            var one = types[i];
            all = TypeUnion.Of(all, DuckTypes.ToDelta(one), (first, to) => parts.Where(p => column.In(p) is { } own && (first ? seen.Contains(own.Type) : own.Type == one))
                .All(p => AllFit(SqlText.Identifier(column.In(p)!.Landed), column.In(p)!.Type, to, $"read_parquet({SqlText.File(p.LocalPath)})", ct)));
        }
        return all.DuckType;
    }

    private string TableType((string Name, string Sql, string Type) column, string from, TableColumn? existing, CancellationToken ct)
    {
        if (column.Type == CastSql.Nanoseconds) column.Type = HasMicroseconds(column.Sql, from, ct) ? "TIMESTAMP" : "VARCHAR";
        if (existing is null) return column.Type == "NULL" ? "VARCHAR" : column.Type;
        if (column.Type == "NULL") return existing.DuckType;
        return TypeUnion.Of(DuckTypes.ToDelta(column.Type), existing.Type, (first, to) => first
            ? AllFit(column.Sql, column.Type, to, from, ct)
            : AllFit(SqlText.Identifier(existing.Name), existing.DuckType, to, table!.ScanSql(), ct)).DuckType;
    }

    // Parts of a microsecond are not cut off: such a column is text.
    private bool HasMicroseconds(string column, string from, CancellationToken ct) => AllFit(column, CastSql.Nanoseconds, PrimitiveType.TimestampNtz, from, ct);

    private bool AllFit(string column, string type, DeltaType to, string from, CancellationToken ct) =>
        session.Scalar<long>($"SELECT count(*) FROM (SELECT 1 FROM {from} AS looked_at WHERE {CastSql.Misfits(column, type, to.DuckType, null)} LIMIT 1) AS misfits", ct) == 0;

    private static List<SourceColumn> Columns(IReadOnlyList<RowPart> parts)
    {
        var columns = new List<SourceColumn>();
        foreach (var part in parts)
        {
            var taken = new HashSet<SourceColumn>();
            foreach (var own in part.Columns)
            {
                // Two columns of one name, as a join gives them, stay two.
                var column = columns.FirstOrDefault(c => c.Name == own.Name && !taken.Contains(c));
                if (column is null) columns.Add(column = new SourceColumn(own.Name));
                taken.Add(column);
                column.Add(part, own);
            }
        }
        return columns;
    }

    /// <summary>A column of the source, over all parts.</summary>
    private sealed class SourceColumn(string name)
    {
        private readonly Dictionary<RowPart, PartColumn> _parts = new(ReferenceEqualityComparer.Instance as IEqualityComparer<RowPart>);

        public string Name => name;
        public void Add(RowPart part, PartColumn own) => _parts[part] = own;
        public PartColumn? In(RowPart part) => _parts.GetValueOrDefault(part);
    }
}
