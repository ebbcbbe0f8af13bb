using System.Globalization;
using FlowForge.Columnar;
using Npgsql;

namespace FlowForge.Plugins.Postgres;

/// <summary>What is read and how: the columns, and one COPY statement for each part.</summary>
/// <param name="Where">The table or query, for messages.</param>
internal sealed record ReadPlan(string Where, IReadOnlyList<PgColumn> Columns, Schema Schema, IReadOnlyList<string> Statements)
{
    // TID range scans came with 14; before, every part would read the whole table.
    private static readonly Version RangeScans = new(14, 0);
    private const long PagesWorthSplitting = 1_024, FewestPagesAPart = 512;

    public string Select => $"SELECT {string.Join(", ", Columns.Select(c => c.Expression))} FROM ";

    /// <summary>The schema alone, without parts.</summary>
    public static async Task<ReadPlan> DescribeAsync(NpgsqlConnection connection, PostgresSpec spec, ReadRequest request, CancellationToken cancellationToken)
    {
        var (from, where, _) = await SourceAsync(connection, spec, request, cancellationToken).ConfigureAwait(false);
        return await DescribeAsync(connection, from, where, spec.Numeric, spec.Arrays, cancellationToken).ConfigureAwait(false);
    }

    public static async Task<ReadPlan> MakeAsync(NpgsqlConnection connection, PostgresSpec spec, ReadRequest request, CancellationToken cancellationToken)
    {
        var (from, where, relation) = await SourceAsync(connection, spec, request, cancellationToken).ConfigureAwait(false);
        var plan = await DescribeAsync(connection, from, where, spec.Numeric, spec.Arrays, cancellationToken).ConfigureAwait(false);
        var select = plan.Select;
        if (request.From is { Value: { } value } mark)
        {
            var column = plan.Columns.FirstOrDefault(c => c.Name == mark.Column)
                ?? throw new TerminalException($"{where} has no column {mark.Column} to read by. It has: {string.Join(", ", plan.Columns.Select(c => c.Name))}.", "Correct watermark_column.");
            var collation = column.HasCollation ? " COLLATE \"C\"" : "";
            return plan with { Statements = [$"{select}{from} WHERE {Sql.Name(mark.Column)}{collation} >= {Sql.Text(value)}{(mark.IncludeNulls ? $" OR {Sql.Name(mark.Column)} IS NULL" : "")}{Limit(request)}"] };
        }
        if (request.Limit is not null) return plan with { Statements = [select + from + Limit(request)] };
        return plan with { Statements = relation is null || spec.Readers == 1 ? [select + from] : await PartsAsync(connection, spec.Readers, relation, select, cancellationToken).ConfigureAwait(false) };
    }

    private static async Task<(string From, string Where, Relation? Relation)> SourceAsync(NpgsqlConnection connection, PostgresSpec spec, ReadRequest request, CancellationToken cancellationToken)
    {
        if (request.Table is null && spec.Query is { } query)
        {
            if (spec.TableName is not null) throw new TerminalException("Both table_name and query are given.", "Keep one of them.");
            return ($"({query.Trim().TrimEnd(';')}\n) AS flowforge_query", "The query", null);
        }
        var name = request.Table ?? spec.TableName ?? throw new TerminalException("Neither table_name nor query is given.", "Say what to read.");
        var relation = await Relation.FindAsync(connection, name, spec.Schemas, cancellationToken).ConfigureAwait(false);
        return (relation.Sql, $"Table {relation}", relation);
    }

    public static async Task<ReadPlan> DescribeAsync(NpgsqlConnection connection, string from, string where, NumericForm numeric, ArrayForm arrays, CancellationToken cancellationToken)
    {
        var encoding = await connection.ScalarAsync<string>("SELECT current_setting('server_encoding')", cancellationToken).ConfigureAwait(false);
        var columns = await new Columns(numeric, arrays, checkText: encoding == "SQL_ASCII").DescribeAsync(connection, from, cancellationToken).ConfigureAwait(false);
        return new ReadPlan(where, columns, new Schema(columns.Select(c => c.Field)), []);
    }

    /// <summary>Ranges of pages of the table and of its partitions; the last of each is open, for pages that are newer than the count.</summary>
    public static async Task<IReadOnlyList<string>> PartsAsync(NpgsqlConnection connection, int readers, Relation relation, string select, CancellationToken cancellationToken)
    {
        if (relation.HasPolicies || connection.PostgreSqlVersion < RangeScans) return [select + relation.Sql];
        if (relation.Kind is 'r' or 'm') return [.. Ranges(relation, readers, select)];
        if (relation.Kind != 'p') return [select + relation.Sql];
        var all = await connection.ScalarAsync<long>("SELECT count(*) FROM pg_partition_tree($1::oid::regclass) WHERE isleaf", cancellationToken, relation.Oid).ConfigureAwait(false);
        var leaves = await relation.LeavesAsync(connection, cancellationToken).ConfigureAwait(false);
        // Rights on a partitioned table do not reach its partitions: then it is read through its own name.
        if (leaves.Count == 0 || leaves.Count < all || leaves.Any(l => l.HasPolicies)) return [select + relation.Sql];
        return [.. leaves.SelectMany(l => l.Kind == 'r' ? Ranges(l, readers, select) : [select + l.Sql])];
    }

    private static IEnumerable<string> Ranges(Relation table, int readers, string select)
    {
        // More parts than readers, so that none waits long for the last; ONLY is not said: children by inheritance have pages of their own.
        var parts = table.Pages < PagesWorthSplitting ? 1 : Math.Clamp(table.Pages / FewestPagesAPart, 1, readers * 8L);
        for (var i = 0L; i < parts; i++)
        {
            var from = i == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"ctid >= '({table.Pages * i / parts},0)'::tid");
            var to = i == parts - 1 ? null : string.Create(CultureInfo.InvariantCulture, $"ctid < '({table.Pages * (i + 1) / parts},0)'::tid");
            yield return select + table.Sql + (from, to) switch { (null, null) => "", (null, _) => " WHERE " + to, (_, null) => " WHERE " + from, _ => $" WHERE {from} AND {to}" };
        }
    }

    private static string Limit(ReadRequest request) => request.Limit is { } limit ? string.Create(CultureInfo.InvariantCulture, $" LIMIT {Math.Max(0, limit)}") : "";
}
