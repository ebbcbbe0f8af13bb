namespace FlowForge.Contracts;

/// <summary>Answer of <c>GET /health</c> of every service: 200 when healthy, 503 otherwise.</summary>
/// <param name="Status"><c>healthy</c>, <c>degraded</c> or <c>unhealthy</c>.</param>
/// <param name="Service">Which service answers.</param>
public sealed record HealthReport(string Status, string Service);
