using FlowForge.Api.Mapping;
using FlowForge.Catalog;

namespace FlowForge.Api.Endpoints;

/// <summary>What deliveries have written where.</summary>
internal static class DeliveryEndpoints
{
    public static void MapDeliveries(this IEndpointRouteBuilder api)
    {
        api.MapGet("/pipelines/{name}/deliveries", (DeliveryViews views, PipelineStore pipelines, string name) => views.Of(PipelineEndpoints.Stored(pipelines, name, null)))
            .WithTags("Pipelines").WithSummary("A pipeline's deliveries: what each wrote last, and how many versions of its table came since.");
        api.MapGet("/tables/{layer}/{name}/deliveries", (DeliveryViews views, string layer, string name) => views.Of(TableEndpoints.Name(layer, name)))
            .WithTags("Tables").WithSummary("Where a table is delivered to, by any pipeline.");
    }
}
