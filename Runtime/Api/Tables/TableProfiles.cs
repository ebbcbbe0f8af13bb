using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Datasets.Profiling;
using FlowForge.Lake;

namespace FlowForge.Api.Tables;

/// <summary>Profiles of table versions: the catalog's, or made at the first question and kept there. Thread-safe.</summary>
internal sealed class TableProfiles(ProfileStore store, TableReads reads, TimeProvider clock)
{
    /// <summary>Larger tables are sampled.</summary>
    private const long MostRows = 1_000_000;

    public async Task<Contracts.TableProfile> OfAsync(TableName name, TableSnapshot table, CancellationToken ct)
    {
        if (store.Get(name.ToString(), table.Version) is { } kept && JsonSerializer.Deserialize<TableProfileData>(kept.Json) is { } known) return ToProfile(name, kept.TableVersion, kept.At, known);
        var made = await reads.ReadAsync((session, token) => TableProfiler.Profile(table, session, MostRows, token), ct);
        var now = clock.GetUtcNow();
        // As exact as the catalog keeps it.
        now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        store.Record(new Catalog.TableProfile(name.ToString(), table.Version, now, JsonSerializer.Serialize(made)));
        return ToProfile(name, table.Version, now, made);
    }

    private static Contracts.TableProfile ToProfile(TableName name, long version, DateTimeOffset at, TableProfileData data) =>
        new(name.ToString(), version, at, data.Rows, data.Looked, data.IsSampled, [.. data.Columns.Select(c => new Contracts.ColumnProfile
        {
            Name = c.Name, Type = c.Type, Nulls = c.Nulls, Distinct = c.Distinct, Min = c.Min, Max = c.Max, Mean = c.Mean, Deviation = c.Deviation, Quantiles = c.Quantiles, Shortest = c.Shortest, Longest = c.Longest,
            Top = [.. c.Top.Select(v => new Contracts.ValueCount(v.Value, v.Rows))], Patterns = [.. c.Patterns.Select(v => new Contracts.ValueCount(v.Value, v.Rows))],
            Histogram = [.. c.Histogram.Select(b => new Contracts.HistogramBin(b.From, b.To, b.Rows))]
        })]);
}
