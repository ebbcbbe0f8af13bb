using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace FlowForge.ServiceDefaults;

/// <summary>Health for supervisors and probes.</summary>
public static class HealthEndpoint
{
    /// <summary>
    /// Maps <c>GET /health</c>, anonymous: <c>{"status":"healthy","service":"api"}</c> with 200, or 503 when a registered health check fails.
    /// Says nothing else, since anybody on the machine may ask.
    /// </summary>
    public static IEndpointConventionBuilder MapHealth(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var identity = endpoints.ServiceProvider.GetRequiredService<ServiceIdentity>();
        return endpoints.MapHealthChecks("/health", new HealthCheckOptions
        {
            ResponseWriter = (context, report) => context.Response.WriteAsJsonAsync(new
            {
                // Lower case, as every word of the API.
                status = report.Status switch
                {
                    Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy => "healthy",
                    Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Degraded => "degraded",
                    _ => "unhealthy"
                },
                service = identity.Name
            })
        }).AllowAnonymous();
    }
}
