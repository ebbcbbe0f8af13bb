using FlowForge.Columnar;
using Npgsql;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>The table whose changes are read.</summary>
/// <param name="Plan">Its columns as both the snapshot and the changes give them, without the operation.</param>
/// <param name="Types">The declared type of each column, to notice that an older change had another.</param>
/// <param name="Keys">The columns that tell a row in its changes: those of the index that is the replica identity, else the primary key's, which counts only where it is not deferrable.</param>
/// <param name="Numbers">All columns by their numbers, which never change; a dropped one keeps its number without a name.</param>
/// <param name="Schema">The plan's columns and the operation.</param>
internal sealed record ChangeTable(Relation Relation, ReadPlan Plan, IReadOnlyDictionary<string, uint> Types, IReadOnlyList<string> Keys, IReadOnlyList<(int Number, string? Name)> Numbers, Schema Schema)
{
    public const string Operation = "_ff_op";
    private static readonly Version Oldest = new(14, 0);

    public static async Task<ChangeTable> FindAsync(NpgsqlConnection connection, ChangesSpec spec, string name, CancellationToken cancellationToken)
    {
        if (connection.PostgreSqlVersion < Oldest) throw new TerminalException($"Changes are read from PostgreSQL 14 on; the server is {connection.PostgreSqlVersion}.", "Read the table with the connector postgres.");
        var relation = await Relation.FindAsync(connection, name, spec.Schemas, cancellationToken).ConfigureAwait(false);
        if (relation.Kind is not ('r' or 'p')) throw new TerminalException($"{relation} is not a table: it has no changes of its own.", "Name the table behind it.");
        var (types, generated, keys, numbers, identity) = await FactsAsync(connection, relation, cancellationToken).ConfigureAwait(false);
        var full = identity == 'f' ? "" : await Partitions.FullAsync(connection, relation, cancellationToken).ConfigureAwait(false);
        // Publishing such a table would make the source's own updates and deletes fail.
        if (identity == 'n' || (identity is 'd' or 'i' && keys.Count == 0))
            throw new TerminalException($"{relation} has no primary key and no other replica identity: its updates and deletes cannot be told.", $"Run: {full}");
        if (relation.Kind == 'p') await Partitions.CheckAsync(connection, relation, identity == 'f' ? null : keys, cancellationToken).ConfigureAwait(false);
        var plan = await ReadPlan.DescribeAsync(connection, relation.Sql, $"Table {relation}", spec.Numeric, ArrayForm.List, cancellationToken).ConfigureAwait(false);
        var columns = plan.Columns.Where(c => !spec.ExcludeColumns.Contains(c.Name) && !generated.Contains(c.Name)).ToList();
        if (columns.FirstOrDefault(c => !c.IsPlain) is { } odd)
            throw new TerminalException($"{relation}: the changes of column {odd.Name} cannot be read: its type has no form here that does not need the server's help.",
                $"Leave it out: exclude_columns: [{odd.Name}]{(identity != 'f' && keys.Contains(odd.Name) ? $". As it belongs to the key, run before: {full}" : "")}");
        if (identity != 'f' && keys.FirstOrDefault(k => columns.All(c => c.Name != k)) is { } missing)
            throw generated.Contains(missing)
                ? new TerminalException($"{relation}: column {missing} of the key is generated, and not among the changes: updates and deletes cannot be told without it.", $"Run: {full}")
                : new TerminalException($"{relation}: exclude_columns leaves out {missing}, which belongs to the key: updates and deletes cannot be told without it.", $"Take {missing} out of exclude_columns, or run: {full}");
        plan = plan with { Columns = columns, Schema = new Schema(columns.Select(c => c.Field)) };
        return new ChangeTable(relation, plan, types, keys, numbers, new Schema([.. plan.Schema.FieldsList, new Field(Operation, StringType.Default, isNullable: false)]));
    }

    private static async Task<(Dictionary<string, uint> Types, HashSet<string> Generated, List<string> Keys, List<(int Number, string? Name)> Numbers, char Identity)> FactsAsync(NpgsqlConnection connection, Relation relation, CancellationToken cancellationToken)
    {
        var command = connection.Command("""
            SELECT a.attname::text, a.atttypid::int8, a.attgenerated <> '', 
              coalesce(CASE WHEN c.relreplident = 'i' THEN a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1]) ELSE a.attnum = ANY(k.conkey) END, false), c.relreplident::text, a.attnum::int4, a.attisdropped
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p' AND NOT k.condeferrable
              LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisreplident
            WHERE c.oid = $1::oid ORDER BY a.attnum
            """, relation.Oid);
        await using var _ = command.ConfigureAwait(false);
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        var (types, generated, keys, numbers, identity) = (new Dictionary<string, uint>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal), new List<string>(), new List<(int, string?)>(), 'd');
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var name = reader.GetString(0);
            identity = reader.GetString(4)[0];
            var isDropped = reader.GetBoolean(6);
            numbers.Add((reader.GetInt32(5), isDropped ? null : name));
            if (isDropped) continue;
            types[name] = (uint)reader.GetInt64(1);
            if (reader.GetBoolean(2)) generated.Add(name);
            if (reader.GetBoolean(3)) keys.Add(name);
        }
        return (types, generated, keys, numbers, identity);
    }

    /// <summary>Rows of a snapshot or preview, as inserts. The result owns the batch's columns.</summary>
    public RecordBatch AsInserts(RecordBatch rows)
    {
        var operations = new StringArray.Builder();
        for (var i = 0; i < rows.Length; i++) operations.Append("i"u8);
        return new RecordBatch(Schema, [.. rows.Arrays, operations.Build()], rows.Length);
    }

    public RecordBatch Empty() => new RecordBatchBuilder(Schema).Build();
}
