using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using FlowForge.Api.Hosting;
using FlowForge.Api.Problems;
using FlowForge.Api.Tables;
using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Contracts;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.PluginHost.Processes;
using FlowForge.PluginHost.Rows;
using FlowForge.Plugins;

namespace FlowForge.Api.Connections;

/// <summary>Tries connections for people: test, discover, preview. Each call ends in time whatever the plugin does, and publishes nothing. Thread-safe.</summary>
internal sealed class ConnectionProbe(PluginRegistry plugins, SecretStore secrets, IRenewals renewals, ConnectionStore store, FileRoots roots, ConnectionGuards guards, ILogger<ConnectionProbe> log)
{
    public const int LargestPreview = 500, LargestDiscovery = 5000;
    private const string Files = "path";
    private const int PreviewTextBytes = 64 * 1024;
    private static readonly TimeSpan TestLimit = TimeSpan.FromSeconds(30), DiscoverLimit = TimeSpan.FromSeconds(60), PreviewLimit = TimeSpan.FromSeconds(60), HealthLimit = TimeSpan.FromSeconds(15);

    /// <param name="connection">Its test is kept when it is a saved one.</param>
    /// <param name="keep">Whether the result is about the saved connection as it is.</param>
    public async Task<ConnectionTestResult> TestAsync(ConnectionDefinition connection, bool keep, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        var result = await ResultAsync(clock, connection, ct);
        if (keep) store.Record(new ConnectionTest(connection.Name, result.Passed, result.Message, result.Suggestion, result.At, clock.Elapsed));
        return result;
    }

    /// <summary>What the connector reports of its connection; null when it reports nothing.</summary>
    public async Task<IReadOnlyList<HealthFact>> HealthAsync(ConnectionDefinition connection, CancellationToken ct) =>
        await UseAsync("The health report", connection, HealthLimit, async (connector, inner) => connector is IReportHealth reporter ? await reporter.HealthAsync(inner) : [], ct, counts: false);

    public async Task<DiscoveredSource> DiscoverAsync(ConnectionDefinition connection, string? search, int limit, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        connection = OfFiles(connection, "**");
        var found = await UseAsync("The discovery", connection, DiscoverLimit, (connector, inner) => connector switch
        {
            IDiscover source => TablesAsync(source, search, limit, inner),
            IFileSource source => FilesAsync(source, search, limit, inner),
            _ => throw new TerminalException($"Connector '{connection.Connector}' cannot list what there is.", "Write what to read in the job.")
        }, ct);
        return new DiscoveredSource([.. found.Take(limit)], found.Count > limit, Seconds(clock));
    }

    public async Task<SourcePreview> PreviewAsync(ConnectionDefinition connection, string? table, int limit, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        if (table is not null) connection = OfFiles(connection, table.AsSpan().IndexOfAny("*?[{") < 0 ? table : "**");
        var preview = await UseAsync("The preview", connection, PreviewLimit, (connector, inner) => connector switch
        {
            IPreview source => RowsAsync(source.PreviewAsync(Request(), inner), limit),
            IPageSource source => PageAsync(source, Request(), limit, inner),
            _ when RowSource.Gives(connector) => RowsAsync(connector, Request(), limit, inner),
            IFileSource source => TextAsync(source, table, limit, inner),
            _ => throw new TerminalException($"Connector '{connection.Connector}' has nothing to preview.")
        }, ct, withoutJob: false);
        return preview with { Seconds = Seconds(clock) };

        ReadRequest Request() => new() { Table = table, Limit = limit };
    }

    /// <summary>Which files to read is said by jobs: to look around in a connection of files, all of them are meant.</summary>
    private ConnectionDefinition OfFiles(ConnectionDefinition connection, string pattern)
    {
        if (connection.Settings.ContainsKey(Files) || plugins.Find(connection.Connector) is not { } found || !found.Abilities.Contains("file_source") || found.Spec.Settings.All(s => s is not { Name: Files, Kind: SettingKind.List, Scope: SettingScope.Job })) return connection;
        var settings = connection.Settings.DeepClone().AsObject();
        settings[Files] = new JsonArray(pattern);
        return connection with { Settings = settings };
    }

    private async Task<ConnectionTestResult> ResultAsync(Stopwatch clock, ConnectionDefinition connection, CancellationToken ct)
    {
        try
        {
            var message = await UseAsync("The test", connection, TestLimit, (connector, inner) => connector switch
            {
                ITestConnection test => test.TestAsync(inner),
                IFileSource files => CountAsync(files, inner),
                _ => Task.FromResult("The settings are valid. This connector has no test of its own.")
            }, ct);
            return new ConnectionTestResult(true, SecretMask.Hide(message), null, Seconds(clock), DateTimeOffset.UtcNow);
        }
        catch (ProblemException e)
        {
            return new ConnectionTestResult(false, e.Problem.Detail ?? e.Message, e.Problem.Suggestion, Seconds(clock), DateTimeOffset.UtcNow) { Diagnostics = e.Problem.Diagnostics };
        }
    }

    /// <summary>Opens, uses, disposes; what goes wrong becomes a problem without secrets.</summary>
    /// <param name="counts">Whether it is a use of the connection. Looking after its health is none: most connectors ask the system nothing for it, so that its success says nothing of the system and must not close the circuit.</param>
    private async Task<T> UseAsync<T>(string what, ConnectionDefinition connection, TimeSpan limit, Func<IConnector, CancellationToken, Task<T>> use, CancellationToken ct, bool withoutJob = true, bool counts = true)
    {
        using var guarded = counts ? Begin(connection, what) : null;
        try
        {
            var result = await BoundedCall.RunAsync(what, async inner =>
            {
                await using var lease = plugins.Open(connection.Connector, new OpenRequest
                {
                    Settings = connection.Settings, BaseDirectory = roots.Workspace, AllowedRoots = roots.Roots, Log = new ProbeLog(log, connection.Connector), Secrets = secrets.Reveal, Renewals = renewals, WithoutJob = withoutJob,
                    Pace = connection.Name.Length == 0 ? null : guards.Of(connection.Name).Pace,
                    OutOfProcess = connection.Isolation == Isolation.Process
                });
                return await use(lease.Connector, inner);
            }, limit, ct);
            guarded?.Succeeded();
            return result;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            guarded?.Failed(e, passing: e is TransientException or PluginTimeoutException or PluginCrashException or IOException or TimeoutException or System.Net.Sockets.SocketException or HttpRequestException);
            throw Problem(what, connection, e);
        }
    }

    /// <summary>A person who tries is let through, and what comes of it is learned for the jobs.</summary>
    private ConnectionGuard.Use? Begin(ConnectionDefinition connection, string what)
    {
        if (connection.Name.Length == 0) return null;
        var guard = guards.Of(connection.Name);
        guard.Pace.Limit(connection.RateLimit?.Count ?? 0, connection.RateLimit?.Per ?? default);
        return guard.Begin(connection.Connector, what["The ".Length..], byPerson: true);
    }

    private static ProblemException Problem(string what, ConnectionDefinition connection, Exception failure) => failure switch
    {
        ProblemException known => known,
        SettingsException settings => new ProblemException(422, "FF5025", "Settings refused", SecretMask.Hide(string.Join(" ", settings.Errors.Select(e => e.Message))), "Mend what the diagnostics name.",
            [.. settings.Errors.Select(ConnectionEditor.ToEntry)]),
        TerminalException terminal => Failed(terminal.Message, terminal.Suggestion),
        TransientException transient => Failed(transient.Message, transient.RetryAfter is { } wait ? $"It may work in {wait.TotalSeconds:0} s." : "It may pass: try again."),
        PluginTimeoutException time => Failed(time.Message, "Check that the address is right and that the system answers; a firewall that drops packets looks like this."),
        PluginCrashException crash => Failed(crash.Message, "The rest of the runtime is unharmed."),
        RemoteConnectorException remote => Failed(remote.Message, null),
        CatalogException key => Failed(key.Message, null),
        _ => Failed($"{failure.GetType().Name}: {failure.Message}", null)
    };

    private static ProblemException Failed(string message, string? suggestion) => new(422, "FF5026", "The source said no", SecretMask.Hide(message), SecretMask.Hide(suggestion));

    private static async Task<string> CountAsync(IFileSource source, CancellationToken ct)
    {
        var count = 0;
        await foreach (var _ in source.ListAsync(ct))
            if (++count == 1000) return "More than 1000 files.";
        return count == 1 ? "1 file." : $"{count} files.";
    }

    private static async Task<List<DiscoveredTableEntry>> TablesAsync(IDiscover source, string? search, int limit, CancellationToken ct)
    {
        var found = new List<DiscoveredTableEntry>();
        await foreach (var table in source.DiscoverAsync(ct))
        {
            if (search is not null && !table.Name.Contains(search, StringComparison.OrdinalIgnoreCase)) continue;
            found.Add(new DiscoveredTableEntry(table.Name) { Columns = [.. table.Columns.Select(c => new DiscoveredColumnEntry(c.Name, c.Type, c.Nullable))], Keys = table.Keys, Rows = table.Rows, Bytes = table.Bytes });
            if (found.Count > limit) break;
        }
        return found;
    }

    private static async Task<List<DiscoveredTableEntry>> FilesAsync(IFileSource source, string? search, int limit, CancellationToken ct)
    {
        var found = new List<DiscoveredTableEntry>();
        await foreach (var file in source.ListAsync(ct))
        {
            if (search is not null && !file.Path.Contains(search, StringComparison.OrdinalIgnoreCase)) continue;
            found.Add(new DiscoveredTableEntry(file.Path) { Bytes = file.Size, Modified = file.Modified });
            if (found.Count > limit) break;
        }
        return found;
    }

    private static async Task<SourcePreview> RowsAsync(IConnector connector, ReadRequest request, int limit, CancellationToken ct)
    {
        await using var read = await RowSource.OpenAsync(connector, request, ct);
        return await RowsAsync(Rows(), limit);

        async IAsyncEnumerable<RecordBatch> Rows()
        {
            await foreach (var batch in read.Batches) yield return batch.Rows;
        }
    }

    /// <summary>The first records as they were received.</summary>
    private static async Task<SourcePreview> PageAsync(IPageSource source, ReadRequest request, int limit, CancellationToken ct)
    {
        await foreach (var page in source.ReadAsync(request, ct))
            return new SourcePreview { Text = SecretMask.HideKnown(string.Join('\n', Encoding.UTF8.GetString(page.Records.Span[..Math.Min(page.Records.Length, PreviewTextBytes)]).Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(limit))) };
        return new SourcePreview { Text = "" };
    }

    private static async Task<SourcePreview> RowsAsync(IAsyncEnumerable<RecordBatch> batches, int limit)
    {
        var rows = new List<object?[]>();
        IReadOnlyList<TableColumn> columns = [];
        await foreach (var batch in batches)
        {
            using var owned = batch;
            columns = [.. batch.Schema.FieldsList.Select(f => new TableColumn(f.Name, f.DataType.Name, f.IsNullable, null))];
            for (var row = 0; row < batch.Length && rows.Count < limit; row++)
                rows.Add([.. batch.Arrays.Select(a => a.GetObject(row) is string text ? SecretMask.HideKnown(text) : a.GetObject(row))]);
            if (rows.Count >= limit) break;
        }
        return new SourcePreview { Columns = columns, Rows = JsonRows.Write(rows) };
    }

    /// <summary>The first lines of one file: of the one named, or of the first.</summary>
    private static async Task<SourcePreview> TextAsync(IFileSource source, string? path, int lines, CancellationToken ct)
    {
        SourceFile? chosen = null;
        await foreach (var file in source.ListAsync(ct))
            if (path is null || file.Path == path) { chosen = file; break; }
        if (chosen is null) throw new TerminalException(path is null ? "There is no file to preview." : $"There is no file {path}.");
        await using var stream = await chosen.OpenAsync(ct);
        var buffer = new byte[PreviewTextBytes];
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        var bytes = buffer.AsSpan(0, read);
        if (bytes.IndexOf((byte)0) >= 0) return new SourcePreview { Text = $"{chosen.Name} is no text; a job that reads it shows its rows." };
        var text = Encoding.UTF8.GetString(bytes);
        var all = text.Split('\n');
        return new SourcePreview { Text = SecretMask.HideKnown(string.Join('\n', all.Take(Math.Min(lines, read == buffer.Length ? all.Length - 1 : all.Length)))) };
    }

    private static double Seconds(Stopwatch clock) => Math.Round(clock.Elapsed.TotalSeconds, 3);

    private sealed class ProbeLog(ILogger log, string connector) : IConnectorLog
    {
        public void Debug(string message) => log.LogDebug("{Connector}: {Message}", connector, message);
        public void Information(string message) => log.LogInformation("{Connector}: {Message}", connector, message);
        public void Warning(string message) => log.LogWarning("{Connector}: {Message}", connector, message);
    }
}
