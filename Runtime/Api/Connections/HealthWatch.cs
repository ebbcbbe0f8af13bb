using FlowForge.Api.Hosting;
using FlowForge.PluginHost;
using FlowForge.Pipelines;

namespace FlowForge.Api.Connections;

/// <summary>Asks connectors now and then how their connections are: those that can tell, of connections that jobs use. A connection that is left alone is left alone here too.</summary>
internal sealed class HealthWatch(ConnectionBook book, ConnectionUses uses, ConnectionProbe probe, ConnectionHealth health, ConnectionGuards guards, PluginRegistry plugins, RuntimeSettings settings, ILogger<HealthWatch> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.HealthInterval);
        while (await NextAsync(timer, stoppingToken))
        {
            try
            {
                foreach (var connection in Watched()) await AskAsync(connection, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogWarning("The connections could not be looked at: {Message}", SecretMask.Hide(e.Message));
            }
        }
    }

    private static async ValueTask<bool> NextAsync(PeriodicTimer timer, CancellationToken ct)
    {
        try { return await timer.WaitForNextTickAsync(ct); }
        catch (OperationCanceledException) { return false; }
    }

    private List<ConnectionDefinition> Watched()
    {
        var used = uses.ByConnection();
        return [.. book.All().Select(c => c.Definition).Where(c => used.Contains(c.Name) && guards.Find(c.Name)?.Traffic.OpenUntil is null && plugins.Find(c.Connector)?.Abilities.Contains("report_health") == true)];
    }

    private async Task AskAsync(ConnectionDefinition connection, CancellationToken ct)
    {
        try
        {
            health.Record(connection.Name, await probe.HealthAsync(connection, ct));
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            log.LogDebug("The health of {Connection} could not be read: {Message}", connection.Name, SecretMask.Hide(e.Message));
        }
        catch (OperationCanceledException)
        {
            // The runtime stops.
        }
    }
}
