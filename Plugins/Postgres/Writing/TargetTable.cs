using System.Globalization;
using FlowForge.Columnar;
using Npgsql;

namespace FlowForge.Plugins.Postgres.Writing;

/// <summary>A column that is there.</summary>
/// <param name="TypeName">Of its base type, as <c>pg_type</c> has it: <c>int4</c>.</param>
/// <param name="Type">As people write it: <c>numeric(10,2)</c>.</param>
/// <param name="Precision">Of a numeric that declares it, else null.</param>
/// <param name="IsRequired">Whether a row cannot go without it.</param>
/// <param name="IsMade">Whether the server makes its values and takes none.</param>
/// <param name="IsIdentity">Whether it does so by counting.</param>
internal sealed record TargetColumn(string Name, string TypeName, string Type, bool IsEnum, int? Precision, int Scale, bool IsRequired, bool IsMade, bool IsIdentity)
{
    /// <summary>Whether numbers with so many digits before and behind the point fit.</summary>
    public bool Holds(int before, int behind) => Precision is not { } precision || (behind <= Scale && before <= precision - Scale);
}

/// <summary>A table that rows are written into, or is to be made.</summary>
/// <param name="Oid">Null when it is not there yet.</param>
internal sealed record TargetTable(string Schema, string Name, long? Oid)
{
    private const int LongestName = 63;

    public string Sql => Postgres.Sql.Name(Schema) + "." + Postgres.Sql.Name(Name);
    public override string ToString() => $"{Schema}.{Name}";

    /// <summary>Finds <c>name</c> in the listed schemas, or <c>schema.name</c> in any; one that is nowhere would be made in the first of them, or in the schema that is named.</summary>
    public static async Task<TargetTable> FindAsync(NpgsqlConnection connection, string name, IReadOnlyList<string> schemas, CancellationToken cancellationToken)
    {
        var found = await Relation.TryFindAsync(connection, name, schemas, cancellationToken).ConfigureAwait(false);
        if (found is { Kind: not ('r' or 'p') })
            throw new TerminalException($"{found} is {(found.Kind is 'v' or 'm' ? "a view" : "a foreign table")}, and rows are written into tables.", "Deliver into a table of another name.");
        if (found is not null) return new TargetTable(found.Schema, found.Name, found.Oid);
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var table = dot > 0 ? new TargetTable(name[..dot], name[(dot + 1)..], null) : new TargetTable(schemas[0], name, null);
        if (!await connection.ScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", cancellationToken, table.Schema).ConfigureAwait(false))
            throw new TerminalException($"{connection.Database} has no schema {table.Schema} to make {table} in.", $"Make it (CREATE SCHEMA {Postgres.Sql.Name(table.Schema)}), or name a table in a schema that is there.");
        return table;
    }

    /// <summary>The statement that makes it.</summary>
    public string CreateSql(IReadOnlyList<Field> fields) => $"CREATE TABLE {Sql} ({string.Join(", ", fields.Select(f => $"{Postgres.Sql.Name(f.Name)} {FieldForms.Declared(f.DataType)}"))})";

    /// <summary>An encoder for each field, in their order.</summary>
    /// <exception cref="TerminalException">The table does not take them: all that is wrong, and what would mend it.</exception>
    public async Task<IReadOnlyList<FieldEncoder>> FitAsync(NpgsqlConnection connection, IReadOnlyList<Field> fields, CancellationToken cancellationToken)
    {
        var there = (await ColumnsAsync(connection, cancellationToken).ConfigureAwait(false)).ToDictionary(c => c.Name, StringComparer.Ordinal);
        List<FieldEncoder> encoders = [];
        List<string> wrong = [], mends = [];
        foreach (var field in fields)
        {
            var (name, declared) = (Postgres.Sql.Name(field.Name), FieldForms.Declared(field.DataType));
            if (!there.TryGetValue(field.Name, out var column)) Wrong($"has no column {field.Name}", $"ADD COLUMN {name} {declared}");
            else if (column.IsMade) Wrong($"makes the values of {field.Name} itself", $"ALTER COLUMN {name} DROP {(column.IsIdentity ? "IDENTITY" : "EXPRESSION")}");
            else if (FieldForms.Encoder(field.DataType, column) is { } encoder) encoders.Add(encoder);
            else Wrong($"has {field.Name} as {column.Type}, which does not hold every {declared}", $"ALTER COLUMN {name} TYPE {declared}");
        }
        foreach (var column in there.Values.Where(c => c.IsRequired && !c.IsMade && fields.All(f => f.Name != c.Name)))
            Wrong($"asks for {column.Name}, which the rows do not have", $"ALTER COLUMN {Postgres.Sql.Name(column.Name)} DROP NOT NULL");
        return wrong.Count == 0 ? encoders : throw new TerminalException($"{this} does not take these rows: it {string.Join("; it ", wrong)}.", $"Run ALTER TABLE {Sql} {string.Join(", ", mends)}; or change the columns in the SQL of the delivered table.");

        void Wrong(string what, string mend)
        {
            wrong.Add(what);
            mends.Add(mend);
        }
    }

    /// <exception cref="TerminalException">PostgreSQL would cut a name short, or take none of it.</exception>
    public static void CheckNames(IReadOnlyList<Field> fields, string where)
    {
        if (fields.Count == 0) throw new TerminalException($"{where}: the rows have no columns.", "Deliver a table with columns.");
        if (fields.FirstOrDefault(f => System.Text.Encoding.UTF8.GetByteCount(f.Name) > LongestName) is { } field)
            throw new TerminalException($"{where}: the column name {field.Name} is longer than the {LongestName} bytes that PostgreSQL takes.", "Give it a shorter name in the SQL of the delivered table.");
    }

    /// <summary>Whether a unique index of these columns, and no others, holds for all rows.</summary>
    public Task<bool> HasKeyAsync(NpgsqlConnection connection, IReadOnlyList<string> keys, CancellationToken cancellationToken) => connection.ScalarAsync<bool>(
        """
        SELECT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
          AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text COLLATE "C") FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1])) = $2::text[])
        """, cancellationToken, Oid!.Value, keys.Order(StringComparer.Ordinal).ToArray());

    private async Task<List<TargetColumn>> ColumnsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // The base types of domains, and the sizes that they or the columns declare.
        var command = connection.Command("""
            WITH RECURSIVE base AS (
              SELECT a.attnum, a.atttypid AS typ, a.atttypmod AS mod FROM pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
              UNION ALL SELECT b.attnum, t.typbasetype, CASE WHEN b.mod >= 0 THEN b.mod ELSE t.typtypmod END FROM base b JOIN pg_type t ON t.oid = b.typ WHERE t.typtype = 'd')
            SELECT a.attname::text, t.typname::text, format_type(a.atttypid, a.atttypmod), t.typtype = 'e', b.mod,
              a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', a.attgenerated <> '' OR a.attidentity = 'a', a.attidentity = 'a'
            FROM pg_attribute a JOIN base b ON b.attnum = a.attnum JOIN pg_type t ON t.oid = b.typ AND t.typtype <> 'd'
            WHERE a.attrelid = $1::oid ORDER BY a.attnum
            """, Oid!.Value);
        await using var _ = command.ConfigureAwait(false);
        var columns = new List<TargetColumn>();
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            // A numeric's size: precision in the upper half, scale in the lower eleven bits, 4 beyond both.
            var (type, size) = (reader.GetString(1), reader.GetInt32(4) - 4);
            var declares = type == "numeric" && size >= 0;
            columns.Add(new TargetColumn(reader.GetString(0), type, reader.GetString(2), reader.GetBoolean(3), declares ? size >> 16 : null, declares ? ((size & 0x7ff) ^ 1024) - 1024 : 0, reader.GetBoolean(5), reader.GetBoolean(6), reader.GetBoolean(7)));
        }
        return columns;
    }
}
