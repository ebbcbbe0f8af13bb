namespace FlowForge.Catalog;

/// <summary>What kind of record changed.</summary>
public enum CatalogChangeKind { Run, Job, Log, Pipeline, Table, Backfill, Care }

/// <summary>Something changed: a hint to read it again, not the change itself.</summary>
/// <param name="Key">Run id for runs, jobs and logs; pipeline name; table with layer; backfill id; id of work on a table.</param>
/// <param name="JobId">For jobs.</param>
public readonly record struct CatalogChange(CatalogChangeKind Kind, string Key, string? JobId = null);

/// <summary>Changes of the catalog made in this process.</summary>
public interface ICatalogEvents
{
    /// <summary>
    /// Changes from now on (or those <paramref name="filter"/> lets through) until <paramref name="ct"/> is cancelled, which ends the
    /// sequence without an exception. Equal changes that were not taken yet are given once: a slow reader loses no news and
    /// holds little memory. The subscription begins with the call, not with the first element.
    /// </summary>
    IAsyncEnumerable<CatalogChange> Watch(Func<CatalogChange, bool>? filter = null, CancellationToken ct = default);
}
