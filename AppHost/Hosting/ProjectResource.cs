using System.Globalization;

namespace FlowForge.AppHost.Hosting;

/// <summary>One service of the application: a project of this solution that runs as a process. Described once, then immutable to everybody else.</summary>
internal sealed class ProjectResource(string name, string assembly)
{
    private readonly List<string> arguments = [];
    private readonly Dictionary<string, string> environment = new(StringComparer.Ordinal);
    private readonly List<ProjectResource> waitsFor = [];

    /// <summary>Name in logs, errors and service discovery: <c>runtime</c>.</summary>
    public string Name { get; } = name;

    /// <summary>Absolute path of its assembly.</summary>
    public string Assembly { get; } = assembly;

    public int Port { get; private set; }

    /// <summary>Speaks HTTP/2 without negotiation (gRPC), so its health is asked that way.</summary>
    public bool Http2 { get; private set; }

    public string Authority => $"127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)}";

    public Uri Endpoint => new($"http://{Authority}");

    public IReadOnlyList<string> Arguments => arguments;

    public IReadOnlyDictionary<string, string> Environment => environment;

    public IReadOnlyList<ProjectResource> WaitsFor => waitsFor;

    public ProjectResource WithHttpEndpoint(int port)
    {
        Port = port;
        return WithEnvironment("ASPNETCORE_URLS", Endpoint.GetLeftPart(UriPartial.Authority));
    }

    public ProjectResource WithGrpcEndpoint(int port)
    {
        (Port, Http2) = (port, true);
        return this;
    }

    public ProjectResource WithArgs(params string[] values)
    {
        arguments.AddRange(values);
        return this;
    }

    public ProjectResource WithEnvironment(string variable, string value)
    {
        environment[variable] = value;
        return this;
    }

    /// <summary>Lets this service find the other by name, as Aspire's service discovery does: <c>services__runtime__http__0</c>.</summary>
    public ProjectResource WithReference(ProjectResource other) =>
        WithEnvironment($"services__{other.Name}__http__0", other.Endpoint.GetLeftPart(UriPartial.Authority));

    /// <summary>Starts only after the other one is healthy.</summary>
    public ProjectResource WaitFor(ProjectResource? other)
    {
        if (other is not null)
            waitsFor.Add(other);
        return this;
    }
}
