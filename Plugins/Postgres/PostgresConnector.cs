using System.Runtime.CompilerServices;
using FlowForge.Columnar;
using FlowForge.Plugins.Postgres.Writing;
using Npgsql;

namespace FlowForge.Plugins.Postgres;

/// <summary>Reads tables and queries of a PostgreSQL server by binary COPY, on one snapshot; writes tables by binary COPY, in one transaction.</summary>
[Connector("postgres", Title = "PostgreSQL", Description = "Reads tables and queries of a PostgreSQL database, and takes deliveries of tables.")]
public sealed class PostgresConnector(ConnectorContext<PostgresSpec> context) : IBatchSource, IMarkedSink, ITestConnection, IDiscover, IReportHealth, IDisposable
{
    private readonly PostgresSpec _spec = context.Settings;
    private readonly Server _server = new(context.Settings, context);

    public async ValueTask<Schema> SchemaAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        var connection = await _server.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        try { return (await ReadPlan.DescribeAsync(connection, _spec, request, cancellationToken).ConfigureAwait(false)).Schema; }
        catch (Exception e) { throw Failures.From(e, What(request), cancellationToken); }
    }

    public async IAsyncEnumerable<SourceBatch> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = await _server.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var (plan, snapshot) = await PlanAsync(connection, request, cancellationToken).ConfigureAwait(false);
        var reader = new SnapshotReader(_server, plan, snapshot);
        context.Log.Debug($"{plan.Where}: {plan.Statements.Count} parts, {(snapshot is null ? 1 : _spec.Readers)} readers");
        await foreach (var batch in reader.ReadAsync(_spec.Readers, cancellationToken).ConfigureAwait(false)) yield return batch;
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            var connection = await _server.OpenAsync(cancellationToken).ConfigureAwait(false);
            await using var _ = connection.ConfigureAwait(false);
            var tables = await connection.ScalarAsync<long>("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND n.nspname = ANY($1::text[]) AND has_table_privilege(c.oid, 'SELECT')", cancellationToken, _spec.Schemas.ToArray()).ConfigureAwait(false);
            return $"PostgreSQL {connection.PostgreSqlVersion.ToString(2)}, {tables} readable tables in {string.Join(", ", _spec.Schemas)}";
        }
        catch (TransientException e)
        {
            throw new TerminalException(e.Message, "Check host and port, and whether the server runs.", e);
        }
        catch (NpgsqlException e)
        {
            throw Failures.From(e, "The server", cancellationToken);
        }
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = await _server.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        await foreach (var table in Discovery.ListAsync(connection, _spec.Schemas, cancellationToken).ConfigureAwait(false)) yield return table;
    }

    /// <summary>How long the server's certificate lasts. Nobody logs in for it.</summary>
    public Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken) => ServerCertificates.FactsAsync(_spec, cancellationToken);

    public Task<WriteMark?> MarkAsync(string table, CancellationToken cancellationToken) => new TableWriter(_server, _spec.Schemas, context.Log).MarkAsync(table, cancellationToken);

    public Task<long> WriteAsync(WriteRequest request, IAsyncEnumerable<RecordBatch> batches, CancellationToken cancellationToken) =>
        new TableWriter(_server, _spec.Schemas, context.Log).WriteAsync(request, batches, cancellationToken);

    /// <summary>The plan, and the snapshot that the connection's open transaction exports when several readers are worth it.</summary>
    private async Task<(ReadPlan Plan, string? Snapshot)> PlanAsync(NpgsqlConnection connection, ReadRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await connection.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", cancellationToken).ConfigureAwait(false);
            var plan = await ReadPlan.MakeAsync(connection, _spec, request, cancellationToken).ConfigureAwait(false);
            return plan.Statements.Count == 1 ? (plan, null) : (plan, await connection.ScalarAsync<string>("SELECT pg_export_snapshot()", cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            throw Failures.From(e, What(request), cancellationToken);
        }
    }

    private string What(ReadRequest request) => request.Table ?? _spec.TableName ?? "The query";

    public void Dispose() => _server.Dispose();
}
