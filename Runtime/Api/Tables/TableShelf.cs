using System.Collections.Concurrent;
using FlowForge.Api.Mapping;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Lake;

namespace FlowForge.Api.Tables;

/// <summary>
/// Summaries of all tables for lists. What a version is does not change, so each is read from the lake once; a list of thousands looks at each table's log for a newer entry and reads nothing else.
/// In a bucket such a look is a request: there only the tables that are shown are always looked at; of the others a commit of this process counts at once, one of somebody else
/// after half a minute, for which nobody waits. Thread-safe.
/// </summary>
internal sealed class TableShelf(KnownTables tables, CatalogDatabase catalog, TimeProvider clock, bool looksAreCheap)
{
    public TableShelf(KnownTables tables, CatalogDatabase catalog, TimeProvider clock) : this(tables, catalog, clock, tables.IsLocal)
    {
    }

    private const int LooksAtOnce = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<TableName, Known> known = new();
    private int looking;

    private sealed record Known(string TableId, long Version, TableSummary Summary, string? Rejects, long LookedAt);

    /// <summary>How many versions were read from the lake so far; for tests.</summary>
    public long VersionsRead => Interlocked.Read(ref versionsRead);

    private long versionsRead;

    /// <summary>Tables of the layer whose name or description holds the text, by layer and name; without what the catalog knows of their rejects and held changes.</summary>
    public IReadOnlyList<TableSummary> Find(TableLayer? layer, string? search)
    {
        var names = tables.Names();
        if (known.Count > names.Count * 2 + 100) known.Clear();
        if (!looksAreCheap) LookAround(names);
        return
        [
            .. names.Where(n => layer is null || TableViews.ToLayer(n.Layer) == layer).Select(n => Of(n, looksAreCheap)).OfType<Known>().Select(k => k.Summary)
                .Where(t => search is null || t.Table.Contains(search, StringComparison.OrdinalIgnoreCase) || t.Description?.Contains(search, StringComparison.OrdinalIgnoreCase) == true)
        ];
    }

    /// <summary>One page of each layer, or of one, with the sums over all of its tables.</summary>
    public IReadOnlyList<LayerPage> Pages(TableLayer? layer, string? search, int page, int size)
    {
        var held = catalog.Holds.Pending();
        var found = Find(layer, search).ToLookup(t => t.Layer);
        return
        [
            .. Enum.GetValues<TableLayer>().Where(l => layer is null || l == layer).Select(l =>
            {
                var all = found[l].ToList();
                return new LayerPage(l, all.Sum(t => t.Rows), all.Sum(t => t.Bytes), new Contracts.Page<TableSummary>([.. all.Skip((page - 1) * size).Take(size).Select(Fresh).OfType<TableSummary>().Select(t => Complete(t, held))], all.Count, page, size));
            })
        ];
    }

    /// <summary>With open rejects and held changes: the part that costs queries.</summary>
    public TableSummary Complete(TableSummary table, IReadOnlyDictionary<string, int> held) =>
        table with { Held = held.GetValueOrDefault(table.Table), Rejects = TableName.TryParse(table.Table, out var name) && known.GetValueOrDefault(name)?.Rejects is { } place && RejectsAt(tables, place) is { } kept ? OpenRows(kept, catalog.Rejects.OfTable(table.Table)) : 0 };

    /// <summary>The rejects table at a place as a state names it: FOLDER@VERSION. Rejects that were written for a commit that never came are not shown.</summary>
    public static TableSnapshot? RejectsAt(KnownTables tables, string place)
    {
        var cut = place.LastIndexOf('@');
        var (folder, version) = cut < 0 ? (place, null) : (place[..cut], place[(cut + 1)..]);
        return long.TryParse(version, out var number) ? tables.At(folder).At(number) : tables.At(folder).Latest();
    }

    /// <summary>Rejects that are neither replayed nor superseded.</summary>
    public static long OpenRows(TableSnapshot rejects, IEnumerable<RejectSummary> summaries) => Math.Max(0, rejects.Rows - summaries.Sum(r => r.Count - r.Open));

    private TableSummary? Fresh(TableSummary table) => looksAreCheap ? table : Of(TableName.Parse(table.Table), true)?.Summary;

    /// <param name="isExact">False takes what is known, unless this process has committed since.</param>
    private Known? Of(TableName name, bool isExact)
    {
        var table = tables[name];
        if (known.TryGetValue(name, out var there) && !isExact && there.Version == table.KnownVersion) return there;
        if (table.Latest() is not { } latest) return null;
        if (there is not null && there.Version == latest.Version && there.TableId == latest.TableId) return looksAreCheap ? there : known[name] = there with { LookedAt = clock.GetTimestamp() };
        Interlocked.Increment(ref versionsRead);
        var state = latest.State;
        return known[name] = new Known(latest.TableId, latest.Version, new TableSummary
        {
            Table = name.ToString(), Layer = TableViews.ToLayer(name.Layer), Name = name.Name, Version = latest.Version, Rows = latest.Rows, Bytes = latest.Bytes, Files = latest.Files.Count,
            Columns = latest.Schema.Columns.Count(c => !c.IsReserved), UpdatedAt = TableViews.Committed(table, latest.Version), Pipeline = state?.Pipeline, Description = latest.Description
        }, name.Layer == Layer.Bronze ? state?.Rejects : null, clock.GetTimestamp());
    }

    /// <summary>Looks at tables that are not known yet, several at once, and beside the caller at those that were looked at long ago.</summary>
    private void LookAround(IReadOnlyList<TableName> names)
    {
        Look(names.Where(n => !known.ContainsKey(n)));
        var old = names.Where(n => known.TryGetValue(n, out var k) && clock.GetElapsedTime(k.LookedAt) > Patience).ToList();
        if (old.Count == 0 || Interlocked.Exchange(ref looking, 1) == 1) return;
        _ = Task.Run(() =>
        {
            try { Look(old); }
            catch (AggregateException) { /* the bucket does not answer: who opens a table is told */ }
            finally { Interlocked.Exchange(ref looking, 0); }
        });
    }

    private void Look(IEnumerable<TableName> names) => Parallel.ForEach(names, new ParallelOptions { MaxDegreeOfParallelism = LooksAtOnce }, n => Of(n, true));
}
