using FlowForge.Pipelines;

namespace FlowForge.Catalog.Tests;

/// <summary>A catalog in a folder of its own, removed afterwards.</summary>
public sealed class TemporaryCatalog : IDisposable
{
    public static readonly DateTimeOffset Noon = new(2024, 5, 17, 12, 0, 0, TimeSpan.Zero);

    public TemporaryCatalog()
    {
        Folder = Directory.CreateTempSubdirectory("ff-catalog-").FullName;
        Database = CatalogDatabase.Open(Path);
    }

    public string Folder { get; }

    public string Path => System.IO.Path.Combine(Folder, "catalog", "catalog.db");

    public CatalogDatabase Database { get; private set; }

    public static RunRecord Run(string id, string pipeline = "flights", RunState state = RunState.Queued, DateTimeOffset? queuedAt = null) => new()
    {
        RunId = id,
        Pipeline = pipeline,
        PipelineVersion = 1,
        State = state,
        QueuedAt = queuedAt ?? Noon,
    };

    public static JobRunRecord Job(string run, string id = "ingest.flights", RunState state = RunState.Queued, int attempt = 0) => new()
    {
        RunId = run,
        JobId = id,
        Name = id[(id.IndexOf('.', StringComparison.Ordinal) + 1)..],
        Kind = EnumText.Parse<JobKind>(id[..id.IndexOf('.', StringComparison.Ordinal)]),
        State = state,
        Attempt = attempt,
    };

    public void Reopen()
    {
        Database.Dispose();
        Database = CatalogDatabase.Open(Path);
    }

    public void Dispose()
    {
        Database.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
