using FlowForge.Columnar;
using FlowForge.Plugins.Postgres.Decoding;
using Npgsql;

namespace FlowForge.Plugins.Postgres;

/// <summary>A column as it is read: what it becomes, how it is selected, how its binary form is decoded.</summary>
internal sealed record PgColumn(string Name, IArrowType Type, string Expression, Func<ArrayBuilder, ColumnDecoder> Decoder)
{
    /// <summary>Text with a collation: watermarks of it are compared by bytes, as the lake does.</summary>
    public bool HasCollation { get; init; }

    /// <summary>Read as it is stored, not through a cast on the server: a change's bytes can be decoded like a COPY's.</summary>
    public bool IsPlain => Expression == Sql.Name(Name);
    public Field Field => new(Name, Type);

    /// <summary>Decoders of some columns, whose arrays give their memory to the next ones when they are disposed.</summary>
    public static ColumnDecoder[] Decoders(IEnumerable<PgColumn> columns)
    {
        var pool = new BufferPool();
        return [.. columns.Select(c =>
        {
            var builder = ArrayBuilder.Create(c.Type);
            builder.Pool = pool;
            return c.Decoder(builder);
        })];
    }
}

/// <summary>What a type is called and made of, from the server's catalog.</summary>
/// <param name="Kind">b base, e enum, d domain, c composite, r range, m multirange, p pseudo.</param>
internal sealed record PgType(uint Oid, string Name, char Kind, uint Element, uint Base);

/// <summary>Turns the columns of a table or query into Arrow columns.</summary>
internal sealed class Columns(NumericForm numeric, ArrayForm arrays, bool checkText)
{
    /// <summary>The columns of anything that may stand behind FROM.</summary>
    public async Task<IReadOnlyList<PgColumn>> DescribeAsync(NpgsqlConnection connection, string from, CancellationToken cancellationToken)
    {
        var found = new List<(string Name, uint Oid, int? Precision, int? Scale)>();
        var command = new NpgsqlCommand($"SELECT * FROM {from} LIMIT 0", connection);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(System.Data.CommandBehavior.SchemaOnly, cancellationToken).ConfigureAwait(false);
            await using var _ = reader.ConfigureAwait(false);
            foreach (var column in (await reader.GetColumnSchemaAsync(cancellationToken).ConfigureAwait(false)).Cast<Npgsql.Schema.NpgsqlDbColumn>())
                found.Add((column.ColumnName, column.TypeOID, column.NumericPrecision, column.NumericScale));
        }
        if (found.Count == 0) throw new TerminalException($"{from} has no columns.");
        if (found.GroupBy(c => c.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new TerminalException($"The query gives column {twice.Key} {twice.Count()} times.", "Name each column once, with AS.");
        var types = await TypesAsync(connection, found.Select(c => c.Oid), cancellationToken).ConfigureAwait(false);
        return [.. found.Select(c => Column(c.Name, types[c.Oid], c.Precision, c.Scale, types))];
    }

    private PgColumn Column(string name, PgType type, int? precision, int? scale, Dictionary<uint, PgType> types)
    {
        var quoted = Sql.Name(name);
        while (type.Kind == 'd') type = types[type.Base];
        if (type.Element != 0 && type.Kind == 'b')
        {
            var element = types[type.Element];
            while (element.Kind == 'd') element = types[element.Base];
            // The elements' own precision is not told to clients; elements that need a cast cannot be cast one by one.
            if (arrays == ArrayForm.Json || Scalar(element, null, null) is not { Cast: null } inner)
                return new PgColumn(name, StringType.Default, $"to_json({quoted})::text AS {quoted}", b => new TextDecoder((StringArray.Builder)b));
            return new PgColumn(name, new ListType(inner.Type), quoted, b => new ListDecoder((ListBuilder)b, inner.Decoder(((ListBuilder)b).Values)));
        }
        var form = Scalar(type, precision, scale);
        return new PgColumn(name, form.Type, form.Cast is { } cast ? string.Format(System.Globalization.CultureInfo.InvariantCulture, cast, quoted) + " AS " + quoted : quoted, form.Decoder)
        {
            HasCollation = type.Name is "text" or "varchar" or "bpchar" or "citext",
        };
    }

    private (IArrowType Type, string? Cast, Func<ArrayBuilder, ColumnDecoder> Decoder) Scalar(PgType type, int? precision, int? scale) => type.Name switch
    {
        "bool" => (BooleanType.Default, null, b => new BooleanDecoder((BooleanArray.Builder)b)),
        "int2" => (Int16Type.Default, null, b => new FixedDecoder<short, Int16Form>((Int16Array.Builder)b)),
        "int4" => (Int32Type.Default, null, b => new FixedDecoder<int, Int32Form>((Int32Array.Builder)b)),
        "int8" => (Int64Type.Default, null, b => new FixedDecoder<long, Int64Form>((Int64Array.Builder)b)),
        "oid" => (Int64Type.Default, null, b => new FixedDecoder<long, OidForm>((Int64Array.Builder)b)),
        "float4" => (FloatType.Default, null, b => new FixedDecoder<float, SingleForm>((FloatArray.Builder)b)),
        "float8" => (DoubleType.Default, null, b => new FixedDecoder<double, DoubleForm>((DoubleArray.Builder)b)),
        "numeric" => Number(precision, scale),
        // Its binary form depends on the server's locale; the cast does not.
        "money" => (new Decimal128Type(19, 2), "{0}::numeric(19,2)", b => new DecimalDecoder((Decimal128Array.Builder)b, 2)),
        "date" => (Date32Type.Default, null, b => new FixedDecoder<int, DateForm>((Date32Array.Builder)b)),
        "timestamp" => (new TimestampType(TimeUnit.Microsecond), null, b => new FixedDecoder<long, TimestampForm>((TimestampArray.Builder)b)),
        "timestamptz" => (new TimestampType(TimeUnit.Microsecond, "UTC"), null, b => new FixedDecoder<long, TimestampForm>((TimestampArray.Builder)b)),
        "time" => (new Time64Type(TimeUnit.Microsecond), null, b => new FixedDecoder<long, Int64Form>((Time64Array.Builder)b)),
        "interval" => (new IntervalType(IntervalUnit.MonthDayNanosecond), null, b => new IntervalDecoder((MonthDayNanosecondIntervalArray.Builder)b)),
        "uuid" => (UuidType.Default, null, b => new UuidDecoder((UuidArray.Builder)b)),
        "bytea" => (BinaryType.Default, null, b => new BytesDecoder((BinaryArray.Builder)b)),
        "jsonb" => (StringType.Default, null, b => new JsonbDecoder((StringArray.Builder)b)),
        "text" or "varchar" or "bpchar" or "name" or "json" or "xml" or "citext" or "char" => Text(null),
        _ when type.Kind == 'e' => Text(null),
        _ when type.Kind == 'c' => Text("to_json({0})::text"),
        // inet, timetz, bits, ranges, geometry, extensions' types: as PostgreSQL writes them.
        _ => Text("{0}::text"),
    };

    private (IArrowType, string?, Func<ArrayBuilder, ColumnDecoder>) Number(int? precision, int? scale) => numeric switch
    {
        NumericForm.Text => (StringType.Default, null, b => new NumericTextDecoder((StringArray.Builder)b)),
        _ when precision is >= 1 and <= 38 and var p && scale is >= 0 and var s && s <= p => (new Decimal128Type(p, s), null, b => new DecimalDecoder((Decimal128Array.Builder)b, s)),
        NumericForm.Double => (DoubleType.Default, "{0}::float8", b => new FixedDecoder<double, DoubleForm>((DoubleArray.Builder)b)),
        _ => (StringType.Default, null, b => new NumericTextDecoder((StringArray.Builder)b)),
    };

    private (IArrowType, string?, Func<ArrayBuilder, ColumnDecoder>) Text(string? cast) =>
        (StringType.Default, cast, checkText ? b => new UncheckedTextDecoder((StringArray.Builder)b) : b => new TextDecoder((StringArray.Builder)b));

    /// <summary>The types of these ids and all that they are made of.</summary>
    private static async Task<Dictionary<uint, PgType>> TypesAsync(NpgsqlConnection connection, IEnumerable<uint> oids, CancellationToken cancellationToken)
    {
        var sql = $"""
            WITH RECURSIVE needed(oid) AS (
              SELECT oid FROM pg_type WHERE oid IN ({string.Join(", ", oids.Distinct())})
              UNION SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END FROM needed n JOIN pg_type t ON t.oid = n.oid
                WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0))
            SELECT t.oid::int8, t.typname::text, t.typtype::text, (CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END)::int8, t.typbasetype::int8
            FROM pg_type t JOIN needed n ON n.oid = t.oid
            """;
        var types = new Dictionary<uint, PgType>();
        var command = new NpgsqlCommand(sql, connection);
        await using var _ = command.ConfigureAwait(false);
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var oid = (uint)reader.GetInt64(0);
            types[oid] = new PgType(oid, reader.GetString(1), reader.GetString(2)[0], (uint)reader.GetInt64(3), (uint)reader.GetInt64(4));
        }
        return types;
    }
}
