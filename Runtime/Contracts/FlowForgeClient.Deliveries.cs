namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>A pipeline's deliveries in the order of its text, with what each wrote last.</summary>
    public Task<IReadOnlyList<DeliveryEntry>> DeliveriesAsync(string pipeline, CancellationToken ct = default) =>
        GetAsync<IReadOnlyList<DeliveryEntry>>($"pipelines/{Escape(pipeline)}/deliveries", ct);

    /// <summary>Deliveries of a table that have begun to write, of all pipelines.</summary>
    public Task<IReadOnlyList<DeliveryEntry>> TableDeliveriesAsync(TableLayer layer, string name, CancellationToken ct = default) =>
        GetAsync<IReadOnlyList<DeliveryEntry>>($"{TablePath(layer, name)}/deliveries", ct);
}
