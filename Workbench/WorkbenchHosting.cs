using FlowForge.ServiceDefaults;
using FlowForge.Workbench.Live;
using FlowForge.Workbench.Login;
using FlowForge.Workbench.Sources;
using Microsoft.AspNetCore.DataProtection;

namespace FlowForge.Workbench;

/// <summary>What the process is made of. Tests compose the same workbench around a runtime of their own.</summary>
public static class WorkbenchHosting
{
    /// <summary>A cell's or a pipeline's whole text comes in one message.</summary>
    private const long LongestMessage = 8 << 20;

    /// <summary>Registers the workbench. Configuration: <c>Runtime:Url</c> (or <c>services:runtime:http:0</c>) and <c>FlowForge:TokenFile</c>.</summary>
    public static void AddWorkbench(this WebApplicationBuilder builder)
    {
        builder.AddServiceDefaults("workbench");
        builder.AddRuntimeClient();
        builder.Services.AddRazorComponents().AddInteractiveServerComponents(options =>
        {
            options.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(2);
            options.DisconnectedCircuitMaxRetained = 20;
        }).AddHubOptions(hub => hub.MaximumReceiveMessageSize = LongestMessage);
        // Protected texts live no longer than a circuit: no key is written anywhere.
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddSingleton<SessionCookie>();
        builder.Services.AddSingleton<Workspace>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Workspace>());
    }

    /// <summary>The pipeline of a request: headers, files, session, pages.</summary>
    public static void UseWorkbench(this WebApplication app)
    {
        app.UseMiddleware<SecurityHeaders>();
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = CacheRules.Apply });
        app.MapHealth();
        app.UseMiddleware<SessionGate>();
        app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
        app.UseAntiforgery();
        app.MapUploadRelay();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(options =>
        {
            // The policy is set once for every answer, by SecurityHeaders.
            options.ContentSecurityFrameAncestorsPolicy = null;
        });
    }
}
