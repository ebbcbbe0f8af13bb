using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowForge.ServiceDefaults;

/// <summary>What every service process shares: its life under a supervisor, log lines, telemetry, health, and which hosts it answers for.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>
    /// Call first in Program.cs. Reads from configuration: <c>--parent-pid N</c> (leave when that process is gone),
    /// <c>FLOWFORGE_LIFELINE=stdin</c> (leave when standard input closes), <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, <c>Logging:LogLevel:*</c>, <c>AllowedHosts</c>.
    /// </summary>
    /// <param name="service">Short name in logs, health and telemetry: <c>api</c>.</param>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder, string service)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var settings = builder.Configuration;

        // A page on another site may resolve its own name to 127.0.0.1 (DNS rebinding): only our own names are answered.
        if (settings["AllowedHosts"] is null or "" or "*")
            settings["AllowedHosts"] = "127.0.0.1;localhost;[::1]";
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);

        builder.Logging.ClearProviders();
        builder.Logging.AddConsole(console => console.FormatterName = LogLineFormatter.FormatterName)
            .AddConsoleFormatter<LogLineFormatter, Microsoft.Extensions.Logging.Console.ConsoleFormatterOptions>();
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);

        builder.Services.AddSingleton(new ServiceIdentity(service));
        builder.Services.AddSingleton<IHostLifetime, SupervisedLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(8));
        builder.Services.AddHealthChecks();
        builder.AddTelemetry(service);
        return builder;
    }
}

/// <summary>Who this process is, for log lines and health answers.</summary>
/// <param name="Name">Short name: <c>api</c>.</param>
public sealed record ServiceIdentity(string Name);
