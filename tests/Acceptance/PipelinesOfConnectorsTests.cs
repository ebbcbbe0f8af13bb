using System.Reflection;
using System.Text.RegularExpressions;

namespace FlowForge.Acceptance.Tests;

/// <summary>No built-in connector without its proofs: the acceptance suite, a pipeline that reads all, one that reads what is new and has changed, and a kill in the middle of a read.</summary>
public sealed partial class PipelinesOfConnectorsTests
{
    /// <param name="Connector">Which.</param>
    /// <param name="Test">Where its pipelines run.</param>
    /// <param name="Method">The test that runs them.</param>
    /// <param name="Full">The job that reads all, in the first run at least.</param>
    /// <param name="Increment">The job that reads on from there: updates, and deletes where a read can see them (files and messages come and go instead).</param>
    /// <param name="Killed">The job that the test asks to have been met by the kill.</param>
    private sealed record Proof(string Connector, Type Test, string Method, string Full, string Increment, string Killed);

    private static readonly Proof[] Proofs =
    [
        // The one whose kill comes at random moments, twenty times: which job it meets is not asked.
        new("file", typeof(KillTests), nameof(KillTests.Runs_RuntimeAndServerKilledAtRandomMoments_EndWithEveryRowOnce), "customers", "orders", ""),
        new("s3", typeof(ObjectStoresTests), nameof(ObjectStoresTests.S3AzureAndFtp_FullThenNewChangedAndGoneFiles_EndAsTheirSources), "mirrored", "merged", "merged"),
        new("azure_blob", typeof(ObjectStoresTests), nameof(ObjectStoresTests.S3AzureAndFtp_FullThenNewChangedAndGoneFiles_EndAsTheirSources), "moved", "moved", "moved"),
        new("ftp", typeof(ObjectStoresTests), nameof(ObjectStoresTests.S3AzureAndFtp_FullThenNewChangedAndGoneFiles_EndAsTheirSources), "deleted", "deleted", "deleted"),
        new("sftp", typeof(FilesFromServersTests), nameof(FilesFromServersTests.SftpAndHttp_FullThenNewAndChangedFiles_EndAsTheirSources), "dropped", "dropped", "dropped"),
        new("http", typeof(FilesFromServersTests), nameof(FilesFromServersTests.SftpAndHttp_FullThenNewAndChangedFiles_EndAsTheirSources), "items", "items", "items"),
        new("google_drive", typeof(CloudServicesTests), nameof(CloudServicesTests.DriveAndNetSuite_FullThenIncrements_EndAsTheirSources), "budget", "parts", "parts"),
        new("netsuite", typeof(CloudServicesTests), nameof(CloudServicesTests.DriveAndNetSuite_FullThenIncrements_EndAsTheirSources), "erp_full", "erp_increment", "erp_full"),
        new("postgres", typeof(ConnectorTests), nameof(ConnectorTests.Databases_FullThenIncrementsWithUpdatesAndDeletes_EndAsTheirSources), "pg_full", "pg_increment", "pg_full"),
        new("postgres_cdc", typeof(ConnectorTests), nameof(ConnectorTests.Databases_FullThenIncrementsWithUpdatesAndDeletes_EndAsTheirSources), "pg_changes", "pg_changes", "pg_changes"),
        new("odbc", typeof(ConnectorTests), nameof(ConnectorTests.Databases_FullThenIncrementsWithUpdatesAndDeletes_EndAsTheirSources), "maria", "maria", "maria"),
        new("sqlite", typeof(ApiAndFileDatabaseTests), nameof(ApiAndFileDatabaseTests.SqliteRestGraphqlAndDelta_FullThenIncrements_EndAsTheirSources), "shop_full", "shop_increment", "shop_full"),
        new("rest", typeof(ApiAndFileDatabaseTests), nameof(ApiAndFileDatabaseTests.SqliteRestGraphqlAndDelta_FullThenIncrements_EndAsTheirSources), "api_full", "api_increment", "api_increment"),
        new("graphql", typeof(ApiAndFileDatabaseTests), nameof(ApiAndFileDatabaseTests.SqliteRestGraphqlAndDelta_FullThenIncrements_EndAsTheirSources), "graph_increment", "graph_increment", "graph_increment"),
        new("delta", typeof(ApiAndFileDatabaseTests), nameof(ApiAndFileDatabaseTests.SqliteRestGraphqlAndDelta_FullThenIncrements_EndAsTheirSources), "delta_full", "delta_increment", "delta_full"),
        new("kafka", typeof(StreamTests), nameof(StreamTests.Kafka_RunsThatAreKilled_HoldEachMessageOnce), "all_messages", "latest", "latest"),
        new("rabbitmq", typeof(StreamTests), nameof(StreamTests.StreamsPostsItemsAndUploads_RunsThatAreKilled_HoldEachRowOnce), "messages", "latest", "messages"),
        new("redis", typeof(StreamTests), nameof(StreamTests.StreamsPostsItemsAndUploads_RunsThatAreKilled_HoldEachRowOnce), "entries", "entries", "entries"),
        new("webhook", typeof(StreamTests), nameof(StreamTests.StreamsPostsItemsAndUploads_RunsThatAreKilled_HoldEachRowOnce), "posts", "posts", "posts"),
        new("dynamodb", typeof(StreamTests), nameof(StreamTests.StreamsPostsItemsAndUploads_RunsThatAreKilled_HoldEachRowOnce), "all_items", "items", "items"),
    ];

    /// <summary>Names under which pipelines of this room use a connector.</summary>
    private static readonly Dictionary<string, string> Aliases = new() { ["file_local"] = "file", ["api"] = "rest" };

    private static readonly string Tests = Path.Combine(AppHostProcess.Root, "tests"), Here = Path.Combine(Tests, "Acceptance");

    [Fact]
    public void EachBuiltInConnector_HasItsProofs()
    {
        // Read from the sources: what a build left out would not be missed otherwise.
        var connectors = ((string[])["Plugins", "Runtime"]).SelectMany(f => Sources(Path.Combine(AppHostProcess.Root, f))).SelectMany(f => NamePattern().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value)).ToList();
        Assert.True(connectors.Count > 15, "No connectors were found in the sources.");
        Assert.Equal(connectors.Order(StringComparer.Ordinal), Proofs.Select(p => p.Connector).Order(StringComparer.Ordinal));
        Assert.Equal([], Proofs.SelectMany(Missing));
    }

    private static IEnumerable<string> Missing(Proof proof)
    {
        if (proof.Test.GetMethod(proof.Method)?.GetCustomAttribute<FactAttribute>() is not { Skip: null, Explicit: false }) yield return $"{proof.Connector}: {proof.Test.Name}.{proof.Method} is no test that runs.";
        var source = File.ReadAllText(Path.Combine(Here, proof.Test.Name + ".cs"));
        // The pipeline of the kills at random moments is the workspace's own.
        var pipelines = source + (proof.Test == typeof(KillTests) ? File.ReadAllText(Path.Combine(Here, "Workspace.cs")) : "");
        foreach (var job in new[] { proof.Full, proof.Increment }.Distinct())
            if (JobPattern().Matches(pipelines).All(m => m.Groups[1].Value != job || Named(m.Groups[2].Value) != proof.Connector)) yield return $"{proof.Connector}: {proof.Test.Name} has no job {job} that reads with it.";
        if (proof.Killed.Length > 0 && KilledPattern().Matches(source).All(m => !m.Value.Contains($"\"{proof.Killed}\"", StringComparison.Ordinal))) yield return $"{proof.Connector}: {proof.Test.Name} does not ask whether a kill has met {proof.Killed}.";
        // Whether a plugin's suite runs is what tests/Plugins asks of itself; the runtime's own connectors have theirs beside them.
        if (!Sources(Path.Combine(Tests, "Plugins", "Suites")).Any(f => File.ReadAllText(f).Contains($"[SuiteOf(\"{proof.Connector}\")", StringComparison.Ordinal)) && !(proof.Connector == "delta" && File.ReadAllText(Path.Combine(Tests, "Ingest", "DeltaConnectorTests.cs")).Contains("_PassTheWholeSuite()", StringComparison.Ordinal)))
            yield return $"{proof.Connector}: no acceptance suite.";
    }

    private static string Named(string sourceType) => Aliases.GetValueOrDefault(sourceType, sourceType);

    private static IEnumerable<string> Sources(string folder) => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/templates/", StringComparison.Ordinal));

    [GeneratedRegex("^\\[Connector\\(\"([^\"]+)\"", RegexOptions.Multiline)]
    private static partial Regex NamePattern();

    [GeneratedRegex("^ +(\\w+):\\r?\\n +source_type: (\\w+)\\r?$", RegexOptions.Multiline)]
    private static partial Regex JobPattern();

    [GeneratedRegex("WereKilled\\(\"[^)]*\\)")]
    private static partial Regex KilledPattern();
}
