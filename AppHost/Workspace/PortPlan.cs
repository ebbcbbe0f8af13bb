using FlowForge.AppHost.Hosting;

namespace FlowForge.AppHost.Workspace;

/// <summary>The ports of one environment, all on 127.0.0.1.</summary>
internal sealed record PortPlan(int Temporal, int Runtime, int Workbench)
{
    private static readonly PortPlan Usual = new(7233, 5080, 5000);

    /// <summary>Throws <see cref="AppHostException"/> naming every taken port and an offset that would do.</summary>
    public static PortPlan Choose(EnvironmentOptions options)
    {
        var wanted = Usual.Moved(options.PortOffset);
        var taken = wanted.Named(options).Where(p => !Ports.IsFree(p.Port)).ToArray();
        if (taken.Length == 0)
            return wanted;
        if (options.AnyPorts)
            return new PortPlan(FreeOr(wanted.Temporal), FreeOr(wanted.Runtime), FreeOr(wanted.Workbench));

        var message = string.Join('\n', taken.Select(p => $"Port {p.Port}, which {p.Name} needs, is taken by another program."));
        var offset = Enumerable.Range(1, 99).Select(n => n * 100)
            .First(o => o != options.PortOffset && Usual.Moved(o).Named(options).All(p => Ports.IsFree(p.Port)));
        throw new AppHostException(message, $"End that program, or move all ports: dotnet run --project AppHost -- --port-offset {offset}");
    }

    private static int FreeOr(int port) => Ports.IsFree(port) ? port : Ports.Free();

    private PortPlan Moved(int offset) => new(Temporal + offset, Runtime + offset, Workbench + offset);

    private IEnumerable<(string Name, int Port)> Named(EnvironmentOptions options)
    {
        if (options.Temporal && options.TemporalAddress is null)
            yield return ("the Temporal server", Temporal);
        yield return ("the runtime", Runtime);
        if (options.Workbench)
            yield return ("the workbench", Workbench);
    }
}
