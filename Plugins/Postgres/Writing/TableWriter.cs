using FlowForge.Columnar;
using Npgsql;

namespace FlowForge.Plugins.Postgres.Writing;

/// <summary>
/// Writes rows into a table in one transaction that ends with the mark of what was written. Nobody waits for it and nobody sees a part of it: rows that are replaced are deleted, not truncated, so that
/// even readers whose snapshot is older keep theirs; the table, with its indexes, grants, views and policies, stays the one that it was.
/// </summary>
internal sealed class TableWriter(Server server, IReadOnlyList<string> schemas, IConnectorLog log)
{
    private const string Stage = "pg_temp.flowforge_changes";

    public async Task<WriteMark?> MarkAsync(string table, CancellationToken cancellationToken)
    {
        var connection = await server.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        try { return await Marks.ReadAsync(connection, await TargetTable.FindAsync(connection, table, schemas, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false); }
        catch (Exception e) when (WriteFailures.Concern(e)) { throw WriteFailures.From(e, table, cancellationToken); }
    }

    public async Task<long> WriteAsync(WriteRequest request, IAsyncEnumerable<RecordBatch> batches, CancellationToken cancellationToken)
    {
        var connection = await server.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var where = request.Table;
        try
        {
            var table = await BeginAsync(connection, request.Table, cancellationToken).ConfigureAwait(false);
            where = table.ToString();
            var mark = await Marks.ReadAsync(connection, table, cancellationToken).ConfigureAwait(false);
            if (mark is not null && mark.Key == request.Key && mark.Writer == request.Writer) return mark.Written;
            await CheckOwnerAsync(connection, table, request, mark, cancellationToken).ConfigureAwait(false);

            var writing = new Writing(connection, table, request, mark?.Rows ?? 0);
            var next = request.Replace ? await ReplaceAsync(writing, batches, cancellationToken).ConfigureAwait(false)
                : request.Keys.Count > 0 ? await MergeAsync(writing, batches, cancellationToken).ConfigureAwait(false)
                : await AppendAsync(writing, batches, cancellationToken).ConfigureAwait(false);
            await Marks.WriteAsync(connection, table, next, cancellationToken).ConfigureAwait(false);
            await connection.ExecuteAsync("COMMIT", cancellationToken).ConfigureAwait(false);
            log.Debug($"{table}: {next.Written} rows written, {next.Rows} are there");
            await TidyAsync(connection, table, leftRows: mark is not null && (request.Replace || request.Keys.Count > 0), cancellationToken).ConfigureAwait(false);
            return next.Written;
        }
        catch (Exception e) when (WriteFailures.Concern(e))
        {
            throw WriteFailures.From(e, where, cancellationToken);
        }
    }

    /// <summary>Begins the transaction; one writer at a time has the table.</summary>
    private async Task<TargetTable> BeginAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        var table = await TargetTable.FindAsync(connection, name, schemas, cancellationToken).ConfigureAwait(false);
        await Marks.EnsureAsync(connection, table.Schema, cancellationToken).ConfigureAwait(false);
        await connection.ExecuteAsync($"BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '30s'; SELECT pg_advisory_xact_lock(hashtextextended({Sql.Text($"flowforge {table}")}, 0))", cancellationToken).ConfigureAwait(false);
        return table.Oid is not null ? table : await TargetTable.FindAsync(connection, name, schemas, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CheckOwnerAsync(NpgsqlConnection connection, TargetTable table, WriteRequest request, WriteMark? mark, CancellationToken cancellationToken)
    {
        TargetTable.CheckNames(request.Schema.FieldsList, table.ToString());
        if (mark is not null && mark.Writer != request.Writer)
            throw new TerminalException($"{table} holds the rows of {mark.Writer}. Nothing was changed there.", "Deliver into another table, or drop that one.");
        if (mark is null && table.Oid is not null && await connection.ScalarAsync<bool>($"SELECT EXISTS (SELECT 1 FROM {table.Sql})", cancellationToken).ConfigureAwait(false))
            throw new TerminalException($"{table} holds rows that no delivery wrote. Nothing was changed there.", "Deliver into another table, or empty that one.");
        if (!request.Replace && mark?.Key != request.After)
            throw new TransientException($"{table} was written by somebody else meanwhile.");
    }

    private static async Task<WriteMark> ReplaceAsync(Writing writing, IAsyncEnumerable<RecordBatch> batches, CancellationToken cancellationToken)
    {
        var (connection, table, request, _) = writing;
        var isNew = table.Oid is null;
        if (isNew)
        {
            await connection.ExecuteAsync(table.CreateSql(request.Schema.FieldsList), cancellationToken).ConfigureAwait(false);
            table = await TargetTable.FindAsync(connection, table.ToString(), [table.Schema], cancellationToken).ConfigureAwait(false);
        }
        else if (request.Keys.Count > 0) await CheckKeyAsync(connection, table, request.Keys, cancellationToken).ConfigureAwait(false);
        using var rows = new RowEncoder(request.Schema.FieldsList, await table.FitAsync(connection, request.Schema.FieldsList, cancellationToken).ConfigureAwait(false), table.ToString());
        if (!isNew) await EmptyAsync(connection, table, cancellationToken).ConfigureAwait(false);
        await rows.CopyAsync(connection, table.Sql, batches, cancellationToken).ConfigureAwait(false);
        if (isNew && request.Keys.Count > 0) await connection.ExecuteAsync($"ALTER TABLE {table.Sql} ADD PRIMARY KEY ({string.Join(", ", request.Keys.Select(Sql.Name))})", cancellationToken).ConfigureAwait(false);
        var there = await connection.ScalarAsync<long>($"SELECT count(*) FROM {table.Sql}", cancellationToken).ConfigureAwait(false);
        return there == rows.Sent ? new WriteMark(request.Writer, request.Key, rows.Sent, there) : throw DoesNotAddUp(table, $"{rows.Sent} rows were written, and {there} are there");
    }

    private static async Task<WriteMark> AppendAsync(Writing writing, IAsyncEnumerable<RecordBatch> batches, CancellationToken cancellationToken)
    {
        var (connection, table, request, before) = writing;
        using var rows = new RowEncoder(request.Schema.FieldsList, await table.FitAsync(connection, request.Schema.FieldsList, cancellationToken).ConfigureAwait(false), table.ToString());
        await rows.CopyAsync(connection, table.Sql, batches, cancellationToken).ConfigureAwait(false);
        // What the server counts for this transaction; it does not when track_counts is off.
        var taken = await connection.ScalarAsync<long>(
            $"SELECT CASE WHEN current_setting('track_counts')::bool THEN (SELECT sum(pg_stat_get_xact_tuples_inserted(r))::int8 FROM (SELECT $1::oid UNION SELECT relid FROM pg_partition_tree($1::oid::regclass)) t(r)) ELSE (SELECT count(*) FROM {table.Sql}) - $2::int8 END",
            cancellationToken, table.Oid!.Value, before).ConfigureAwait(false);
        return taken == rows.Sent ? new WriteMark(request.Writer, request.Key, rows.Sent, before + rows.Sent) : throw DoesNotAddUp(table, $"{rows.Sent} rows were written, and {taken} were taken");
    }

    /// <summary>The changes go into a table of this session first; then rows go, are changed and come, each as many as the changes say.</summary>
    private static async Task<WriteMark> MergeAsync(Writing writing, IAsyncEnumerable<RecordBatch> batches, CancellationToken cancellationToken)
    {
        var (connection, table, request, before) = writing;
        var fields = request.Schema.FieldsList;
        if (fields[^1].Name != WriteRequest.Change) throw new TerminalException($"{table}: changes need {WriteRequest.Change} as their last column.");
        var columns = fields.SkipLast(1).ToList();
        var names = columns.Select(c => Sql.Name(c.Name)).ToList();
        await CheckKeyAsync(connection, table, request.Keys, cancellationToken).ConfigureAwait(false);
        var encoders = await table.FitAsync(connection, columns, cancellationToken).ConfigureAwait(false);
        await connection.ExecuteAsync($"CREATE TEMP TABLE flowforge_changes ON COMMIT DROP AS SELECT {string.Join(", ", names)}, ''::text AS {Sql.Name(WriteRequest.Change)} FROM {table.Sql} WITH NO DATA", cancellationToken).ConfigureAwait(false);
        using var rows = new RowEncoder(fields, [.. encoders, new TextEncoder(jsonb: false)], table.ToString());
        await rows.CopyAsync(connection, Stage, batches, cancellationToken).ConfigureAwait(false);
        await connection.ExecuteAsync($"ANALYZE {Stage}", cancellationToken).ConfigureAwait(false);

        var same = string.Join(" AND ", request.Keys.Select(k => $"t.{Sql.Name(k)} = s.{Sql.Name(k)}"));
        var others = columns.Where(c => !request.Keys.Contains(c.Name)).Select(c => $"{Sql.Name(c.Name)} = s.{Sql.Name(c.Name)}").ToList();
        var (deleted, updated, inserted) = (await CountAsync("d").ConfigureAwait(false), await CountAsync("u").ConfigureAwait(false), await CountAsync("i").ConfigureAwait(false));
        if (deleted + updated + inserted != rows.Sent) throw DoesNotAddUp(table, $"{rows.Sent} changes were written, and {deleted + updated + inserted} were taken");
        await StepAsync("gone", deleted, $"DELETE FROM {table.Sql} t USING {Stage} s WHERE {same} AND {Kind("d")}").ConfigureAwait(false);
        if (others.Count > 0) await StepAsync("changed", updated, $"UPDATE {table.Sql} t SET {string.Join(", ", others)} FROM {Stage} s WHERE {same} AND {Kind("u")}").ConfigureAwait(false);
        await StepAsync("new", inserted, $"INSERT INTO {table.Sql} ({string.Join(", ", names)}) SELECT {string.Join(", ", names)} FROM {Stage} s WHERE {Kind("i")}").ConfigureAwait(false);
        return new WriteMark(request.Writer, request.Key, rows.Sent, before + inserted - deleted);

        static string Kind(string change) => $"s.{Sql.Name(WriteRequest.Change)} = {Sql.Text(change)}";

        Task<long> CountAsync(string change) => connection.ScalarAsync<long>($"SELECT count(*) FROM {Stage} s WHERE {Kind(change)}", cancellationToken);

        async Task StepAsync(string what, long expected, string sql)
        {
            var command = connection.Command(sql);
            await using var _ = command.ConfigureAwait(false);
            var done = await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            if (done != expected) throw DoesNotAddUp(table, $"{expected} rows are {what}, and {done} of them were found");
        }
    }

    private static async Task CheckKeyAsync(NpgsqlConnection connection, TargetTable table, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        if (await table.HasKeyAsync(connection, keys, cancellationToken).ConfigureAwait(false)) return;
        var names = string.Join(", ", keys);
        throw new TerminalException($"{table} has no primary key and no unique index of ({names}), by which its rows are merged.", $"Run CREATE UNIQUE INDEX ON {table.Sql} ({string.Join(", ", keys.Select(Sql.Name))}).");
    }

    private static async Task EmptyAsync(NpgsqlConnection connection, TargetTable table, CancellationToken cancellationToken)
    {
        var references = await connection.ScalarAsync<string>(
            "SELECT string_agg(DISTINCT conrelid::regclass::text, ', ') FROM pg_constraint WHERE contype = 'f' AND confrelid = $1::oid AND conrelid <> confrelid", cancellationToken, table.Oid!.Value).ConfigureAwait(false);
        if (references is { Length: > 0 })
            throw new TerminalException($"Rows of {references} refer to {table} by a foreign key: replacing all of its rows would take them along, or fail. Nothing was changed there.", "Deliver with mode: merge and keys, or drop the foreign key.");
        await connection.ExecuteAsync($"DELETE FROM {table.Sql}", cancellationToken).ConfigureAwait(false);
    }

    private static TerminalException DoesNotAddUp(TargetTable table, string what) =>
        new($"{table}: {what}. Nothing was changed there.", "Somebody else writes into the table, or a trigger, rule or policy there changes what is written. Without those, a run with a full refresh delivers all rows anew.");

    /// <summary>The room of rows that went is free for the next write, and the planner knows the new ones. What was written stands whether this works or not.</summary>
    private async Task TidyAsync(NpgsqlConnection connection, TargetTable table, bool leftRows, CancellationToken cancellationToken)
    {
        try
        {
            await connection.ExecuteAsync("SET lock_timeout = '5s'", cancellationToken).ConfigureAwait(false);
            await connection.ExecuteAsync($"{(leftRows ? "VACUUM (ANALYZE)" : "ANALYZE")} {table.Sql}", cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (WriteFailures.Concern(e) || e is OperationCanceledException)
        {
            log.Warning($"{table} was written, and not vacuumed: {e.Message}");
        }
    }

    /// <summary>What a write works on.</summary>
    /// <param name="Before">Rows of the writer's that are there.</param>
    private sealed record Writing(NpgsqlConnection Connection, TargetTable Table, WriteRequest Request, long Before);
}
