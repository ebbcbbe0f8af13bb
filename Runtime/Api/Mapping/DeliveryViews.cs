using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;

namespace FlowForge.Api.Mapping;

/// <summary>Deliveries as their pipelines say them, with what the catalog knows of each and how far the table has come since. Thread-safe.</summary>
internal sealed class DeliveryViews(DeliveryStore deliveries, PipelineStore pipelines, PipelineReader reader, KnownTables tables)
{
    /// <summary>Of a pipeline's latest version; empty when its text cannot be read.</summary>
    public IReadOnlyList<DeliveryEntry> Of(PipelineVersion stored)
    {
        var definition = reader.Read(stored).Definition;
        // The newest first: with a place that depends on parameters there is one for each.
        var written = deliveries.OfPipeline(stored.Name).GroupBy(d => d.Name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        return [.. (definition?.Deliveries ?? []).Select(d => Entry(stored.Name, d, written.GetValueOrDefault(d.Name) is { } last && last.Table == d.From ? last : null))];
    }

    /// <summary>Of a table: of the pipelines that have ever delivered it and still do.</summary>
    public IReadOnlyList<DeliveryEntry> Of(TableName table) =>
        [.. deliveries.OfTable(table.ToString()).Select(d => d.Pipeline).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(p => pipelines.Get(p)).OfType<PipelineVersion>().SelectMany(Of).Where(d => d.Table == table.ToString())];

    private DeliveryEntry Entry(string pipeline, Pipelines.DeliveryDefinition delivery, DeliveryRecord? last)
    {
        var latest = TableName.TryParse(delivery.From, out var name) ? tables[name].Latest() : null;
        return new DeliveryEntry
        {
            Pipeline = pipeline, Name = delivery.Name, Table = delivery.From, Target = delivery.Target, Connector = delivery.Connector ?? delivery.To, Connection = delivery.Connection,
            Mode = Enum.Parse<DeliveryKind>(delivery.Mode.ToString()), Job = delivery.Id, Version = last?.Version, DeliveredAt = last?.DeliveredAt, Rows = last?.Rows, Bytes = last?.Bytes, Run = last?.RunId,
            LatestVersion = latest?.Version, Pending = latest is null ? 0 : last?.TableId == latest.TableId && last.Version is { } there ? Math.Max(0, latest.Version - there) : latest.Version + 1,
        };
    }
}
