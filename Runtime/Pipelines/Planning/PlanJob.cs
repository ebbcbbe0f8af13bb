namespace FlowForge.Pipelines;

/// <summary>One job of a plan.</summary>
/// <param name="Id"><c>ingest.flights</c>, <c>silver.flights_clean</c>; unique in the pipeline, and the activity id of the run.</param>
/// <param name="Name">Name in the file, <c>flights</c>.</param>
/// <param name="Kind">Ingest, silver, gold, notebook or delivery.</param>
/// <param name="DependsOn">Ids of jobs of the same plan that must succeed before.</param>
/// <param name="Reads">Tables read, with layer; those of other pipelines too.</param>
/// <param name="Writes">Table made, with layer; null for an ingest job that lands files only and for a notebook job or a delivery.</param>
/// <param name="Reason">Why it stands where it stands, for people.</param>
/// <param name="IsReference">A reference ingest.</param>
public sealed record PlanJob(
    string Id, string Name, JobKind Kind, IReadOnlyList<string> DependsOn, IReadOnlyList<string> Reads, string? Writes, string Reason, bool IsReference)
{
    /// <summary>Worker pool that executes it; null for the runtime itself.</summary>
    public string? Pool { get; init; }

    /// <summary>For a job with many tables: those that are known, by their names or because the pipeline reads them. The others show when it runs.</summary>
    public IReadOnlyList<string> WritesMany { get; init; } = [];

    /// <summary>All tables that are known to be made.</summary>
    public IEnumerable<string> AllWrites => Writes is null ? WritesMany : [Writes];
}
