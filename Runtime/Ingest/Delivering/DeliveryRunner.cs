using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Lake.Files;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Delivering;

/// <summary>
/// Runs deliveries: a version of a table → files → the sink. Thread-safe; one for a host. Every step can be repeated: what is there is found again, and
/// what may be half done is put again under the same name.
/// </summary>
public sealed class DeliveryRunner(LakeStore lake, ConnectorOpener opener, DuckFactory duck, CatalogDatabase catalog, IngestOptions options)
{
    /// <summary>Runs one attempt of a delivery.</summary>
    /// <param name="delivery">With the run's values filled in.</param>
    /// <param name="request">The same for every attempt but for its number; the version of the table is pinned in it when the run made the table.</param>
    /// <param name="progress">Told a few times a second, on any thread.</param>
    /// <param name="log">What people read.</param>
    /// <param name="ct">Ends the attempt; the sink keeps what it had.</param>
    /// <exception cref="JobFailedException">The attempt failed; says what, and whether trying again may help.</exception>
    public async Task<JobOutcome> RunAsync(DeliveryDefinition delivery, JobRequest request, IProgress<JobProgress> progress, IJobLog log, CancellationToken ct)
    {
        ConnectionGuard.Use? use = null;
        try
        {
            var snapshot = Version(delivery, request);
            using var held = lake.Table(TableName.Parse(delivery.From)).Hold(snapshot);
            using var scratch = new ScratchFolder(options.TemporaryFolder);
            use = opener.Begin(delivery.Connection);
            var lease = opener.OpenSink(delivery, request, log);
            await using (lease.ConfigureAwait(false))
            {
                var job = new DeliveryJob(delivery, request, snapshot, new DeliveredRows(duck, scratch.Directory, progress), catalog.Deliveries, log, options.Clock);
                var outcome = await (lease.Connector switch
                {
                    IFileSink files when delivery is { Path: not null, Mode: DeliveryMode.Append } => new FolderDelivery(job, new SinkFiles(files, delivery.Target), lake).RunAsync(ct),
                    IFileSink files when delivery.Path is not null => new FileDelivery(job, new SinkFiles(files, delivery.Target)).RunAsync(ct),
                    IMarkedSink marked when delivery.Table is not null => new MarkedDelivery(job, marked, lake).RunAsync(ct),
                    ISink rows when delivery is { Table: not null, Mode: DeliveryMode.Replace } => new TableDelivery(job, rows).RunAsync(ct),
                    _ => throw Cannot(delivery, lease),
                }).ConfigureAwait(false);
                use?.Succeeded();
                return outcome;
            }
        }
        catch (Exception e) when (ct.IsCancellationRequested && e is not JobFailedException { Transient: false })
        {
            throw new OperationCanceledException("The delivery was cancelled.", e, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var failure = Failures.From(e);
            use?.Failed(failure, passing: failure.Code is "FF2306" or "FF5040" or "FF5041");
            throw failure;
        }
        finally
        {
            use?.Dispose();
        }
    }

    private static JobFailedException Cannot(DeliveryDefinition delivery, ConnectorLease lease) => new(
        "FF2302", $"{delivery.Id} cannot be written: the connector '{lease.Descriptor.Name}' takes {(lease.Connector is IFileSink ? "files, and the delivery names no path" : lease.Connector is ISink ? "rows of a table, and only such as replace all of it" : "nothing")}.",
        "The list of connectors says what each can do: those with file_sink need a path, those with sink a table.");

    private TableSnapshot Version(DeliveryDefinition delivery, JobRequest request)
    {
        var table = lake.Table(TableName.Parse(delivery.From));
        if (request.InputVersions.TryGetValue(delivery.From, out var version))
            return table.At(version) ?? throw new JobFailedException("FF2301", $"{delivery.Id} delivers {delivery.From} at version {version}, which does not exist.", "Start a new run; its tables are pinned anew.");
        return table.Latest() ?? throw new JobFailedException("FF2301", $"{delivery.Id} delivers {delivery.From}, which does not exist yet.", "Run the job that makes it first.");
    }
}

/// <summary>What the parts of one attempt share.</summary>
internal sealed record DeliveryJob(
    DeliveryDefinition Delivery, JobRequest Request, TableSnapshot Table, DeliveredRows Rows, DeliveryStore Book, IJobLog Log, TimeProvider Clock)
{
    /// <summary>Of a file, or of a folder with a slash at its end.</summary>
    public string Path { get; } = Delivery is { Mode: DeliveryMode.Append, Path: { } folder } ? folder.TrimEnd('/') + "/" : Delivery.Path ?? "";

    /// <summary>What the catalog knows the target by.</summary>
    public string Target => $"{Delivery.Connector ?? Delivery.To}{(Delivery.Connection is { } c ? $"@{c}" : "")}:{(Delivery.Table is { } table ? table : Delivery.Connection is null && !System.IO.Path.IsPathRooted(Path) ? System.IO.Path.Combine(Request.BaseDirectory, Path) : Path)}";

    /// <summary>The pipeline's name and the delivery's.</summary>
    public string Name => $"{Request.Pipeline}/{Delivery.Name}";

    public DeliveryRecord? Known => Book.Find(Request.Pipeline, Delivery.Name, Target);

    /// <summary>Before the first write there.</summary>
    public void Begin() => Book.Begin(Request.Pipeline, Delivery.Name, Target, Delivery.From, Clock.GetUtcNow());

    /// <summary>After the last.</summary>
    /// <param name="run">The run that delivered it; this one unless said otherwise.</param>
    public void Record(long rows, long bytes, string? run = null) => Book.Record(new(Request.Pipeline, Delivery.Name, Target, Delivery.From)
    {
        TableId = Table.TableId, Version = Table.Version, Settings = Delivery.Format, Rows = rows, Bytes = bytes, RunId = run ?? Request.RunId, DeliveredAt = Clock.GetUtcNow(),
    });

    /// <summary>The outcome when another run has put a later version there, which stays unless a full refresh is asked for; else null.</summary>
    public JobOutcome? Overtaken(string? tableId, long? version)
    {
        if (Request.FullRefresh || tableId != Table.TableId || !(version > Table.Version)) return null;
        Log.Info($"Version {version} of {Delivery.From} is there, which is later than version {Table.Version}: it stays.");
        return Done(0, 0, $"the later version {version} is there already");
    }

    /// <summary>What is there is not ours to replace.</summary>
    public JobFailedException NotOurs(string what)
    {
        var others = Book.OfTarget(Target).Where(d => (d.Pipeline, d.Name) != (Request.Pipeline, Delivery.Name)).Select(d => $"{d.Pipeline}/{d.Name}").ToList();
        return new("FF2303", $"{Delivery.Id} would replace {what}, which {(others.Count > 0 ? $"the delivery {string.Join(", ", others)} wrote" : "it did not write")}. Nothing was changed there.", "Move what is there away, or give the delivery another path.");
    }

    /// <param name="rows">Rows that this delivery put there.</param>
    public static JobOutcome Done(long rows, long bytes, string note, bool already = false) => new() { Counts = new RowCounts(rows, rows), Bytes = bytes, Note = note, AlreadyDone = already };
}
