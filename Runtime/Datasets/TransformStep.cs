using System.Runtime.CompilerServices;
using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Duck;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Datasets;

/// <summary>Sends the rows of a dataset's SQL through a transform plugin: a second session reads them while the first writes what comes back.</summary>
internal sealed class TransformStep : IDisposable
{
    private const string Source = "dataset_transformed";
    private readonly ConnectorLease lease;
    private readonly DuckSession reading;
    private readonly DuckSession writing;

    /// <exception cref="JobFailedException">There is no such transform, or its settings are not right.</exception>
    public TransformStep(DatasetJob job, PluginRegistry? plugins, DatasetEngine engine)
    {
        writing = engine.Session;
        lease = Open(job, plugins);
        reading = engine.Connect(job.Request);
        try
        {
            var transform = lease.Connector as ITransform
                ?? throw new JobFailedException("FF3230", $"'{job.Dataset.Transform}' is no transform: it has {string.Join(", ", lease.Descriptor.Abilities)}.", "Name a plugin that implements ITransform.");
            var input = DatasetSql.Bind(reading, job.Dataset);
            Schema schema;
            using (var probe = reading.Query($"SELECT * FROM ({input.Select}) AS probed LIMIT 0", job.Cancel)) schema = probe.Schema;
            var output = transform.SchemaAsync(schema, job.Cancel).AsTask().GetAwaiter().GetResult();
            writing.RegisterSource(Source, output, ct => Rows(transform, input.Select, ct));
            Sql = DatasetSql.Bind(writing, job.Dataset with { Sql = $"SELECT * FROM {Source}", SqlLine = null });
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The rows that the transform gives.</summary>
    public DatasetSql Sql { get; } = null!;

    private async IAsyncEnumerable<RecordBatch> Rows(ITransform transform, string select, [EnumeratorCancellation] CancellationToken ct)
    {
        using var reader = reading.Query(select, ct);
        await foreach (var batch in transform.TransformAsync(reader.ReadAllAsync(ct), ct).WithCancellation(ct).ConfigureAwait(false)) yield return batch;
    }

    private static ConnectorLease Open(DatasetJob job, PluginRegistry? plugins)
    {
        var name = job.Dataset.Transform!;
        try
        {
            return (plugins ?? throw new PluginException("No plugins are loaded here.")).Open(name, new OpenRequest
            {
                Settings = job.Dataset.Config, BaseDirectory = job.Request.BaseDirectory, AllowedRoots = [job.Request.BaseDirectory], Log = new TransformLog(job.Log),
            });
        }
        catch (Exception e) when (e is PluginException or SettingsException or TerminalException)
        {
            throw new JobFailedException("FF3230", $"The transform '{name}' of {job.Dataset.Table} cannot be opened: {e.Message}", "Correct 'transform' and 'config', or add the plugin's folder.", inner: e);
        }
    }

    public void Dispose()
    {
        writing.UnregisterSource(Source);
        reading?.Dispose();
        lease.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private sealed class TransformLog(IJobLog log) : IConnectorLog
    {
        public void Debug(string message) => log.Debug(message);

        public void Information(string message) => log.Info(message);

        public void Warning(string message) => log.Warning(message);
    }
}
