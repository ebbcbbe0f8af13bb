namespace FlowForge.AppHost.Hosting;

/// <summary>Collects the resources of the application, in Aspire's words, and builds what runs them.</summary>
internal sealed class DistributedApplicationBuilder(ArtifactsLayout artifacts)
{
    private readonly List<ProjectResource> resources = [];

    /// <param name="name">Name in logs and errors.</param>
    /// <param name="project">The project's name as its output folder has it: <c>Temporal.DevServer</c>.</param>
    public ProjectResource AddProject(string name, string project)
    {
        var resource = new ProjectResource(name, artifacts.AssemblyOf(project));
        resources.Add(resource);
        return resource;
    }

    public DistributedApplication Build(IServiceLog log) => new([.. resources], log);
}
