using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FlowForge.Api.Connections;
using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Ingest;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using SourceKind = FlowForge.Contracts.SourceKind;

namespace FlowForge.Api.Sources;

/// <summary>What ingest jobs read and how they have been going: every figure from the catalog, none guessed. Thread-safe.</summary>
internal sealed partial class SourceCards(CatalogDatabase catalog, KnownDefinitions definitions, ConnectionViews connections, ConnectionBook book, ConnectionStore health, PluginRegistry plugins, PipelineViews pipelines, Ingestions ingestions, SourceArrivals arrivals, TimeProvider clock)
{
    private const int NewestFiles = 3, MostNew = 100, MostText = 140;
    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(30);
    private static readonly string[] Hosts = ["host", "base_url", "endpoint", "url", "bootstrap_servers", "brokers", "bucket", "database_file", "path"];
    private static readonly string[] What = ["path", "table_name", "collection", "resource", "url", "endpoint", "topic", "topics", "stream", "queue", "prefix", "query"];

    public Contracts.Page<SourceCard> List(SourceKind? kind, string? search, int page, int size)
    {
        var all = Jobs().Where(j => (kind is null || KindOf(j.Job) == kind) && (search is null || Holds(j))).OrderBy(j => j.Stored.Name, StringComparer.Ordinal).ThenBy(j => j.Job.Name, StringComparer.Ordinal).ToList();
        // What costs is asked for the shown ones alone, and what they share once.
        var shown = all.Skip((page - 1) * size).Take(size).ToList();
        var known = shown.Any(j => j.Job.Connection is not null) ? connections.List().DistinctBy(c => c.Name).ToDictionary(c => c.Name, StringComparer.Ordinal) : [];
        return new Contracts.Page<SourceCard>([.. shown.Select(j => Card(j.Stored, j.Job, known))], all.Count, page, size);

        bool Holds((PipelineVersion Stored, IngestDefinition Job) j) => new[] { j.Stored.Name, j.Job.Name, j.Job.Connection, j.Job.Connector, Reads(j.Job) }.Any(t => t?.Contains(search!, StringComparison.OrdinalIgnoreCase) == true);
    }

    public async Task<SourceLook> LookAsync(string pipeline, string name, CancellationToken ct)
    {
        var stored = catalog.Pipelines.Get(pipeline) ?? throw ProblemException.NotFound("FF4032", $"There is no pipeline '{pipeline}'.", "GET /api/v1/pipelines lists them.");
        var job = definitions.Get(stored)?.Ingest.FirstOrDefault(i => i.Name == name) ?? throw ProblemException.NotFound("FF4120", $"Pipeline {pipeline} has no ingest job '{name}'.");
        if (KindOf(job) != SourceKind.File) throw new ProblemException(StatusCodes.Status422UnprocessableEntity, "FF4138", "Nothing to list", $"The source of {name} has no files.", "A dry run shows what it would read.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(LookLimit);
        try
        {
            var listed = await arrivals.ListAsync(job, new JobRequest { RunId = "", Pipeline = pipeline, PipelineVersion = stored.Version, JobId = "ingest." + name, BaseDirectory = stored.BaseDirectory, RunTime = clock.GetUtcNow(), TxnVersion = 0 }, limit.Token);
            var seen = catalog.Files.Seen("bronze." + job.Table);
            var fresh = listed.Select(f => (Path: f.Key, Stamp: f.Value.Split('|', 3))).Where(f => !seen.Contains((f.Path, long.TryParse(f.Stamp[0], out var size) ? size : 0, Kept(f.Stamp[1])))).ToList();
            var paths = seen.Select(s => s.Path).ToHashSet(StringComparer.Ordinal);
            return new SourceLook(listed.Count, fresh.Count, [.. fresh.Take(MostNew).Select(f => new NewSourceFile(f.Path, long.TryParse(f.Stamp[0], out var bytes) ? bytes : null,
                long.TryParse(f.Stamp[1], out var ticks) ? new DateTimeOffset(ticks, TimeSpan.Zero) : null, paths.Contains(f.Path)))], clock.GetUtcNow());
        }
        catch (JobFailedException e)
        {
            throw new ProblemException(StatusCodes.Status422UnprocessableEntity, e.Code, "The source cannot be listed", SecretMask.Hide(e.Message), e.Suggestion);
        }
        catch (Exception e) when (e is Plugins.TerminalException or Plugins.TransientException)
        {
            throw new ProblemException(StatusCodes.Status422UnprocessableEntity, "FF5026", "The source cannot be listed", SecretMask.Hide(e.Message), null);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new ProblemException(StatusCodes.Status504GatewayTimeout, "FF4139", "Listing took too long", $"The source of {name} was not listed in {LookLimit.TotalSeconds:0} seconds.", "Narrow its pattern.");
        }
    }

    // The catalog keeps microseconds.
    private static string Kept(string ticks) => long.TryParse(ticks, out var t) ? (t / 10 * 10).ToString(CultureInfo.InvariantCulture) : "";

    private SourceCard Card(PipelineVersion stored, IngestDefinition job, Dictionary<string, ConnectionSummary> known)
    {
        var (id, table) = ("ingest." + job.Name, job.ForceToParquet && job.Tables.Count == 0 ? "bronze." + job.Table : null);
        var kind = KindOf(job);
        var last = catalog.Runs.Latest(stored.Name, id);
        var run = last is null ? null : catalog.Runs.Get(last.RunId);
        var connection = job.Connection is { } name ? known.GetValueOrDefault(name) : null;
        var files = kind == SourceKind.File && table is not null ? catalog.Files.List(table, 1, NewestFiles) : null;
        var schemas = table is null ? [] : catalog.Schemas.List(table, 2);
        return new SourceCard
        {
            Pipeline = stored.Name, Job = job.Name, Kind = kind, Connector = job.Connector ?? job.SourceType, ConnectorTitle = plugins.Find(job.Connector ?? "")?.Title, Connection = job.Connection, Table = table,
            Host = Host(job), Reads = Reads(job), LastTest = connection?.LastTest, NextSync = pipelines.NextRun(definitions.Get(stored)), Errors24h = catalog.Runs.Failures(stored.Name, id, clock.GetUtcNow().AddDays(-1)),
            LastSync = last is null || run is null ? null : ingestions.ToIngestion(stored.Name, run.PipelineVersion, run.Trigger, last),
            FilesRead = files?.Total, NewestFiles = [.. (files?.Items ?? []).Select(f => new SourceFileEntry(f.Path, f.Size, f.Rows, f.SeenAt, f.Modified, f.DuplicateOf is not null))],
            Watermark = table is null ? null : catalog.Watermarks.OfTable(table).FirstOrDefault(w => w.Pipeline == stored.Name && w.JobId == id)?.Value,
            HeldChanges = table is null ? 0 : catalog.Holds.Open(table, stored.Name, id).Count(h => h.State == HoldState.Pending), SchemaChangedAt = schemas.Count > 1 ? schemas[0].At : null,
            Health = job.Connection is { } used ? [.. health.Facts(used).Select(f => new ConnectionHealthFact(f.Fact, f.Value, f.Unit, f.RecordedAt))] : []
        };
    }

    private SourceKind KindOf(IngestDefinition job)
    {
        var abilities = plugins.Find(job.Connector ?? "")?.Abilities ?? [];
        return abilities.Contains("file_source") ? SourceKind.File : abilities.Contains("stream") ? SourceKind.Stream : abilities.Contains("page_source") || job.Connector is "rest" or "graphql" ? SourceKind.Api : job.Connector switch
        {
            "file" or "s3" or "azure_blob" or "sftp" or "ftp" or "http" => SourceKind.File, "kafka" or "rabbitmq" or "redis" => SourceKind.Stream, _ => SourceKind.Database
        };
    }

    private string? Host(IngestDefinition job)
    {
        var settings = job.Connection is { } name ? book.Definition(name)?.Settings : null;
        return settings is null ? null : Hosts.Select(h => Plain(settings[h])).FirstOrDefault(t => t is not null);
    }

    private static string? Reads(IngestDefinition job) => job.Tables.Count > 0 ? string.Join(", ", job.Tables) : What.Select(w => Plain(job.Config[w])).FirstOrDefault(t => t is not null);

    /// <summary>A text as it may be shown: addresses without user, password and query, on one line.</summary>
    internal static string? Plain(JsonNode? node)
    {
        var text = node switch { JsonArray list => string.Join(", ", list.Select(i => Shown(i?.ToString()))), JsonValue value => Shown(value.ToString()), _ => null };
        if (string.IsNullOrWhiteSpace(text)) return null;
        text = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return SecretMask.Hide(text.Length > MostText ? text[..MostText] + "…" : text);
    }

    // One text may hold several addresses, and each may have a password.
    private static string Shown(string? text) => string.Join(", ", BetweenAddresses().Split(text ?? "").Select(Address));

    private static string Address(string text)
    {
        if (!text.Contains("://", StringComparison.Ordinal)) return text;
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri)) return $"{uri.Scheme}://{uri.Host}{(uri.IsDefaultPort || uri.Port < 0 ? "" : string.Create(CultureInfo.InvariantCulture, $":{uri.Port}"))}{uri.AbsolutePath}";
        var parts = text.Split('?', 2);
        // A question mark may be of a password as well: then nothing of it is sure.
        return parts is [var head, var rest] && rest.Contains('@') && !head.Contains('@') ? head.Split("://")[0] + "://…" : parts[0].Split('@')[^1];
    }

    [GeneratedRegex(@"\s*[,;]\s*(?=[a-z][a-z0-9+.-]*://)", RegexOptions.IgnoreCase)]
    private static partial Regex BetweenAddresses();

    private IEnumerable<(PipelineVersion Stored, IngestDefinition Job)> Jobs()
    {
        for (var page = 1; ; page++)
        {
            var found = catalog.Pipelines.List(page, 500);
            foreach (var stored in found.Items)
                foreach (var job in definitions.Get(stored)?.Ingest ?? [])
                    yield return (stored, job);
            if (found.Items.Count < 500) yield break;
        }
    }
}
