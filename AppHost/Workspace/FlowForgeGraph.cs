using System.Globalization;
using FlowForge.AppHost.Hosting;

namespace FlowForge.AppHost.Workspace;

/// <summary>The resource graph: what starts, in which order, on which port, with which settings.</summary>
internal sealed record FlowForgeGraph(ProjectResource? Temporal, ProjectResource Runtime, ProjectResource? Workbench, string TemporalAddress)
{
    public static FlowForgeGraph Describe(DistributedApplicationBuilder builder, DataFolder data, EnvironmentOptions options, PortPlan ports)
    {
        var temporal = options.Temporal && options.TemporalAddress is null
            ? builder.AddProject("temporal", "Temporal.DevServer").WithGrpcEndpoint(ports.Temporal).WithArgs(
                "--port", ports.Temporal.ToString(CultureInfo.InvariantCulture), "--ip", "127.0.0.1",
                "--db-filename", data.TemporalFile, "--namespace", options.TemporalNamespace)
            : null;
        var address = options.TemporalAddress ?? $"127.0.0.1:{ports.Temporal}";

        var runtime = builder.AddProject("runtime", "Api").WithHttpEndpoint(ports.Runtime).WaitFor(temporal)
            .WithEnvironment("FlowForge__DataFolder", data.Root)
            .WithEnvironment("FlowForge__TokenFile", data.TokenFile)
            .WithEnvironment("Temporal__Address", address)
            .WithEnvironment("Temporal__Namespace", options.TemporalNamespace)
            .WithEnvironment("Temporal__Embedded", options.TemporalAddress is null ? "true" : "false");
        foreach (var (index, root) in options.FileRoots.Index())
            runtime.WithEnvironment($"Files__Roots__{index}", root);

        var workbench = options.Workbench
            ? builder.AddProject("workbench", "Workbench").WithHttpEndpoint(ports.Workbench).WithReference(runtime)
                .WithEnvironment("FlowForge__TokenFile", data.TokenFile)
                .WithEnvironment("FlowForge__DataFolder", data.Root)
            : null;
        return new FlowForgeGraph(temporal, runtime, workbench, address);
    }
}
