using FlowForge.AppHost.Workspace;
using Spectre.Console;

namespace FlowForge.AppHost.Output;

/// <summary>The block that says that everything is ready, and where.</summary>
internal static class Banner
{
    public static void Write(IAnsiConsole console, FlowForgeEnvironment environment, DataFolder data)
    {
        // Plain lines: a link must stay whole in narrow terminals and in files.
        var temporal = environment.TemporalIsEmbedded ? $"{environment.Temporal} (embedded)" : environment.Temporal;
        string[] lines =
        [
            "",
            "  FlowForge is ready",
            "",
            $"  Workbench   {Root(environment.Workbench!)}",
            $"  Log in      {Root(environment.Workbench!)}/login?token={data.Token().Value}",
            $"  API         {Root(environment.Runtime)}/api/v1   (OpenAPI: /openapi/v1.json)",
            $"  Temporal    {temporal}",
            $"  Data        {data.Root}",
            "",
            "  Ctrl+C stops everything.",
            ""
        ];
        foreach (var line in lines)
        {
            if (console.Profile.Capabilities.Ansi && line.Contains("FlowForge is ready", StringComparison.Ordinal))
                console.Profile.Out.Writer.WriteLine($"\e[1;32m{line}\e[0m");
            else
                console.Profile.Out.Writer.WriteLine(line);
        }
    }

    private static string Root(Uri uri) => uri.GetLeftPart(UriPartial.Authority);
}
