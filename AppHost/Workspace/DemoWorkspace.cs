using FlowForge.AppHost.Hosting;
using FlowForge.Contracts;

namespace FlowForge.AppHost.Workspace;

/// <summary>The demo's pipelines: registered when a data folder is used for the first time, and never again, so that deleting them lasts.</summary>
internal static class DemoWorkspace
{
    private const string Mark = "demo";

    public static async Task RegisterAsync(DataFolder data, FlowForgeClient client, IServiceLog log, CancellationToken ct)
    {
        if (!Directory.Exists(ArtifactsLayout.Current.Demo) || !data.FirstTime(Mark))
            return;
        foreach (var file in Directory.EnumerateFiles(ArtifactsLayout.Current.Demo, "*.yaml").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            if (await client.FindPipelineAsync(name, ct) is not null)
                continue;
            try
            {
                await client.PutPipelineAsync(name, new PutPipeline(await File.ReadAllTextAsync(file, ct), PipelineTextFormat.Yaml, ArtifactsLayout.Current.Demo), ct);
                log.Notice($"Demo pipeline {name} is registered.");
            }
            catch (FlowForgeApiException e)
            {
                log.Notice($"Demo pipeline {name} could not be registered: {e.Message}", warning: true);
            }
        }
    }
}
