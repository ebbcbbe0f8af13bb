using System.Runtime.CompilerServices;
using FlowForge.Columnar;
using Npgsql;
using Npgsql.Replication;
using Npgsql.Replication.PgOutput;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>
/// Reads a table's changes by logical replication: a first snapshot without a gap, then inserts, updates, deletes and truncates in the order of
/// their commits, marked in <c>_ff_op</c> as i, u, d, t.
/// </summary>
[Connector("postgres_cdc", Title = "PostgreSQL changes", Description = "Reads the changes of a PostgreSQL table by logical replication, after a first snapshot.")]
public sealed class ChangesConnector(ConnectorContext<ChangesSpec> context) : IBatchSource, IStream, IAfterCommit, IReportHealth, ITestConnection, IDiscover, IDisposable
{
    private readonly ChangesSpec _spec = context.Settings;
    private readonly Server _server = new(context.Settings, context);
    private (string? Name, Marker Marker, ChangeTable Table)? _found;

    public async ValueTask<Schema> SchemaAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        var connection = await _server.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        return (await FindAsync(connection, request, cancellationToken).ConfigureAwait(false)).Table.Schema;
    }

    public async IAsyncEnumerable<SourceBatch> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = await _server.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var (marker, table) = await FindAsync(connection, request, cancellationToken).ConfigureAwait(false);
        var batches = request switch
        {
            { Limit: { } limit } => PreviewAsync(table, limit, cancellationToken),
            { Cursor: { } cursor } => ChangesAsync(connection, table, marker, ChangeCursor.Parse(cursor), cancellationToken),
            _ => SnapshotAsync(connection, table, cancellationToken),
        };
        await using var each = batches.GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(each, table, cancellationToken).ConfigureAwait(false)) yield return each.Current;
    }

    /// <summary>Confirms what is committed: only now may the server forget it.</summary>
    public async Task CommittedAsync(IReadOnlyList<string> filePaths, string? cursor, CancellationToken cancellationToken)
    {
        if (cursor is null) return;
        var connection = await _server.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        try { await Slot.AdvanceAsync(connection, ChangeCursor.Parse(cursor), cancellationToken).ConfigureAwait(false); }
        catch (Exception e) { throw Failures.From(e, "The replication slot", cancellationToken); }
    }

    /// <summary>What the connection's slots hold back, and how long the server's certificate lasts.</summary>
    public async Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken)
    {
        var connection = await _server.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        try { return [.. await ServerCertificates.FactsAsync(_spec, cancellationToken).ConfigureAwait(false), .. await SlotHealth.ReadAsync(connection, _spec.Slot, cancellationToken).ConfigureAwait(false)]; }
        catch (Exception e) { throw Failures.From(e, "The replication slots", cancellationToken); }
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            var connection = await _server.OpenAsync(cancellationToken).ConfigureAwait(false);
            await using var _ = connection.ConfigureAwait(false);
            if (await connection.ScalarAsync<string>("SELECT current_setting('wal_level')", cancellationToken).ConfigureAwait(false) is var level and not "logical")
                throw new TerminalException($"The server's wal_level is {level}: it keeps too little for changes to be read.", "Set wal_level = logical in postgresql.conf and restart the server.");
            if (!await connection.ScalarAsync<bool>("SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user", cancellationToken).ConfigureAwait(false))
                throw new TerminalException($"{_spec.User} may not read changes.", $"Run: ALTER ROLE {Sql.Name(_spec.User)} REPLICATION");
            var free = await connection.ScalarAsync<long>("SELECT current_setting('max_replication_slots')::int8 - (SELECT count(*) FROM pg_replication_slots)", cancellationToken).ConfigureAwait(false);
            return $"PostgreSQL {connection.PostgreSqlVersion.ToString(2)}, logical replication, {free} free slots";
        }
        catch (TransientException e) { throw new TerminalException(e.Message, "Check host and port, and whether the server runs.", e); }
        catch (NpgsqlException e) { throw Failures.From(e, "The server", cancellationToken); }
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = await _server.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        await foreach (var table in Discovery.ListAsync(connection, _spec.Schemas, cancellationToken, "'r', 'p'").ConfigureAwait(false)) yield return table;
    }

    /// <summary>First the marker, then the columns: whatever is read up to the marker is older than they are.</summary>
    private async Task<(Marker Marker, ChangeTable Table)> FindAsync(NpgsqlConnection connection, ReadRequest request, CancellationToken cancellationToken)
    {
        var name = request.Table ?? _spec.TableName ?? throw new TerminalException("table_name is not given.", "Say which table's changes to read.");
        if (_found is { } known && known.Name == name) return (known.Marker, known.Table);
        try
        {
            var marker = request.Limit is null ? await Marker.WriteAsync(connection, cancellationToken).ConfigureAwait(false) : Marker.None;
            var table = await ChangeTable.FindAsync(connection, _spec, name, cancellationToken).ConfigureAwait(false);
            if (request.Limit is null) _found = (name, marker, table);
            return (marker, table);
        }
        catch (Exception e) { throw Failures.From(e, name, cancellationToken); }
    }

    /// <summary>Makes the slot anew: without a cursor nothing that an older one keeps was ever committed.</summary>
    private async IAsyncEnumerable<SourceBatch> SnapshotAsync(NpgsqlConnection connection, ChangeTable table, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var name = Slot.NameFor(_spec, table.Relation);
        await SlotOwner.CheckAsync(connection, name, context.Job, cancellationToken).ConfigureAwait(false);
        await Slot.DropAsync(connection, name, cancellationToken).ConfigureAwait(false);
        await Slot.PublishAsync(connection, _spec, table.Relation, name, null, cancellationToken).ConfigureAwait(false);
        await SlotOwner.NoteAsync(connection, name, context.Job, cancellationToken).ConfigureAwait(false);
        var replication = new LogicalReplicationConnection(_server.Settings().ConnectionString);
        await using var _ = replication.ConfigureAwait(false);
        await replication.Open(cancellationToken).ConfigureAwait(false);
        var slot = await replication.CreatePgOutputReplicationSlot(name, slotSnapshotInitMode: LogicalSlotSnapshotInitMode.Export, cancellationToken: cancellationToken).ConfigureAwait(false);
        context.Log.Information($"{table.Plan.Where}: first snapshot at {slot.ConsistentPoint}, slot {name}");
        var statements = await ReadPlan.PartsAsync(connection, _spec.Readers, table.Relation, table.Plan.Select, cancellationToken).ConfigureAwait(false);
        RecordBatch? last = null;
        await foreach (var batch in new SnapshotReader(_server, table.Plan with { Statements = statements }, slot.SnapshotName).ReadAsync(_spec.Readers, cancellationToken).ConfigureAwait(false))
        {
            if (last is not null) yield return new SourceBatch(table.AsInserts(last));
            last = batch.Rows;
        }
        yield return new SourceBatch(last is null ? table.Empty() : table.AsInserts(last), new ChangeCursor(slot.ConsistentPoint, name).ToString());
    }

    private async IAsyncEnumerable<SourceBatch> ChangesAsync(NpgsqlConnection connection, ChangeTable table, Marker marker, ChangeCursor cursor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Slot.CheckAsync(connection, table.Relation, cursor, cancellationToken).ConfigureAwait(false);
        var publication = await Slot.PublishAsync(connection, _spec, table.Relation, cursor.Slot, cursor, cancellationToken).ConfigureAwait(false);
        var asked = false;
        var decoder = new ChangeDecoder(table, cursor.Lsn, marker.Text, key =>
        {
            if (!asked) context.Log.Warning($"{table.Relation} has long values that updates leave out: they are asked for one by one. ALTER TABLE {table.Relation.Sql} REPLICA IDENTITY FULL makes the server send them.");
            asked = true;
            return PresentRow.Read(connection, table, key);
        });
        await foreach (var batch in new ChangeStream(_server, publication, decoder, cursor, marker, _spec.ChangesAtATime, context.Log).ReadAsync(cancellationToken).ConfigureAwait(false)) yield return batch;
    }

    private async IAsyncEnumerable<SourceBatch> PreviewAsync(ChangeTable table, long limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var plan = table.Plan with { Statements = [$"{table.Plan.Select}{table.Relation.Sql} LIMIT {Math.Max(0, limit)}"] };
        await foreach (var batch in new SnapshotReader(_server, plan, null).ReadAsync(1, cancellationToken).ConfigureAwait(false)) yield return new SourceBatch(table.AsInserts(batch.Rows));
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<SourceBatch> batches, ChangeTable table, CancellationToken cancellationToken)
    {
        try { return await batches.MoveNextAsync().ConfigureAwait(false); }
        catch (Exception e) { throw Failures.From(e, table.Plan.Where, cancellationToken); }
    }

    public void Dispose() => _server.Dispose();
}
