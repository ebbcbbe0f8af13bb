using System.Globalization;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Ingest.Rejects;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>A typed column of the source that must become another type.</summary>
/// <param name="Name">In the source.</param>
/// <param name="Sql">Its value.</param>
/// <param name="From">Its DuckDB type.</param>
/// <param name="To">The type that is demanded.</param>
/// <param name="Nullable">False: a missing value is a reject.</param>
/// <param name="Format">strptime pattern for texts.</param>
internal sealed record ProvedColumn(string Name, string Sql, string From, string To, bool Nullable = true, string? Format = null)
{
    /// <summary>SQL that is true for rows in which the value may be missing all the same; null when there are none.</summary>
    public string? MayMiss { get; init; }

    /// <summary>SQL that is true when a value is missing that must be there.</summary>
    public string Misses => MayMiss is null ? $"{Sql} IS NULL" : $"({Sql} IS NULL AND NOT {MayMiss})";

    public bool NeedsProof => !Nullable || !CastSql.AlwaysFits(From, To);
}

/// <summary>
/// Proves rows that have types already against demanded ones: a value that the cast would lose or change makes its row a reject, nothing is rounded. One pass over the
/// columns in doubt finds the rejects; without such columns there is none.
/// </summary>
/// <param name="session">Free.</param>
/// <param name="from">The rows, for FROM.</param>
/// <param name="fileNumber">SQL for the number of a row's file.</param>
/// <param name="record">SQL for a row's record number.</param>
/// <param name="all">The source's columns, kept as JSON with a reject: name and value.</param>
internal sealed class CastProof(DuckSession session, string from, string fileNumber, string record, IReadOnlyList<(string Name, string Sql)> all)
{
    private const int LongestExcerpt = 200;

    /// <returns>The rows that passed, for FROM.</returns>
    public string Prove(IReadOnlyList<ProvedColumn> columns, Action<Reject> rejects, CancellationToken ct)
    {
        var doubtful = columns.Where(c => c.NeedsProof).ToList();
        if (doubtful.Count == 0) return from;
        var fails = doubtful.ConvertAll(c => c.Nullable ? CastSql.Misfits(c.Sql, c.From, c.To, c.Format) : $"({c.Misses} OR {CastSql.Misfits(c.Sql, c.From, c.To, c.Format)})");
        var which = $"CASE {string.Join(" ", fails.Select((f, i) => $"WHEN {f} THEN {i}"))} END";
        var value = $"CASE which {string.Join(" ", doubtful.Select((c, i) => $"WHEN {i} THEN {CastSql.Cast(c.Sql, c.From, "VARCHAR")}"))} END";
        var raw = $"CAST(to_json(struct_pack({string.Join(", ", all.Select(c => $"{SqlText.Identifier(c.Name)} := {c.Sql}"))})) AS VARCHAR)";
        using (var reader = session.Query($"SELECT CAST({fileNumber} AS BIGINT), CAST({record} AS BIGINT), CAST(which AS INTEGER), {value}, {raw} FROM (SELECT *, {which} AS which FROM {from}) AS judged WHERE which IS NOT NULL ORDER BY 1, 2", ct))
        {
            foreach (var batch in reader)
            {
                using (batch)
                {
                    for (var i = 0; i < batch.Length; i++) rejects(Reject(batch, i, doubtful));
                }
            }
        }
        return $"(SELECT * FROM {from} WHERE NOT ({string.Join(" OR ", fails.Select(f => $"coalesce({f}, false)"))}))";
    }

    private static Reject Reject(RecordBatch batch, int row, List<ProvedColumn> doubtful)
    {
        var column = doubtful[Convert.ToInt32(batch.Column(2).GetObject(row), CultureInfo.InvariantCulture)];
        var (file, number) = (Convert.ToInt32(batch.Column(0).GetObject(row), CultureInfo.InvariantCulture), Convert.ToInt64(batch.Column(1).GetObject(row), CultureInfo.InvariantCulture));
        var raw = (string?)batch.Column(4).GetObject(row);
        if (batch.Column(3).GetObject(row) is not string value)
            return new Reject(file, number, null, RejectReasons.MissingValue, $"The value is missing, and {column.Name} must have one.", column.Name, raw);
        var shown = value.Length > LongestExcerpt ? value[..LongestExcerpt] + "…" : value;
        var format = column.Format is { } f ? $" in the format {f}" : "";
        return new Reject(file, number, null, RejectReasons.WrongType, $"\"{shown}\" is no {column.To}{format}.", column.Name, raw);
    }

    /// <summary>The demanded columns of a user schema over the source's columns, in the order of the schema. A column that the source lacks is NULL.</summary>
    /// <exception cref="Catalog.JobFailedException">The source lacks a column that must have values.</exception>
    public static List<ProvedColumn> Declared(IReadOnlyList<ColumnDefinition> schema, IReadOnlyList<(string Name, string Sql, string Type)> source) =>
    [
        .. schema.Select(c =>
        {
            var found = source.Select(s => ((string Name, string Sql, string Type)?)s).FirstOrDefault(s => string.Equals(s!.Value.Name, c.Name, StringComparison.OrdinalIgnoreCase));
            if (found is { } there) return new ProvedColumn(c.Name, there.Sql, there.Type, c.Type, c.Nullable, c.Format);
            return c.Nullable ? new ProvedColumn(c.Name, "NULL", "NULL", c.Type)
                : throw new Catalog.JobFailedException("FF2113", $"Column '{c.Name}' of user_schema must have values, and the source has no such column. It has: {string.Join(", ", source.Select(s => s.Name))}.", "Correct the name, or declare it nullable.");
        }),
    ];
}
